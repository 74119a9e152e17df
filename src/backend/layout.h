/*
 * Physical layouts of an activation tensor [N, C, H, W]. A backend chooses them, and only backends
 * depend on them. Where two prepared operators disagree, the second one reorders its input.
 */
#ifndef AN_BACKEND_LAYOUT_H
#define AN_BACKEND_LAYOUT_H

#include "tensor/tensor.h"

typedef enum an_layout_kind {
    AN_LAYOUT_PLAIN, /* N C H W, as in files */
    AN_LAYOUT_NHWC,
    AN_LAYOUT_C8,  /* N C/8 H W 8, channels padded to a multiple of 8 with zeros */
    AN_LAYOUT_C16, /* N C/16 H W 16 */
} an_layout_kind;

typedef struct an_layout {
    an_layout_kind kind;
    an_dtype dtype;
    int n;
    an_chw shape;
} an_layout;

/** Bytes of a tensor in a layout. */
size_t an_layout_bytes(an_layout layout);
bool an_layout_equal(an_layout a, an_layout b);

#endif
