/*
 * A resize that takes a picture row by row, from the top down as it is stored, so that the picture
 * need not be in memory. The result is that of resizing the upright picture: first along its rows,
 * then along its columns (resize.h).
 */
#ifndef AN_DATA_PICTURE_RESIZER_H
#define AN_DATA_PICTURE_RESIZER_H

#include <stddef.h>

#include "data/picture/picture.h"

typedef struct an_resizer an_resizer;

/**
 * @param dst  the resized pixels, laid out as those of the stored picture are; must outlive the
 * resizer. [height][width][3], the parts of `down` and `across`, exchanged if stored rows are
 * columns of the upright picture
 * @param dst_row  bytes from one row of dst to the next
 * @param stored  the size of the stored picture
 * @param across, down  the axes of the upright picture
 * @return ALEXNET_ERROR_INVALID_ARGUMENT (an axis outside the picture), _NO_MEMORY
 */
alexnet_status an_resizer_new(an_resizer **out, uint8_t *dst, size_t dst_row, an_size stored,
                              int orientation, const an_axis *across, const an_axis *down);
/** Take the next row. With the last one, dst is complete. @param length  bytes that may be read */
void an_resizer_take(an_resizer *resizer, const uint8_t *row, size_t length);
/** Take all rows of a picture. */
void an_resizer_take_all(an_resizer *resizer, const uint8_t *rgb, an_size stored);
void an_resizer_free(an_resizer *resizer);

#endif
