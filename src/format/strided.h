/*
 * Arrays in the files of other programs: elements anywhere in a section of bytes, given by the
 * first element and a stride for each dimension. The transposed and shared tensors of PyTorch are
 * such arrays, and NumPy's arrays in Fortran order.
 */
#ifndef AN_FORMAT_STRIDED_H
#define AN_FORMAT_STRIDED_H

#include "format/section.h"
#include "tensor/tensor.h"

typedef struct an_strided {
    an_section bytes;
    uint64_t first; /* the byte where the first element begins */
    size_t width;   /* bytes of an element; 0: not known, and never read */
    bool swapped;   /* elements are big-endian */
    an_shape shape;
    int64_t stride[AN_MAX_RANK]; /* in elements, 0 or more */
} an_strided;

/** The bytes of the array that is being read. Initialise to all zero. */
typedef struct an_gathered {
    const an_strided *of;
    unsigned char *block;
} an_gathered;

/** Set strides for row-major order without gaps (`column_major`: the first index is fastest). */
void an_strided_pack(an_strided *array, bool column_major);
/**
 * Check that all elements are inside the section. An array spread thinly over a deflated section is
 * refused too, because reading it would unpack far more than its elements.
 * @param name  the array's, for the error
 */
alexnet_status an_strided_check(const an_strided *array, const char *name);
/**
 * Read `count` elements from element `first` in row-major order, in the host's byte order. Pieces
 * must be read in order, from 0. An array with gaps or in another order is loaded as a whole for
 * its first piece, and kept until its last.
 */
alexnet_status an_strided_read(const an_strided *array, an_gathered *gathered, int64_t first,
                               int64_t count, void *dst);
void an_gathered_free(an_gathered *gathered);

#endif
