/*
 * The segments before the pixels of a JPEG file (ISO/IEC 10918-1, B.1).
 */
#ifndef AN_DATA_PICTURE_MARKERS_H
#define AN_DATA_PICTURE_MARKERS_H

#include "data/picture/bytes.h"

/** A segment: the second byte of its marker, and the data after its length. */
typedef struct an_marker {
    int code;
    an_bytes data;
    size_t next; /* where the one after it begins */
} an_marker;

/**
 * The next segment. Begin with {.next = 2}, after the marker that starts a file.
 * @return false where the pixels begin, at the end of the file, and if it is not a JPEG
 */
bool an_marker_next(an_marker *marker, an_bytes file);

#endif
