/*
 * Where a decoder's pixels go: into a whole picture, or, if the target asks for a resize, row by
 * row into a resized one.
 */
#ifndef AN_DATA_PICTURE_ROWS_H
#define AN_DATA_PICTURE_ROWS_H

#include "data/picture/codec.h"
#include "data/picture/resizer.h"

/* A decoder may give so many rows at a time, unless the picture ends before. */
enum { AN_ROWS_AT_ONCE = 4 };

struct an_rows {
    const an_encoded *file;
    uint8_t *next;    /* where the next rows go, 3 bytes a pixel */
    ptrdiff_t stride; /* from one to the next; below 0 if they come from the bottom up */
    /* The rest is private. */
    int orientation;
    an_size stored;     /* size of the picture that comes in */
    int left;           /* rows of it that are still to come */
    an_picture picture; /* that goes out, not turned upright */
    an_resizer *resizer;
    uint8_t *few; /* holds those that come in, if there is a resizer */
};

/**
 * Begin with a picture whose rows come one by one, from the top down as they are stored.
 * @return what an_picture_check_size() and the target return, _NO_MEMORY
 */
alexnet_status an_rows_begin(an_rows *rows, int orientation, uint32_t width, uint32_t height);
/** The first rows at rows->next are complete. @return ALEXNET_ERROR_CANCELLED */
alexnet_status an_rows_take(an_rows *rows, int count);
/** Instead of both, give all rows at once. The picture is taken over, on failure too. */
alexnet_status an_rows_give(an_rows *rows, int orientation, an_picture *whole);
/** Turn the result upright, and free the rest. @param out  empty on failure */
alexnet_status an_rows_end(an_rows *rows, an_picture *out);
void an_rows_free(an_rows *rows);

#endif
