/*
 * What a picture file is, beside its pixels: for the examination of a data set.
 */
#ifndef AN_DATA_FACTS_H
#define AN_DATA_FACTS_H

#include <stdbool.h>

#include "data/picture.h"

/** The format of a file that is called as if it had another one, such as "a PNG"; NULL: it is not.
 *  `name` may be a path. */
const char *an_misnamed(const char *name, const void *bytes, size_t length);
/** Whether a file is in the colours of print: a JPEG of four components, a TIFF of inks. */
bool an_is_cmyk(const void *bytes, size_t length);
/** Whether a picture has no colour: R = G = B in every pixel. */
bool an_is_grey(const an_picture *picture);

#endif
