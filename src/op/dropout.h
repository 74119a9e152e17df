/*
 * Dropout (paper section 4.2), of two kinds.
 *
 *                 training               otherwise
 *     mask        y = x * m              y = x * keep       the 2012 code
 *     inverted    y = x * m / keep       y = x              Caffe, PyTorch
 *
 * m is 1 with probability keep, else 0. The mask of element i (index in [N,C,H,W] order) is a pure
 * function: word i % 4 of an_random(seed, AN_PURPOSE_DROPOUT, step, i / 4, layer), kept if
 * word < keep * 2^32. Every backend draws the same mask, and the backward pass draws it again.
 */
#ifndef AN_OP_DROPOUT_H
#define AN_OP_DROPOUT_H

#include <stdint.h>

typedef enum an_dropout_kind { AN_DROPOUT_MASK, AN_DROPOUT_INVERTED } an_dropout_kind;

typedef struct an_dropout_desc {
    an_dropout_kind kind;
    double keep;    /* 0 < keep <= 1 */
    uint32_t layer; /* distinguishes the dropout layers of a network */
} an_dropout_desc;

#endif
