/*
 * Rotation about the centre, bit-exact with Pillow's Image.rotate(degrees, Image.BILINEAR): the
 * four pixels nearest to each place, weighted in double precision, the result truncated.
 */
#ifndef AN_DATA_PICTURE_ROTATE_H
#define AN_DATA_PICTURE_ROTATE_H

#include <stddef.h>
#include <stdint.h>

/**
 * Rotate a square of RGB pixels and keep the middle of the result. A place outside the square has
 * the colour of the nearest pixel; Pillow makes it black.
 * @param dst      [to][to][3], rows dst_row bytes apart; to <= from, from - to even
 * @param src      [from][from][3]
 * @param degrees  counterclockwise
 */
void an_rotate(uint8_t *dst, size_t dst_row, int to, const uint8_t *src, int from, double degrees);

#endif
