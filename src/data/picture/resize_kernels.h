/*
 * The inner loops of resizing: rows of RGB pixels by weights of 22 fractional bits. Sums are exact,
 * so that every instruction set gives the same bytes.
 */
#ifndef AN_DATA_PICTURE_RESIZE_KERNELS_H
#define AN_DATA_PICTURE_RESIZE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* Weights have 22 fractional bits: 32, less the 8 of a pixel, less 2 to spare, so that a sum of
 * weighted pixels fits in an int32. */
enum { AN_WEIGHT_BITS = 32 - 8 - 2, AN_WEIGHT_LOW_BITS = 15 };

/**
 * The input samples that make each output sample of an axis: output i is the sum of
 * weight[i * stride + j] * input[first[i] + j] over j < count[i].
 */
typedef struct an_taps {
    int outputs, stride; /* stride: a multiple of 4; weights past count[i] are 0 */
    int *first, *count;
    int32_t *weight;
    int16_t *high, *low; /* the same as high * 2^15 + low, for 16-bit multiplications */
} an_taps;

/** Resize a row of pixels horizontally. @param length  bytes that may be read from src on */
void an_resize_row(uint8_t *dst, const uint8_t *src, size_t length, const an_taps *taps);
/**
 * Output row y as a weighted sum of input rows, `row` bytes apart; row 0 is at src.
 * @param length  bytes of a row
 */
void an_blend_rows(uint8_t *dst, const uint8_t *src, size_t row, size_t length, const an_taps *taps,
                   int y);

/** The same without vectors, for other processors and for tests. */
void an_resize_row_plain(uint8_t *dst, const uint8_t *src, const an_taps *taps);
void an_blend_rows_plain(uint8_t *dst, const uint8_t *src, size_t row, size_t length,
                         const an_taps *taps, int y);

#endif
