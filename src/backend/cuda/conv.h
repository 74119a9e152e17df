/*
 * A prepared convolution, private to conv*.c, in which each file uses only those below it:
 *
 *     conv_blocks.c  whether it takes its input in blocks, and computes two columns at a time
 *     conv.c         the convolution as cuDNN computes it, in all directions
 *     conv_tail.c    its tail: the operators after it that are fused with it
 *     conv_pairs.c   two columns at a time
 *     conv_form.c    the form of its operands
 */
#ifndef AN_BACKEND_CUDA_CONV_H
#define AN_BACKEND_CUDA_CONV_H

#include "backend/cuda/conv_plan.h"

/** The tail: which operators are fused, and where their tensors are. */
typedef struct an_cuda_conv_tail_run {
    bool by_engine;            /* cuDNN adds the bias, and computes the ReLU if `relu` */
    bool relu;                 /* fused, but not with the pooling */
    bool lrn;                  /* fused; only in training, or with pairs of columns */
    bool pool;                 /* fused, with the ReLU before it if there is one; like `lrn` */
    bool in_parts;             /* reads the output of the convolution, and writes its gradient, in
                                  parts as the convolution computes them */
    an_layout y;               /* of the convolution itself, inner; pairs of columns may add one */
    an_layout out;             /* of the last fused operator, inner */
    an_cuda_lrn_run lrn_run;   /* `lrn`: all but the tensors */
    an_cuda_pool_run pool_run; /* `pool`: all but the tensors */
    an_cuda_reorder y_out, y_in, dy_in; /* of `out`; y_in: only with `relu` */
    size_t y_at;      /* what the LRN reads, in saved if `saves`, or the pooling, in scratch */
    bool saves;       /* for the backward pass: y of the LRN, places of the pooling */
    size_t places_at; /* in saved */
    size_t lrn_at;    /* in scratch */
    size_t masked_at; /* in scratch: the gradient of the convolution's output */
    size_t bias_at;   /* in scratch: partial sums */
} an_cuda_conv_tail_run;

typedef struct an_cuda_conv {
    an_cuda_op op;
    an_op_desc desc;
    bool blocked;             /* x is copied to blocks (kernels/blocks.h) */
    bool given;               /* blocked: x is such a copy already, made by augment */
    bool pairs;               /* given: two columns are computed at a time (conv_pairs.c) */
    int parts;                /* groups computed one by one; 1: all at once */
    an_cuda_conv_shape shape; /* of a part */
    an_cuda_blocks x_blocks, w_blocks;
    an_layout x; /* inner, unless blocked */
    an_cuda_reorder x_in, dx_out;
    an_cuda_conv_plan *plans[AN_DIRECTIONS];
    bool x_saved; /* the copy of x is kept for backward */
    size_t x_at,
        dx_at;   /* blocked or in parts: offsets in scratch; with x_saved, x_at is in saved */
    size_t y_at; /* if y is copied between parts and a whole tensor: offset in scratch of the parts
                    of y and of its gradient */
    size_t dw_at, work_at;
    an_cuda_conv_tail_run tail;
    size_t bias_packed; /* offset in the packed copy */
    char packing[80];
} an_cuda_conv;

/* ---- conv_form.c ----------------------------------------------------------------------------- */

/** Choose the channels, stride and sizes that cuDNN sees, from desc and op.cuda. */
void an_cuda_conv_choose_form(an_cuda_conv *c);
/** Bytes of a part of x, of y and of the weights. */
size_t an_cuda_conv_x_bytes(const an_cuda_conv *c);
size_t an_cuda_conv_y_bytes(const an_cuda_conv *c);
size_t an_cuda_conv_w_bytes(const an_cuda_conv *c);

/* ---- conv_pairs.c ---------------------------------------------------------------------------- */

/** Change the form to pairs of columns. */
void an_cuda_conv_pair_columns(an_cuda_conv *c);
/** Output columns computed at a time, each with a copy of the filters. */
static inline int an_cuda_conv_columns(const an_cuda_conv *c)
{
    return c->pairs ? 2 : 1;
}
/** The blocks of one of these copies. @param at  out: where it begins, in bytes */
an_cuda_blocks an_cuda_conv_filters(const an_cuda_conv *c, int column, size_t *at);
/** Tell the update where the second copies are: sets `twin` in an_prepared.copied. */
void an_cuda_conv_pair_copies(an_cuda_conv *c);

/* ---- conv_tail.c ----------------------------------------------------------------------------- */

/** Fuse what can be fused, once the form is known: fills in `tail`, and `taken` and `out` of
 * an_prepared. */
void an_cuda_conv_tail_fuse(an_cuda_conv *c, const an_prepare *prepare);
void an_cuda_conv_tail_book(an_cuda_conv *c, const an_prepare *prepare);
/** an_prepared.tail */
const char *an_cuda_conv_tail_name(const an_cuda_conv *c);
/** Where forward must write the output of the convolution. */
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
