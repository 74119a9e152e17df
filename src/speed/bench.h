/*
 * Measurement of a network's speed on random pictures in memory, for `alexnet bench`. Training runs
 * the trainer's program with the initial weights of recipe "default".
 */
#ifndef AN_SPEED_BENCH_H
#define AN_SPEED_BENCH_H

#include "model/program/program.h"

struct alexnet_bench {
    alexnet_ctx *ctx;
    alexnet_bench_mode mode;
    int batch, steps;
    alexnet_device_info device;
    an_net *net;
    an_program *program;
    int parts; /* steps of the program */
    int done;  /* measured steps; -1 before the unmeasured first one */
    int fed;   /* batches so far */
    an_loader_memory pixel_memory;
    size_t pixel_bytes;
    uint8_t *pixels;
    an_slot *slots;
    float *probabilities;
    double *whole;        /* [steps]: seconds */
    double *part_seconds; /* [steps][parts] */
    double *medians;      /* [parts], over the measured steps */
    double *sorted;       /* [steps]: `whole` of the measured ones, in ascending order */
    double median;        /* of these */
    an_step_info *part_info;
    an_peak peaks[ALEXNET_PRECISION_BF16 + 1]; /* flops is 0 where none is measured */
};

/**
 * Values in `options` are in range. Peaks are not measured yet.
 * @param tuning  used if the context has no tuning; NULL: none
 */
alexnet_status an_bench_new(alexnet_bench **out, alexnet_ctx *ctx,
                            const alexnet_bench_options *options, const char *tuning);
alexnet_status an_bench_measure_peaks(alexnet_bench *bench);
alexnet_status an_bench_step(alexnet_bench *bench, double *seconds, bool *more);
void an_bench_speed(const alexnet_bench *bench, alexnet_speed *out);
bool an_bench_layer(const alexnet_bench *bench, int index, alexnet_layer_speed *out);
void an_bench_free(alexnet_bench *bench); /* NULL allowed */

#endif
