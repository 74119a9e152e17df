/*
 * The CPU backend: oneDNN for convolution and matrix products, native kernels for the rest.
 *
 * A prepared operator is made by the first implementation of its kind that accepts it (impls.c).
 * There are two families. cpu_conv.c and cpu_fc.c hold oneDNN primitives (onednn/); where a tuning
 * says so (tuning.ini), native kernels for bf16 compute some of their directions instead
 * (conv_pixels.c, conv_wgrad.h, fc_native.h). The others are native operators (native.h): loops
 * over the tensor in the layout of their input. The instruction set decides which native kernels
 * run (kernels/kernels.h). A tensor that a neighbour has in another layout is converted by a
 * reorder (onednn/reorder.h).
 *
 * Threads are OpenMP's, at most as many as the context has. Their number does not change any bit of
 * a result: the sums of weight gradients are grouped by an_prepare.split instead.
 */
#ifndef AN_BACKEND_CPU_CPU_H
#define AN_BACKEND_CPU_CPU_H

#include "backend/backend.h"
#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/onednn/dnnl_compat.h"

/** Variants: ways to compute a convolution or a fully connected layer. */
typedef enum an_cpu_variant {
    AN_CPU_DIRECT,        /* in the layouts that oneDNN prefers */
    AN_CPU_CHANNELS_LAST, /* activations as N H W C */
    AN_CPU_BLOCKED,       /* as N C/b H W b, a block being a vector of channels; pixels plain */
    AN_CPU_WINOGRAD,      /* 3x3 filters with fewer multiplications and more rounding */
    AN_CPU_FLIPPED,       /* gradients of data by a forward convolution with flipped filters */
    AN_CPU_PADDED, /* a first layer, from a copy of the pixels that includes the padding; a variant
                      of forward, which then holds for the gradients too */
    AN_CPU_NATIVE, /* by native kernels, in bf16: fully connected layers, the gradients of a
                      convolution's weights, and a first layer, of pixels, in all directions if
                      forward is native */
    AN_CPU_VARIANTS
} an_cpu_variant;

typedef struct an_cpu {
    an_backend base;
    dnnl_engine_t engine;
    const an_cpu_kernels *kernels; /* of the highest instruction set allowed */
    int lanes;                     /* channels of a block in blocked layouts */
    an_dtype activation; /* element type that conv, fc and augment write: AN_F32 or AN_BF16 */
    an_backend *ref;     /* for operators that no other implementation accepts */
} an_cpu;

typedef struct an_cpu_op an_cpu_op;

/** The implementation of the table's op_ functions for an operator. pack may be NULL. */
typedef struct an_cpu_methods {
    alexnet_status (*pack)(an_cpu_op *op, const an_op_args *args);
    alexnet_status (*forward)(an_cpu_op *op, const an_op_args *args);
    alexnet_status (*backward)(an_cpu_op *op, const an_op_args *args);
    /** Frees the operator and what it holds. It may be only partly made. */
    void (*free)(an_cpu_op *op);
} an_cpu_methods;

/** A prepared operator; its implementation's own struct begins with it. */
struct an_cpu_op {
    an_prepared base; /* scratch grows by an_cpu_take() */
    const an_cpu_methods *methods;
    an_cpu *cpu; /* borrowed */
    int split;
    int n_added; /* gradients that backward adds to dparam: elements of each, and the offset in
                    scratch where each is computed first */
    int64_t added[AN_MAX_PARAMS];
    size_t added_at[AN_MAX_PARAMS];
    size_t shared; /* scratch that primitives use in turn: bytes, offset */
    size_t shared_at;
    char impl[160];    /* which kernels compute it: an_cpu_name_impl() */
    char packing[96];  /* "": nothing is packed; "?": the form has no name */
    char refused[256]; /* implementations that refused it, and why: "a: reason; b: reason" */
};

/** A way to compute an operator. */
typedef struct an_cpu_impl {
    const char *name; /* NULL: there is none */
    /** @return ALEXNET_ERROR_UNSUPPORTED with the reason: the next implementation is tried */
    alexnet_status (*prepare)(an_cpu *cpu, const an_prepare *prepare, an_cpu_op **out);
} an_cpu_impl;

extern const an_backend_api an_cpu_api;

enum { AN_CPU_IMPLS = 4 };
/** The implementations of each operator, best first; an_cpu_fallback_prepare() comes after the
 * last. */
