/*
 * Parts of pictures in memory, resized.
 */
#ifndef TESTS_UNIT_CUT_H
#define TESTS_UNIT_CUT_H

#include <stdlib.h>

#include "base/status.h"
#include "data/picture/resize.h"
#include "data/picture/resizer.h"

static inline alexnet_status cut_axes(uint8_t *to, size_t row, const an_picture *from,
                                      const an_axis *across, const an_axis *down)
{
    const an_size size = {from->width, from->height};
    an_resizer *resizer;
    AN_CHECK(an_resizer_new(&resizer, to, row, size, 1, across, down));
    an_resizer_take_all(resizer, from->rgb, size);
    an_resizer_free(resizer);
    return ALEXNET_OK;
}

static inline alexnet_status cut_whole(uint8_t *to, int width, int height, const an_picture *from)
{
    const an_axis across = {0, from->width, width, 0, width};
    const an_axis down = {0, from->height, height, 0, height};
    return cut_axes(to, 3 * (size_t)width, from, &across, &down);
}

static inline alexnet_status cut_box(uint8_t *to, size_t row, int side, const an_picture *from,
                                     an_rect box)
{
    an_axis across, down;
    an_box_axes(&across, &down, box, side);
    return cut_axes(to, row, from, &across, &down);
}

#endif
