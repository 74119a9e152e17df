/*
 * Measurement of the loader, for `alexnet bench --mode loader`: rounds over the same pictures of a
 * data set, each by the loader first and then, for those that are JPEGs, by libjpeg-turbo alone.
 */
#ifndef AN_SPEED_LOADER_BENCH_H
#define AN_SPEED_LOADER_BENCH_H

#include "speed/jpeg_alone.h"
#include "train/draws.h"

struct alexnet_loader_bench {
    alexnet_ctx *ctx;
    alexnet_network *network;
    alexnet_recipe *recipe;
    alexnet_dataset *data;
    an_draws draws;
    an_loader *loader;
    int batch, rounds;
    int done; /* measured rounds; -1 before the unmeasured first one */
    int64_t count;
    uint32_t *order; /* [count], the same in every round */
    int64_t bad;     /* pictures of a round that cannot be read */
    an_jpeg_file *jpegs;
    int64_t n_jpegs;
    double bytes;     /* total size of a round's files; 0 for pixels */
    double *seconds;  /* [rounds], of the loader */
    double *decoding; /* [rounds], of libjpeg-turbo alone */
    double *work[2];  /* [rounds], processor seconds of the loader and of libjpeg-turbo alone */
};

/** Values in `options` are in range, and `net` is given. */
alexnet_status an_loader_bench_new(alexnet_loader_bench **out, alexnet_ctx *ctx,
                                   const alexnet_dataset *data,
                                   const alexnet_loader_bench_options *options);
alexnet_status an_loader_bench_step(alexnet_loader_bench *bench, bool *more);
void an_loader_bench_speed(const alexnet_loader_bench *bench, alexnet_loader_speed *out);
void an_loader_bench_free(alexnet_loader_bench *bench); /* NULL allowed */

#endif
