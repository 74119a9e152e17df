/*
 * Which variants of its operators compute a network fastest on this machine: a few whole networks,
 * each with other variants, measured by a bench; then one of the fastest for each layer. What
 * deviates from `ref` by more than rounding may (backend/parity/parity.h) is not taken.
 *
 * In the first trial everything is direct, in the second what is built in, which is what others
 * must beat. Each is measured twice, and the less counts. For each other variant follow a trial
 * with all directions in it, compared with ref, and for training one for each direction alone. The
 * last has, layer by layer, the fastest of the trials with one direction. Which trial was the
 * fastest as a whole is the result: layers share layouts, so that the best of each need not be the
 * best of all.
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
