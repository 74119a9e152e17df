/*
 * Reorders convert tensors between a prepared operator and its neighbours. The outer layout is the
 * one that neighbours see, the inner one is what the operator computes in. If the two
 * differ, a tensor is copied into or out of a buffer in the operator's scratch; if not, nothing
 * happens.
 */
#ifndef AN_BACKEND_CPU_ONEDNN_REORDER_H
#define AN_BACKEND_CPU_ONEDNN_REORDER_H

#include "backend/cpu/cpu.h"
#include "backend/cpu/onednn/primitive.h"

typedef struct an_reorder {
    an_primitive *primitive; /* NULL: both sides are the same */
    size_t at;               /* offset of the inner tensor in scratch */
} an_reorder;

/** The descriptor of a layout, which the caller frees; NULL if memory is short. */
an_md an_layout_md(an_layout layout);
dnnl_data_type_t an_dtype_dnnl(an_dtype dtype);
/** Set layout->kind to that of `md`, a descriptor of the same shape and dtype.
 *  @return ALEXNET_ERROR_UNSUPPORTED if no an_layout_kind matches it, or _NO_MEMORY */
alexnet_status an_layout_from_md(an_layout *layout, an_md md);

/** For incoming tensors: from the outer to the inner layout. */
alexnet_status an_reorder_in_new_md(an_reorder *reorder, an_cpu_op *op, an_md outer, an_md inner);
/** For outgoing tensors: from the inner to the outer layout. */
alexnet_status an_reorder_out_new_md(an_reorder *reorder, an_cpu_op *op, an_md inner, an_md outer);
/** The same between two layouts. */
alexnet_status an_reorder_in_new(an_reorder *reorder, an_cpu_op *op, an_layout outer,
                                 an_layout inner);
alexnet_status an_reorder_out_new(an_reorder *reorder, an_cpu_op *op, an_layout inner,
                                  an_layout outer);
void an_reorder_free(an_reorder *reorder);

/** Convert *tensor: on return it points to the inner form. */
alexnet_status an_reorder_in_run(const an_reorder *reorder, const an_cpu_op *op,
                                 const an_op_args *args, const void **tensor);
/** Where the operator writes its inner tensor. */
void *an_reorder_target(const an_reorder *reorder, const an_op_args *args, void *outer);
/** Convert what was written there to `outer`. */
alexnet_status an_reorder_out_run(const an_reorder *reorder, const an_cpu_op *op,
                                  const an_op_args *args, void *outer);

#endif
