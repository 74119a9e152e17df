/*
 * Decoding of JPEG files in memory by libjpeg-turbo alone, for comparison with the loader. Each
 * thread has one decompressor for all its pictures. Pixels become RGB; those of four components
 * stay as they are.
 */
#ifndef AN_SPEED_JPEG_ALONE_H
#define AN_SPEED_JPEG_ALONE_H

#include <stddef.h>

#include "alexnet/alexnet.h"

typedef struct an_jpeg_file {
    unsigned char *bytes;
    size_t length;
} an_jpeg_file;

/** Whether bytes begin like a JPEG. */
bool an_is_jpeg(const unsigned char *bytes, size_t length);

/** Decode all on `threads` threads. Damaged files are timed like others. @param seconds  out */
alexnet_status an_jpeg_alone(const an_jpeg_file *files, int64_t count, int threads,
                             double *seconds);

#endif
