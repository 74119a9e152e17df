/*
 * NumPy's arrays (.npy), versions 1 to 3. A single file is a tensor file whose one tensor is called
 * "array"; .npz archives have such files as members.
 *
 *     6 bytes     \x93 N U M P Y
 *     2 bytes     version
 *     2 or 4      length of the header, little-endian (4 from version 2 on)
 *     header      a dict of Python: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
 *     the rest    the elements
 *
 * Elements may have either byte order, and C or Fortran order. Arrays of objects are pickles and
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
    int64_t characters; /* per element, 4 bytes each, if elements are texts; else 0 */
} an_npy;

/** Read a header and check it against the section. */
alexnet_status an_npy_open(an_npy *npy, const an_section *bytes);
/** Fill in an entry, except for its name. */
void an_npy_entry(an_tensor_entry *entry, const an_npy *npy);

#endif
