/*
 * Regions of pictures in memory.
 */
#ifndef TESTS_UNIT_CUT_REGION_H
#define TESTS_UNIT_CUT_REGION_H

#include "cut.h"
#include "data/loader/region.h"

static inline alexnet_status cut_region(uint8_t *to, size_t row, int side, const an_region *region,
                                        an_size whole, const an_picture *from)
{
    an_axis across, down;
    const size_t square_row = (size_t)region->square * 3;
    an_region_axes(&across, &down, region, whole, (an_size){from->width, from->height});
    const an_picture square = {region->square, region->square,
                               malloc(square_row * (size_t)region->square)};
    const alexnet_status rc = cut_axes(square.rgb, square_row, from, &across, &down);
    if (rc == ALEXNET_OK)
        an_region_show(to, row, side, region, &square);
    free(square.rgb);
    return rc;
}

#endif
