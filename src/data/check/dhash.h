/*
 * Difference hashes (dHash) of pictures, which find those that look the same. They are small enough
 * to be kept for a million pictures.
 *
 * The picture is reduced to 8 rows of 9 grey fields, and each of 64 bits says whether a field is
 * darker than the one to its right. The bits survive another size, another quality and small
 * changes, but not another crop. Different pictures of one object on a plain background have nearly
 * the same bits too, so the fields themselves and their colours are kept beside them, and decide.
 */
#ifndef AN_DATA_CHECK_DHASH_H
#define AN_DATA_CHECK_DHASH_H

#include <stdbool.h>

#include "data/picture/picture.h"

enum {
    AN_DHASH_ROWS = 8,
    AN_DHASH_COLUMNS = 9,
    AN_DHASH_ACROSS = 3, /* grey fields that share a colour: 3 across, 2 down */
    AN_DHASH_DOWN = 2
};

typedef struct an_dhash {
    uint64_t bits, mirrored; /* of the picture, and of its mirror image */
    uint8_t grey[AN_DHASH_ROWS][AN_DHASH_COLUMNS];
    /* (red - grey) / 2 and (blue - grey) / 2 */
    int8_t colour[AN_DHASH_ROWS / AN_DHASH_DOWN][AN_DHASH_COLUMNS / AN_DHASH_ACROSS][2];
    uint8_t mean; /* of the grey fields */
} an_dhash;

/** Compute it. @return false for a picture that is too plain to be compared with others */
bool an_dhash_of(an_dhash *hash, const an_picture *picture);
/** Whether two pictures look nearly the same, apart from their brightness: their grey fields differ
 *  by 8 levels on average or less, their colours by 12. @param mirrored  compare with the mirror
 *  image of b */
bool an_dhash_alike(const an_dhash *a, const an_dhash *b, bool mirrored);

#endif
