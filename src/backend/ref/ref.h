/*
 * The reference backend: every operator as plain loops in double, on the caller's thread.
 *
 * It is the definition of the operators and the judge of the other backends, so it is written to be
 * read. All tensors are AN_LAYOUT_PLAIN in AN_F64, including parameters, gradients and momentum.
 * Each prepared operator is one operator: nothing is fused.
 */
#ifndef AN_BACKEND_REF_REF_H
#define AN_BACKEND_REF_REF_H

#include "backend/backend.h"

/** What an operator computes with: its resolved descriptor and how it was prepared. */
typedef struct an_ref_run {
    an_prepared base;
    an_op_desc desc;
    bool masks, accumulate;
    size_t added_at; /* accumulate: offset in scratch of the gradients to be added */
} an_ref_run;

/** A row of the dispatch table. Descriptors are valid, so nothing here can fail. */
typedef struct an_ref_op {
    void (*forward)(const an_ref_run *run, const an_op_args *args);
    /** Computes the gradients requested in args->dx and args->dparam. NULL: nothing to compute. */
    void (*backward)(const an_ref_run *run, const an_op_args *args);
    /** Doubles of scratch that backward needs. NULL: none. */
    int64_t (*scratch)(const an_op_desc *desc);
} an_ref_op;

#define AN_OP(ID, name) extern const an_ref_op an_ref_##name;
#include "op/ops.def"
#undef AN_OP

extern const an_backend_api an_ref_api;

/** Elements of a whole batch of activations. */
static inline int64_t an_ref_count(const an_op_desc *desc, an_chw shape)
{
    return desc->n * an_chw_count(shape);
}

#endif
