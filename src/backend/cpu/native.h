/*
 * Native operators: everything but convolution and matrix products. Each computes in one layout
 * (usually that of its input); the code here converts its tensors to and from that layout.
 */
#ifndef AN_BACKEND_CPU_NATIVE_H
#define AN_BACKEND_CPU_NATIVE_H

#include "backend/cpu/onednn/reorder.h"

typedef struct an_native an_native;

/** The arithmetic of an operator. The tensors in args have the inner layouts; in backward, dx[i]
 * may be NULL. */
typedef struct an_native_kind {
    const char *kernel;    /* of kernels.def, for reports; NULL: plain loops */
    bool needs_x, needs_y; /* whether backward reads them */
    void (*forward)(an_native *native, const an_op_args *args);
    void (*backward)(an_native *native, const an_op_args *args); /* NULL: nothing to compute */
} an_native_kind;

struct an_native {
    an_cpu_op op;
    const an_native_kind *kind;
    an_op_desc desc;
    bool masks;
    an_layout x[AN_MAX_INPUTS], y; /* inner layouts */
    an_lrn_shape lrn;              /* both kinds of LRN */
    size_t work, work_each;        /* scratch of the kernels: offset, bytes for each thread */
    an_reorder x_in[AN_MAX_INPUTS], dx_out[AN_MAX_INPUTS], y_in, y_out, dy_in;
};

/**
 * Make a native operator, an an_native, with its reorders.
 * @param x  inner layouts of the inputs
 * @param y  inner layout of the output; the outer one is the same, or plain if plain_out was set
 */
alexnet_status an_native_new(an_cpu_op **out, an_cpu *cpu, const an_prepare *prepare,
                             const an_native_kind *kind, const an_layout *x, an_layout y);
/** The layout of input 0 with the shape of the operator's output. */
an_layout an_native_like_input(const an_prepare *prepare);
/** Reserve scratch for each thread of the context. */
void an_native_work(an_native *native, size_t bytes_each);
/** This thread's share of it. */
void *an_native_mine(const an_native *native, const an_op_args *args);

/** A tensor as planes of pixels of lanes: element (n, plane, pixel, lane), lane fastest.
 *  PLAIN: one lane, a plane per channel. NHWC: one plane, a lane per channel. */
typedef struct an_lanes {
    int planes, lanes;
} an_lanes;

an_lanes an_layout_lanes(an_layout layout);
/** Elements in memory, padding channels included. */
int64_t an_layout_count(an_layout layout);
/** Zero the padding channels of C8 and C16. */
void an_layout_clear_padding(an_layout layout, void *tensor);

#endif
