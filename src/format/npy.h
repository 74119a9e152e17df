/*
 * NumPy's arrays (.npy), versions 1 to 3: by themselves as a format of tensor files, in which the
 * one tensor is called "array", and as the members of .npz archives.
 *
 *     6 bytes     \x93 N U M P Y
 *     2 bytes     version
 *     2 or 4      length of the header, little-endian (4 from version 2 on)
 *     header      a dict as Python writes it: {'descr': '<f4', 'fortran_order': False, 'shape': (3,
 * 4), } the rest    the elements
 *
 * Elements of either byte order, in the order of C or Fortran. Arrays of objects are pickles and
 * are not read. Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
#ifndef AN_FORMAT_NPY_H
#define AN_FORMAT_NPY_H

#include "format/strided.h"
#include "format/tensor_file.h"

/** The name of the one tensor of a .npy file. */
#define AN_NPY_NAME "array"

typedef struct an_npy {
    an_dtype dtype;
    char type[16]; /* "<f4" */
    an_strided array;
    int64_t characters; /* of an array of texts: 4 bytes each, per element; else 0 */
} an_npy;

/** Read a header and check it against the section. */
alexnet_status an_npy_open(an_npy *npy, const an_section *bytes);
/** Fill in all of an entry but its name. */
void an_npy_entry(an_tensor_entry *entry, const an_npy *npy);

#endif
