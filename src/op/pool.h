/*
 * Max and average pooling over square windows, which may overlap (paper section 3.4).
 *
 *     window of output (p,q): rows p*stride - pad .. p*stride - pad + size - 1, and columns
 *     likewise, clipped to the image
 *
 *     max   y = the largest value, NaN if there is one; backward gives dy to the first maximum in
 *           row order (Caffe, PyTorch, oneDNN; the 2012 code gave it to every maximum, see
 *           docs/operators.md). A backend may treat 0 as larger than -0
 *     avg   y = sum / area of the clipped window
 *
 * Every window contains a pixel: pad < size, and an_window_count() drops later windows.
 */
#ifndef AN_OP_POOL_H
#define AN_OP_POOL_H

#include <stdbool.h>

typedef enum an_pool_kind { AN_POOL_MAX, AN_POOL_AVG } an_pool_kind;

typedef struct an_pool_desc {
    an_pool_kind kind;
    int size, stride, pad;
    bool ceil; /* round the size up, as the 2012 code and Caffe do */
} an_pool_desc;

#endif