extern const an_cpu_impl an_cpu_impls[AN_OP_COUNT][AN_CPU_IMPLS];

/** Like op_prepare(), but with the implementation of this name (NULL: the first that accepts). */
alexnet_status an_cpu_prepare(an_backend *backend, const an_prepare *prepare, const char *impl,
                              an_prepared **out);
/** Why better implementations refused; "" if there were none. */
const char *an_cpu_refused(const an_prepared *op);

alexnet_status an_cpu_conv_prepare(an_cpu *cpu, const an_prepare *prepare, an_cpu_op **out);
/** A convolution of pixels by native kernels, where a tuning says so. */
alexnet_status an_cpu_pixels_prepare(an_cpu *cpu, const an_prepare *prepare, an_cpu_op **out);
alexnet_status an_cpu_fc_prepare(an_cpu *cpu, const an_prepare *prepare, an_cpu_op **out);
alexnet_status an_cpu_augment_prepare(an_cpu *cpu, const an_prepare *prepare, an_cpu_op **out);
alexnet_status an_cpu_neuron_prepare(an_cpu *cpu, const an_prepare *prepare, an_cpu_op **out);
alexnet_status an_cpu_pool_prepare(an_cpu *cpu, const an_prepare *prepare, an_cpu_op **out);
/** A ReLU with the max pooling that follows it. */
alexnet_status an_cpu_relu_pool_prepare(an_cpu *cpu, const an_prepare *prepare, an_cpu_op **out);
alexnet_status an_cpu_lrn_prepare(an_cpu *cpu, const an_prepare *prepare, an_cpu_op **out);
alexnet_status an_cpu_lrn_within_prepare(an_cpu *cpu, const an_prepare *prepare, an_cpu_op **out);
alexnet_status an_cpu_dropout_prepare(an_cpu *cpu, const an_prepare *prepare, an_cpu_op **out);
alexnet_status an_cpu_concat_prepare(an_cpu *cpu, const an_prepare *prepare, an_cpu_op **out);
alexnet_status an_cpu_eltsum_prepare(an_cpu *cpu, const an_prepare *prepare, an_cpu_op **out);
alexnet_status an_cpu_softmax_prepare(an_cpu *cpu, const an_prepare *prepare, an_cpu_op **out);
alexnet_status an_cpu_fallback_prepare(an_cpu *cpu, const an_prepare *prepare, an_cpu_op **out);

alexnet_status an_cpu_update(an_backend *backend, an_update *update, const an_step_state *state,
                             const an_rates *rates);
alexnet_status an_cpu_norms(an_backend *backend, const an_span *spans, int count, an_norm *out);

alexnet_status an_cpu_peak(an_backend *backend, alexnet_precision precision, an_peak *out);

/** Set op->impl to the name of what computes forward and, where it differs, of what computes the
 * gradients of the data and of the weights: "onednn jit:avx2, dx onednn brgemm:avx2".
 * @param dx, dw  NULL: not computed */
void an_cpu_name_impl(an_cpu_op *op, const char *forward, const char *dx, const char *dw);

/** Reserve `bytes` of an operator's scratch; returns their offset, a multiple of AN_ALIGN. */
size_t an_cpu_take(an_cpu_op *op, size_t bytes);
/** Reserve scratch for a primitive that never runs at the same time as another of the operator. */
void an_cpu_share(an_cpu_op *op, size_t bytes);

/** Record the form of a tensor in `packed`. "" is a form without a name: the packed copy of this
 * operator is then not shared. */
void an_cpu_pack_as(an_cpu_op *op, const char *form);

static inline void *an_cpu_shared(const an_cpu_op *op, const an_op_args *args)
{
    return (char *)args->scratch + op->shared_at;
}

/** Whether operator `at` of the run is a ReLU that max pooling computes (cpu_pool.c). */
bool an_cpu_pools_relu(const an_prepare *prepare, int at);
/** Whether a ReLU follows the first operator, which then computes it too. */
bool an_cpu_relu_follows(const an_prepare *prepare);
/** max(0, y) in place; NaN stays NaN. */
void an_cpu_relu(const an_cpu *cpu, an_layout layout, void *y);
/** out = dy where y > 0, else 0. */
void an_cpu_relu_mask(const an_cpu *cpu, an_layout layout, const void *y, const void *dy,
                      void *out);

#endif
