/*
 * The gradients of a convolution's weights by oneDNN, for cpu_conv.c: an implementation of one
 * direction whose bits depend on `split` and on no number of threads.
 *
 * oneDNN's primitives for several threads may give each a part of the images and add up what they
 * found, and the number of such parts is theirs to choose; each needs a copy of the gradients in
 * scratch. A primitive made for `split` threads that has no room for even one copy adds up the
 * images in one sum, as any other number of threads does whose primitive has no room either. Where
 * there is room, the batch is cut into `split` parts here, each with a sum of its own by one
 * thread, and these are added in order.
 */
#ifndef AN_BACKEND_CPU_CONV_SUMS_H
#define AN_BACKEND_CPU_CONV_SUMS_H

#include "backend/cpu/onednn/conv_primitive.h"
#include "backend/cpu/onednn/team.h"

typedef struct an_conv_sums {
    an_primitive *whole; /* of the whole batch; NULL: parts */
    int threads;         /* that `whole` was made for */
    an_team parts;
    size_t x, dy;       /* bytes of an image */
    int images;         /* of a large part; a small one has one less */
    size_t sums, each;  /* scratch: offset, bytes of a worker's sums */
    size_t dw, outputs; /* floats of both gradients within them */
    an_reorder x_in, dy_in, dw_out;
} an_conv_sums;

/**
 * @param op       its split counts; scratch is booked
 * @param forward  the primitive that the gradients belong to, of the whole batch
 * @param variant  in: wanted; out: taken
 * @param x, y     descriptors of the tensors as they come
 * On failure an_conv_sums_free() is still the caller's to call.
 */
alexnet_status an_conv_sums_new(an_conv_sums *sums, an_cpu_op *op, const an_op_desc *desc,
                                const an_primitive *forward, an_variant *variant, an_md x, an_md y);
/** @param dw, dbias  out; scratch must not hold dbias where `sums` has its own */
alexnet_status an_conv_sums_run(const an_conv_sums *sums, const an_cpu_op *op,
                                const an_op_args *args, const void *x, const void *dy, float *dw,
                                float *dbias);
void an_conv_sums_free(an_conv_sums *sums);

#endif
