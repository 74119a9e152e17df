/*
 * Single elements of what a convolution computes, in any direction, each term by term in double
 * precision: what they must be is known without computing the rest. A matrix product is a
 * convolution of single pixels.
 */
#ifndef AN_BACKEND_ELEMENT_H
#define AN_BACKEND_ELEMENT_H

#include "backend/tuning.h"

/** A dense tensor of four dimensions. */
typedef struct an_element_tensor {
    const double *values; /* element i is values[i & mask]; not read if it is the result */
    int64_t mask;         /* 2^b - 1 if the values repeat after 2^b; -1: there are all of them */
    int64_t stride[4];    /* of each dimension */
} an_element_tensor;

/** A convolution and its operands. The tensor of the result needs only its strides. */
typedef struct an_element_conv {
    int64_t n, c, h, w, k, r, s, p, q, groups, stride;
    int64_t top, left;         /* padding */
    an_element_tensor x;       /* [n c h w] */
    an_element_tensor weights; /* [k c/groups r s] */
    an_element_tensor y;       /* [n k p q]; backward, its gradient */
    an_element_tensor bias;    /* forward: [k], of which strides are not read; values NULL: none */
    bool relu;                 /* forward: a ReLU follows */
} an_element_conv;

typedef struct an_element {
    double value;
    double squares; /* the sum of the squares of its terms */
    int64_t terms;  /* of the sum, those with padding included */
} an_element;

/** Set the strides of x, weights and y. @param channels_last  else they are the second dimension */
void an_element_arrange(an_element_conv *conv, bool channels_last);
/** Elements of the result: of y forward, of the gradient of x or of the weights backward. */
int64_t an_element_count(const an_element_conv *conv, an_direction direction);
/** Terms of each, without its bias. */
int64_t an_element_terms(const an_element_conv *conv, an_direction direction);
/** The element of the result that is at `index` in memory. */
an_element an_element_of(const an_element_conv *conv, an_direction direction, int64_t index);
/**
 * How far a result in float32 may be from an element:
 *
 *     8 u sqrt(n) s + b |value|    u = 2^-24; n terms, the root of whose squares' sum is s
 *     u n / 8 s                    more on tensor cores, which round sums of 8 or 16 products
 *                                  towards zero
 *
 * @param store  b, the roundoff of the stored result
 */
double an_element_bound(const an_element *element, double store, bool tensor_cores);

#endif
