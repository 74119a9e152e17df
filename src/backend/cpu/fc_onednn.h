/*
 * The products of a fully connected layer by oneDNN, for cpu_fc.c. No sum depends on the number of
 * threads.
 *
 * A team computes a product in blocks of its columns or rows. In bf16 oneDNN computes a gradient
 * as a whole if its sums do not depend on the number of threads either; with AMX that is faster.
 */
#ifndef AN_BACKEND_CPU_FC_ONEDNN_H
#define AN_BACKEND_CPU_FC_ONEDNN_H

#include "backend/cpu/onednn/team.h"

/** A layer of N images, I inputs and K outputs. */
typedef struct an_fc_problem {
    int64_t n, inputs, outputs;
    an_dtype in, out; /* out: of forward's result; float32 for dw; else `in` */
    bool relu;        /* of forward: fused */
} an_fc_problem;

typedef struct an_fc_onednn {
    an_direction direction;
    an_fc_problem problem;
    dnnl_engine_t engine;
    int block;           /* outputs or, for dx, inputs of a unit */
    an_primitive *whole; /* the whole product at once; NULL: by blocks */
    int threads;         /* that compute it */
    an_team blocks;
} an_fc_onednn;

/** @param op  its scratch grows
 *  On failure the caller must still call an_fc_onednn_free(). */
alexnet_status an_fc_onednn_new(an_fc_onednn *p, an_cpu_op *op, const an_fc_problem *problem,
                                an_direction direction);
void an_fc_onednn_free(an_fc_onednn *p);
/** One of the primitives that compute it; NULL if it was not made. */
an_primitive *an_fc_onednn_primitive(const an_fc_onednn *p);

/** Operands of a run, by direction:
 *
 *     y[N,K] = a[N,I] b[K,I]' + bias[K]     dx[N,I] = a[N,K] b[K,I]     dw[K,I] = a[N,K]' b[N,I]
 */
typedef struct an_fc_operands {
    const void *a, *b, *bias;
    void *product;
} an_fc_operands;

alexnet_status an_fc_onednn_run(const an_fc_onednn *p, const an_cpu_op *op, const an_op_args *args,
                                const an_fc_operands *operands);

#endif
