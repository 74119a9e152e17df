/*
 * The products of a fully connected layer by native kernels (fc_products.h), for cpu_fc.c. No sum
 * depends on the number of threads. Scratch holds nothing of value between calls.
 */
#ifndef AN_BACKEND_CPU_FC_NATIVE_H
#define AN_BACKEND_CPU_FC_NATIVE_H

#include "backend/cpu/cpu.h"

typedef struct an_fc_native {
    const an_cpu_kernels *kernels;
    int images, lanes;
    int64_t inputs, outputs;
    int threads; /* the most that may run it */
} an_fc_native;

/**
 * @return ALEXNET_ERROR_UNSUPPORTED if the processor has no bf16, the number of inputs is not a
 *         multiple of AN_FC_PANEL, or there is a single image
 */
alexnet_status an_fc_native_new(an_fc_native *native, const an_cpu_op *op, const an_op_desc *desc);
/** Bytes of scratch of a direction, to be aligned to AN_ALIGN. */
size_t an_fc_native_scratch(const an_fc_native *native, an_direction direction);

/** y[N,K] = x[N,I] w[K,I]' + bias[K], followed by a ReLU if wanted. */
typedef struct an_fc_forward {
    const uint16_t *x, *w;
    const float *bias;
    void *y; /* bfloat16, or float32 if wide */
    bool relu, wide;
} an_fc_forward;

/** Each function runs on at most `threads` threads of OpenMP, and overwrites its result. */
void an_fc_native_forward(const an_fc_native *native, const an_fc_forward *run, void *scratch);
/** dx[N,I] = dy[N,K] w[K,I], all bfloat16. */
void an_fc_native_data(const an_fc_native *native, const uint16_t *dy, const uint16_t *w,
                       uint16_t *dx, void *scratch);
/** dw[K,I] = dy[N,K]' x[N,I], from bfloat16 to float32. */
void an_fc_native_weights(const an_fc_native *native, const uint16_t *dy, const uint16_t *x,
                          float *dw, void *scratch);

#endif
