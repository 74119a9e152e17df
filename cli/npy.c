#include "npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void npy_header(char out[NPY_HEADER], const char *descr, int rank, const int64_t *shape)
{
    enum { PREFIX = 10, LENGTH = NPY_HEADER - PREFIX };
    char dims[96] = "";
    for (int i = 0, at = 0; i < rank; i++)
        at += snprintf(dims + at, sizeof dims - (size_t)at, "%s%" PRId64 "%s", i ? " " : "",
                       shape[i], i + 1 < rank || rank == 1 ? "," : "");
    memset(out, ' ', NPY_HEADER);
    memcpy(out, "\x93NUMPY\x01", 8);
    out[8] = (char)(LENGTH & 255);
    out[9] = (char)(LENGTH >> 8);
    int length = snprintf(out + PREFIX, LENGTH,
                          "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, dims);
    out[PREFIX + length] = ' '; /* in place of the zero */
    out[NPY_HEADER - 1] = '\n';
}
