/*
 * A prepared operator computed by our own kernels, private to own*.c: its layouts and memory
 * (own.c), and the arithmetic of each kind (own_kinds.c).
 */
#ifndef AN_BACKEND_CUDA_OWN_H
#define AN_BACKEND_CUDA_OWN_H

#include "backend/cuda/cuda.h"

typedef struct an_cuda_own an_cuda_own;

/** The arithmetic. Tensors of args are in the inner layouts. Functions return a launch's error. */
typedef struct an_cuda_own_kind {
    const char *impl;
    bool needs_x, needs_y; /* whether backward reads them */
    int (*forward)(const an_cuda_own *o, const an_op_args *args);
    int (*backward)(const an_cuda_own *o, const an_op_args *args); /* NULL: nothing to compute */
} an_cuda_own_kind;

struct an_cuda_own {
    an_cuda_op op;
    const an_cuda_own_kind *kind;
    an_op_desc desc; /* of the operator itself, not of a ReLU fused before it */
    bool relu;       /* max pooling: fused with the ReLU before it */
    bool turns; /* dropout: from N H W C to the rows that the next fully connected layer reads */
    bool masks;
    an_layout x[AN_MAX_INPUTS], y;
    an_cuda_reorder x_in[AN_MAX_INPUTS], dx_out[AN_MAX_INPUTS], y_in, y_out, dy_in;
    size_t work_at;  /* in scratch */
    size_t saved_at; /* in saved */
    bool blocked;    /* augment: writes blocks for the convolution that reads them */
    an_cuda_blocks blocks;
    bool saves;
};

/** @return NULL for operators that own kernels do not compute */
const an_cuda_own_kind *an_cuda_own_kind_of(const an_cuda_own *o);

#endif
