/*
 * A convolution forward, or the gradient of its data, over a batch, with oneDNN's primitives. The
 * order in which each output is summed does not depend on the number of threads.
 */
#ifndef AN_BACKEND_CPU_CONV_BATCH_H
#define AN_BACKEND_CPU_CONV_BATCH_H

#include "backend/cpu/onednn/team.h"

typedef struct an_conv_batch {
    an_primitive *whole; /* of the whole batch; owned. It describes the batch even if unused */
    bool by_image;       /* computed by `images` instead, each on one thread */
    an_team images;
} an_conv_batch;

/**
 * @param make  makes a primitive for some images; its first argument must be the input, its last
 *              the output
 * On failure the caller must still call an_conv_batch_free().
 */
alexnet_status an_conv_batch_new(an_conv_batch *batch, an_cpu_op *op, int n, an_primitive_make make,
                                 const void *problem);
void an_conv_batch_free(an_conv_batch *batch);

/** One of the primitives that compute the batch, for `n` images or for one; NULL if there is
 * none. */
an_primitive *an_conv_batch_primitive(const an_conv_batch *batch);

/** Tensors of a run: the primitive's arguments in order, and the bytes of one image of the first
 * and of the last. */
typedef struct an_conv_batch_data {
    const void *arg[4];
    int n_args;
    size_t in, out;
} an_conv_batch_data;

alexnet_status an_conv_batch_run(const an_conv_batch *batch, const an_cpu_op *op,
                                 const an_op_args *args, const an_conv_batch_data *data);

#endif
