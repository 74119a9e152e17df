/*
 * The fixed crops by which a picture is evaluated.
 */
#ifndef AN_INFER_VIEWS_H
#define AN_INFER_VIEWS_H

#include "op/augment.h"

/** View 0..9 of ten (paper section 4.1), in the order of convdata_jpeg.py of 2012: corners and
 * centre, then mirrored; centre is view 2. */
enum { AN_VIEWS = 10, AN_VIEW_CENTRE = 2 };
void an_view_place(an_slot *slot, int side, int crop, int view);

#endif
