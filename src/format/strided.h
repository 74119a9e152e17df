/*
 * Arrays in the files of other programs: elements anywhere in a section of bytes, by a first one
 * and a distance for each dimension. So are the transposed and shared tensors of PyTorch, and
 * NumPy's arrays in the order of Fortran.
 */
#ifndef AN_FORMAT_STRIDED_H
#define AN_FORMAT_STRIDED_H

#include "format/section.h"
#include "tensor/tensor.h"

typedef struct an_strided {
    an_section bytes;
    uint64_t first; /* the byte where the first element begins */
    size_t width;   /* bytes of an element; 0: not known, and never read */
    bool swapped;   /* the element's bytes lie in the order of a big-endian machine */
    an_shape shape;
    int64_t stride[AN_MAX_RANK]; /* in elements, from 0 */
} an_strided;

/** What was gathered of the array that is being read; starts as all zero. */
typedef struct an_gathered {
    const an_strided *of;
    unsigned char *block;
} an_gathered;

/** Row-major without gaps (`column_major`: the first index is fastest). */
void an_strided_pack(an_strided *array, bool column_major);
/**
 * Whether all of its elements lie inside the section; one that is spread thinly over a deflated
 * section is refused too, because reading it would unpack more than it is worth.
 * @param name  the array's, for the error
 */
alexnet_status an_strided_check(const an_strided *array, const char *name);
/**
 * Read `count` elements from element `first` in row-major order, in the host's byte order. Pieces
 * come in order, from 0. An array with gaps or in another order is read as a whole for its first
 * piece, and kept until its last.
 */
alexnet_status an_strided_read(const an_strided *array, an_gathered *gathered, int64_t first,
                               int64_t count, void *dst);
void an_gathered_free(an_gathered *gathered);

#endif
