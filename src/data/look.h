/*
 * What a picture looks like, small enough to be kept for a million of them.
 *
 * The difference hash, a common method, finds pictures that may look the same: the picture is
 * reduced to 8 rows of 9 grey fields, and each of 64 bits says whether a field is darker than the
 * one to its right. It survives another size, another quality and small changes, but not another
 * crop. Different pictures of one object on a plain background have nearly the same bits too, so
 * the fields themselves and their colours decide.
 */
#ifndef AN_DATA_LOOK_H
#define AN_DATA_LOOK_H

#include <stdbool.h>

#include "data/picture.h"

enum {
    AN_LOOK_ROWS = 8,
    AN_LOOK_COLUMNS = 9,
    AN_LOOK_ACROSS = 3, /* grey fields that share a colour: 3 across, 2 down */
    AN_LOOK_DOWN = 2
};

typedef struct an_look {
    uint64_t bits, mirrored; /* of the picture, and of its mirror image */
    uint8_t grey[AN_LOOK_ROWS][AN_LOOK_COLUMNS];
    /* (red - grey) / 2 and (blue - grey) / 2 */
    int8_t colour[AN_LOOK_ROWS / AN_LOOK_DOWN][AN_LOOK_COLUMNS / AN_LOOK_ACROSS][2];
    uint8_t mean; /* of the grey fields */
} an_look;

/** @return false for a picture that is too plain to be compared with others */
bool an_look_at(an_look *look, const an_picture *picture);
/** Whether two pictures look nearly the same, apart from their brightness: their grey fields differ
 *  by 8 levels on average or less, their colours by 12. @param mirrored  compare with the mirror
 *  image of b */
bool an_look_alike(const an_look *a, const an_look *b, bool mirrored);

#endif
