/*
 * The inner loops of resizing: rows of RGB pixels by weights of 22 fractional bits. Sums are exact,
 * so that every instruction set gives the same bytes.
 */
#ifndef AN_DATA_PICTURE_RESIZE_KERNELS_H
#define AN_DATA_PICTURE_RESIZE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "data/picture/taps.h"

/** Resize a row of pixels horizontally. @param length  bytes that may be read from src on */
void an_resize_row(uint8_t *dst, const uint8_t *src, size_t length, const an_taps *taps);
/**
 * Output row y as a weighted sum of input rows, `row` bytes apart.
 * @param src  the first of these rows, taps->first[y]
 * @param length  bytes of a row
 */
void an_blend_rows(uint8_t *dst, const uint8_t *src, size_t row, size_t length, const an_taps *taps,
                   int y);

/** The same without vectors, for other processors and for tests. */
void an_resize_row_plain(uint8_t *dst, const uint8_t *src, const an_taps *taps);
void an_blend_rows_plain(uint8_t *dst, const uint8_t *src, size_t row, size_t length,
                         const an_taps *taps, int y);

#endif
