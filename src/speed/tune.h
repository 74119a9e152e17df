/*
 * A search for the variants of its operators that compute a network fastest on this machine. Each
 * trial measures the whole network with a bench. Variants that deviate from `ref` by more than
 * rounding can explain (backend/parity/parity.h) are not used.
 *
 * The first trial computes everything with the variant direct, the second follows the built-in
 * tuning, which the others must beat. Each trial is measured twice, and the lower time counts.
 * Then, for each other variant, there is a trial with it in all directions, compared with ref, and
 * for training one more with it in each direction alone. The last trial uses for each layer the
 * fastest variants found by the trials with one direction. The result is the trial that was fastest
 * as a whole: layers share layouts, so the best choice for each need not be the best for all.
 */
#ifndef AN_SPEED_TUNE_H
#define AN_SPEED_TUNE_H

#include "speed/bench.h"

/** Values in `options` are in range; options->net is copied. */
alexnet_status an_tuner_new(alexnet_tuner **out, alexnet_ctx *ctx,
                            const alexnet_bench_options *options);
alexnet_status an_tuner_step(alexnet_tuner *tuner, double *fraction, bool *more);
void an_tuner_result(const alexnet_tuner *tuner, double *seconds, double *built_in);
bool an_tuner_choice(const alexnet_tuner *tuner, int index, alexnet_choice *out);
alexnet_status an_tuner_save(const alexnet_tuner *tuner, const char *path);
void an_tuner_free(alexnet_tuner *tuner); /* NULL allowed */

#endif
