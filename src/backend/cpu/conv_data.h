/*
 * The gradient of a convolution's data by oneDNN, for cpu_conv.c.
 */
#ifndef AN_BACKEND_CPU_CONV_DATA_H
#define AN_BACKEND_CPU_CONV_DATA_H

#include "backend/cpu/conv_batch.h"
#include "backend/cpu/conv_weights.h"

typedef struct an_conv_data {
    an_conv_batch batch;
    an_layout dy, dx; /* as computed, if image by image */
    an_reorder dy_in, dx_out;
    an_conv_weights weights;
} an_conv_data;

/**
 * @param op       its scratch and packed copies grow
 * @param desc     borrowed
 * @param forward  the primitive that the gradient belongs to, of the whole batch
 * @param variant  in: wanted; out: taken
 * @param dy, dx   the layouts that an_conv_data_run() gets and must write
 * On failure the caller must still call an_conv_data_free().
 */
alexnet_status an_conv_data_new(an_conv_data *data, an_cpu_op *op, const an_op_desc *desc,
                                const an_primitive *forward, an_variant *variant, an_layout dy,
                                an_layout dx);
void an_conv_data_free(an_conv_data *data);

/** Writes args->dx[0]. */
alexnet_status an_conv_data_run(const an_conv_data *data, const an_cpu_op *op,
                                const an_op_args *args, const void *dy);

#endif
