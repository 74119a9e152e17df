/*
 * Which part of a picture is shown in training, if it is not just a crop of the stored square:
 * boxes of random area and aspect, and small rotations. Both resample the picture, so they are done
 * here; the operator crops and mirrors the stored square (crop.h).
 */
#ifndef AN_DATA_LOADER_REGION_H
#define AN_DATA_LOADER_REGION_H

#include <stdbool.h>

#include "data/picture/resize.h"

typedef struct an_region_rule {
    an_fit_rule fit;  /* the box if none is drawn: the centre square, or all */
    int side;         /* of the resulting square */
    bool scaled;      /* the box is drawn by area and aspect */
    double area[2];   /* share of the picture's area, uniform between these */
    double aspect[2]; /* width by height; uniform in its logarithm */
    double rotate;    /* degrees at most, in either direction, uniform */
    int group;        /* consecutive pictures that share their random numbers; 0: 1 */
    uint64_t seed;
} an_region_rule;

/** A box that is resized to a square; the square is rotated and its middle is kept. */
typedef struct an_region {
    an_rect box;
    int square;     /* side of the resized box; the rule's if it is not rotated */
    double degrees; /* counterclockwise */
} an_region;

/**
 * Draw the region of a picture to show. Depends only on (seed, epoch, position) and the picture's
 * size.
 *
 * The box is that of torchvision's RandomResizedCrop: ten tries, then the largest box in the middle
 * whose aspect is allowed. To rotate it without showing anything outside the picture, a larger box
 * with the same centre is taken. It is moved inside the picture, or made smaller if the picture is
 * too small.
 */
void an_region_draw(an_region *out, const an_region_rule *rule, an_size size, uint64_t epoch,
                    uint64_t position);

/**
 * The axes that bring a region's box to its square. If the picture was decoded smaller, the box's
 * edges are rounded to its pixels.
 * @param whole    the size for which the region was drawn
 * @param decoded  the size of the decoded picture
 */
void an_region_axes(an_axis *across, an_axis *down, const an_region *region, an_size whole,
                    an_size decoded);
/**
 * Rotate the square and keep its middle.
 * @param dst  [side][side][3], side the rule's, rows dst_row bytes apart
 */
void an_region_show(uint8_t *dst, size_t dst_row, int side, const an_region *region,
                    const an_picture *square);

#endif
