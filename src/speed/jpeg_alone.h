/*
 * What libjpeg-turbo makes of JPEG files in memory by itself: the measure that the loader is
 * compared with. A decompressor per thread, used again for every picture, all pixels as RGB.
 */
#ifndef AN_SPEED_JPEG_ALONE_H
#define AN_SPEED_JPEG_ALONE_H

#include <stddef.h>

#include "alexnet/alexnet.h"

typedef struct an_jpeg_file {
    unsigned char *bytes;
    size_t length;
} an_jpeg_file;

/** Whether bytes begin as a JPEG does. */
bool an_is_jpeg(const unsigned char *bytes, size_t length);

/** Decode all on as many threads. Damaged files take what they take. @param seconds  out */
alexnet_status an_jpeg_alone(const an_jpeg_file *files, int64_t count, int threads,
                             double *seconds);

#endif
