/*
 * Which input samples make each output sample of a resized axis, and their weights: those of
 * Pillow's antialiased bilinear filter, in fixed point.
 */
#ifndef AN_DATA_PICTURE_TAPS_H
#define AN_DATA_PICTURE_TAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "data/picture/picture.h"

/* Weights have 22 fractional bits: 32, less the 8 of a pixel, less 2 to spare, so that a sum of
 * weighted pixels fits in an int32. */
enum { AN_WEIGHT_BITS = 32 - 8 - 2, AN_WEIGHT_LOW_BITS = 15 };

/** Output i is the sum of weight[i * stride + j] * input[first[i] + j] over j < count[i]. */
typedef struct an_taps {
    int outputs, stride; /* stride: a multiple of 4; weights past count[i] are 0 */
    int *first, *count;
    int32_t *weight;
    int16_t *high, *low; /* the same as high * 2^15 + low, for 16-bit multiplications */
    bool copies;         /* every output is the one sample that it counts */
} an_taps;

/**
 * The taps of an axis; samples count from the first of its input. From one output to the next,
 * their ends never decrease, and none begins after the end of the one before.
 * @param backwards  input and output both run from the other end
 * @return ALEXNET_ERROR_NO_MEMORY
 */
alexnet_status an_taps_make(an_taps *taps, const an_axis *axis, bool backwards);
void an_taps_free(an_taps *taps);

#endif
