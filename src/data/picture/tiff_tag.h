/*
 * The tags of a TIFF's first directory, read straight from the file: for facts that do not need the
 * picture decoded, also in builds without libtiff.
 */
#ifndef AN_DATA_PICTURE_TIFF_TAG_H
#define AN_DATA_PICTURE_TIFF_TAG_H

#include "data/picture/bytes.h"

typedef struct an_tiff_tag {
    uint64_t count;  /* of its values */
    uint32_t number; /* its first value, if that is a 16-bit number */
    uint64_t offset; /* of its values, if they do not fit into the entry */
} an_tiff_tag;

/** Whether a file is a TIFF, of either byte order, BigTIFF included (TIFF 6; BigTIFF, 2004). */
bool an_tiff_is(an_bytes file);
/** Find a tag of a TIFF. @return whether it is there; nothing in *out has been checked */
bool an_tiff_find(an_tiff_tag *out, an_bytes file, unsigned tag);

#endif
