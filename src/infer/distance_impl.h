/*
 * What the parts of a distance share (distance.h).
 */
#ifndef AN_INFER_DISTANCE_IMPL_H
#define AN_INFER_DISTANCE_IMPL_H

#include "infer/distance.h"

/* ---- distance_program.c ---- */

/**
 * The network's program for pictures of a size, which is kept for the next of that size. Owned by
 * the distance, and valid until the next call.
 * @param gradients  0, or AN_OF_INPUT
 */
alexnet_status an_distance_program(an_program **out, an_distance *distance, int rows, int columns,
                                   int gradients);
/** Free all of them. */
void an_distance_free_programs(an_distance *distance);

/* ---- distance_picture.c ---- */

/** Convert a gradient of the network's scaled channels to one of grey levels of R, G, B. */
void an_distance_to_levels(const an_distance *distance, float *gradient, int64_t plane);
/** Check what the model computes: damaged weights give no numbers. */
alexnet_status an_distance_check_numbers(const float *values, int64_t count, const char *what);

/* ---- distance_layer.c ---- */

/** The features of a layer of two pictures, [channels][positions] each, and their norms. */
typedef struct an_distance_layer {
    int channels;
    int64_t positions;
    const float *weights, *a, *b;
    const double *norms_a, *norms_b; /* [positions] */
} an_distance_layer;

/** The norms of the channels at each position. */
void an_distance_norms(double *norms, const float *features, int channels, int64_t positions);

/** Its part of the distance. */
double an_distance_sum(const an_distance_layer *layer);
/** The gradient of that with respect to `a`. It is zero at positions where all features of `a` are
 *  zero, because their ReLU passes no gradient. */
void an_distance_gradient(const an_distance_layer *layer, float *gradient);

#endif
