/*
 * Facts about a picture and its file besides what it shows.
 */
#ifndef AN_DATA_PICTURE_FACTS_H
#define AN_DATA_PICTURE_FACTS_H

#include <stdbool.h>

#include "data/picture/picture.h"

/** The actual format of a file, such as "a PNG", if its name promises another; else NULL. `name`
 *  may be a path. */
const char *an_misnamed(const char *name, const void *bytes, size_t length);
/** Whether a file is CMYK: a JPEG with four components, or a TIFF or BigTIFF of inks
 *  ("separated"). */
bool an_is_cmyk(const void *bytes, size_t length);
/** Whether a picture has no colour: R = G = B in every pixel. */
bool an_is_grey(const an_picture *picture);

#endif
