/*
 * The files of MNIST, "idx": a magic number whose third byte is the type of the elements and whose
 * fourth is how many sizes follow, each of 32 bits with the highest byte first; then the elements.
 * Only bytes are read as elements: pictures in three dimensions, labels in one. The file may be
 * compressed by gzip.
 */
#ifndef AN_DATA_SOURCE_IDX_H
#define AN_DATA_SOURCE_IDX_H

#include <stddef.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

typedef struct an_idx {
    unsigned char *bytes; /* the elements; owned */
    int64_t count;
    int rows, columns; /* 1 for labels */
} an_idx;

enum { AN_IDX_LABELS = 1, AN_IDX_PICTURES = 3 };

/**
 * @param dimensions  AN_IDX_LABELS or AN_IDX_PICTURES
 * @param name        for error texts, which begin with it
 * @return ALEXNET_ERROR_FORMAT, ALEXNET_ERROR_UNSUPPORTED; then *out is empty
 */
alexnet_status an_idx_parse(an_idx *out, const unsigned char *file, size_t length, int dimensions,
                            const char *name);
alexnet_status an_idx_read(an_idx *out, const char *path, int dimensions);

#endif
