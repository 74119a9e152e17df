/*
 * How an orientation of EXIF (1..8; 2.3, 4.6.4) lays out the rows and columns of a picture.
 */
#ifndef AN_DATA_PICTURE_ORIENTATION_H
#define AN_DATA_PICTURE_ORIENTATION_H

#include <stdbool.h>

typedef struct an_layout {
    bool swapped;     /* stored rows are the columns of the upright picture */
    bool from_right;  /* stored rows run backwards */
    bool from_bottom; /* stored columns run backwards */
} an_layout;

static inline an_layout an_layout_of(int orientation)
{
    return (an_layout){
        .swapped = orientation >= 5,
        .from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8,
        .from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7,
    };
}

#endif
