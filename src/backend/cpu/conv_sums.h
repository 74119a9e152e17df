/*
 * The gradients of a convolution's weights by oneDNN, for cpu_conv.c. Their bits depend on
 * `split`, but not on the number of threads.
 *
 * A oneDNN primitive for several threads may give each thread a part of the images and add up their
 * sums. It chooses the number of parts itself, and each part needs a copy of the gradients in
 * scratch. A primitive whose scratch has no room for even one copy therefore adds up all images in
 * one sum, whatever its number of threads. If a primitive made for `split` threads does so, the
 * whole batch is computed in one sum. If not, the batch is cut into `split` parts here, each
 * summed by one thread, and the sums are added in order.
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
    size_t sums, each;  /* scratch: offset, bytes of a worker's sums */
    size_t dw, outputs; /* floats of dweights and of dbias within them */
    an_reorder x_in, dy_in, dw_out;
} an_conv_sums;

/**
 * @param op       its split counts, and its scratch grows
 * @param forward  the primitive that the gradients belong to, of the whole batch
 * @param variant  in: wanted; out: taken
 * @param x, dy    the layouts that an_conv_sums_run() gets
 * On failure the caller must still call an_conv_sums_free().
 */
alexnet_status an_conv_sums_new(an_conv_sums *sums, an_cpu_op *op, const an_op_desc *desc,
                                const an_primitive *forward, an_variant *variant, an_layout x,
                                an_layout dy);
/** @param dw, dbias  out; dbias may be in scratch, but not in the part that `sums` has reserved */
alexnet_status an_conv_sums_run(const an_conv_sums *sums, const an_cpu_op *op,
                                const an_op_args *args, const void *x, const void *dy, float *dw,
                                float *dbias);
void an_conv_sums_free(an_conv_sums *sums);

#endif
