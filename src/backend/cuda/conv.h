/*
 * A prepared convolution, for conv*.c alone: the convolution as cuDNN computes it, in all
 * directions (conv.c), the form of its operands (conv_form.c), and what it takes along from behind
 * it (conv_tail.c).
 */
#ifndef AN_BACKEND_CUDA_CONV_H
#define AN_BACKEND_CUDA_CONV_H

#include "backend/cuda/conv_plan.h"

/** What follows the convolution, and where it keeps its tensors. */
typedef struct an_cuda_conv_tail_run {
    bool by_engine;         /* cuDNN adds the bias, and computes the ReLU if `relu` */
    bool relu;              /* taken, and not by the pooling */
    bool norm;              /* taken; only in training */
    bool pool;              /* taken, with the ReLU before it if there is one; only in training */
    an_layout y;            /* of the convolution itself, inner */
    an_layout out;          /* of the last operator that is taken, inner */
    an_cuda_lrn_run lrn;    /* norm: all but the tensors */
    an_cuda_pool_run pools; /* pool: all but the tensors */
    an_cuda_reorder y_out, y_in, dy_in; /* of `out`; y_in: relu */
    size_t y_at;              /* what the norm or the pooling reads: saved; pool: in scratch */
    size_t places_at, lrn_at; /* saved; in scratch */
    size_t masked_at,
        bias_at; /* in scratch: the gradient of the convolution's output; partial sums */
} an_cuda_conv_tail_run;

typedef struct an_cuda_conv {
    an_cuda_op op;
    an_op_desc desc;
    bool blocked;             /* x goes through a copy */
    bool given;               /* blocked: augment has made that copy already */
    int parts;                /* groups that are computed one by one; 1: all at once */
    an_cuda_conv_shape shape; /* of a part */
    an_cuda_blocks x_blocks, w_blocks;
    an_layout x; /* inner, if it is not blocked */
    an_cuda_reorder x_in, dx_out;
    an_cuda_conv_plan *plans[AN_DIRECTIONS];
    bool x_saved;       /* the copy of x is kept for backward */
    size_t x_at, dx_at; /* blocked or in parts: offsets in scratch, or in what is saved */
    size_t y_at;        /* in parts: of y, and of its gradient */
    size_t dw_at, work_at;
    an_cuda_conv_tail_run tail;
    size_t bias_packed; /* offset in the packed copy */
    char packing[80];
} an_cuda_conv;

/* ---- conv_form.c ----------------------------------------------------------------------------- */

/** Choose channels, strides and sizes as cuDNN sees them, from desc and op.cuda. */
void an_cuda_conv_choose_form(an_cuda_conv *c);
/** Bytes of a part of x, of y and of the weights. */
size_t an_cuda_conv_x_bytes(const an_cuda_conv *c);
size_t an_cuda_conv_y_bytes(const an_cuda_conv *c);
size_t an_cuda_conv_w_bytes(const an_cuda_conv *c);

/* ---- conv_tail.c ----------------------------------------------------------------------------- */

/** Take along what can be, once the form is known: fills in `tail`, and in an_prepared `taken` and
 * `out`. */
void an_cuda_conv_tail_take(an_cuda_conv *c, const an_prepare *prepare);
void an_cuda_conv_tail_book(an_cuda_conv *c, const an_prepare *prepare);
/** Where forward is to write the output of the convolution. */
void *an_cuda_conv_tail_target(const an_cuda_conv *c, const an_op_args *args);
alexnet_status an_cuda_conv_tail_forward(const an_cuda_conv *c, const an_op_args *args);
/** Compute the gradient of the bias; *dy becomes the gradient of the convolution's output. */
alexnet_status an_cuda_conv_tail_backward(const an_cuda_conv *c, const an_op_args *args,
                                          const void **dy);

static inline alexnet_status an_cuda_conv_check(const an_cuda_conv *c, int error, const char *what)
{
    return an_cuda_check(c->op.cuda, error, what);
}

#endif
