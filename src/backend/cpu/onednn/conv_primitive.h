/*
 * oneDNN's primitives for each direction of a convolution, over the whole batch or some images.
 */
#ifndef AN_BACKEND_CPU_ONEDNN_CONV_PRIMITIVE_H
#define AN_BACKEND_CPU_ONEDNN_CONV_PRIMITIVE_H

#include "backend/cpu/cpu.h"
#include "backend/cpu/onednn/reorder.h"

/** A problem for oneDNN: forward of `n` images. Arguments: x, weights, bias, y. */
typedef struct an_conv_forward {
    an_cpu *cpu;
    const an_op_desc *desc;
    dnnl_prop_kind_t prop;
    bool relu; /* fused */
    int n;
} an_conv_forward;

/** The descriptor of the weights: canonical, or (`any`) left to oneDNN. The caller frees it; NULL
 * if memory is short. */
an_md an_conv_weights_md(const an_op_desc *desc, dnnl_data_type_t type, bool any);

/**
 * The convolution that computes dx from dy (stride 1): the same filters, flipped along
 * rows and columns, with inputs and outputs exchanged.
 * @return ALEXNET_ERROR_UNSUPPORTED if there is none
 */
alexnet_status an_conv_flip(an_op_desc *flipped, const an_op_desc *desc);
/** Compute its weights [groups][C][K][R][S] from those of `desc`, [groups][K][C][R][S]; C and K are
 * the maps of one group. */
void an_conv_flip_weights(const an_op_desc *desc, const float *weights, float *flipped);

/**
 * DIRECT uses the layouts that oneDNN prefers if an_layout_kind has them, else plain ones.
 * @param variant  in: wanted; out: taken, which is DIRECT where oneDNN has no other
 * @param x, y     in: element types, and shapes except n; out: the layouts chosen, of n images
 */
alexnet_status an_conv_forward_new(an_primitive **out, const an_conv_forward *problem,
                                   an_variant *variant, an_layout *x, an_layout *y);

/** The gradients of a convolution. */
typedef struct an_conv_backward {
    an_cpu *cpu;
    const an_op_desc *desc;
    const an_primitive *forward; /* the primitive that they belong to, of the whole batch */
    an_variant *variant;         /* in: wanted; out: taken, as above */
} an_conv_backward;

/**
 * Make the primitive for some images; an an_primitive_make whose problem is an an_conv_backward.
 * The arguments of the one for data are dy, weights, dx; of the one for weights x, dy, dweights
 * (float32), dbias. If FLIPPED, dy, weights, dx are the primitive's SRC, WEIGHTS, DST, as
 * an_conv_flip() describes them.
 */
alexnet_status an_conv_backward_data_make(const void *problem, int64_t images, an_primitive **out);
alexnet_status an_conv_backward_weights_make(const void *problem, int64_t images,
                                             an_primitive **out);

#endif
