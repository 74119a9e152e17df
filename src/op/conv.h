/*
 * Convolution (cross-correlation) with groups, stride, padding on each side, and bias.
 *
 *     y[n,k,p,q] = bias[k] + SUM_{c < C/G, r, s}
 *                  weight[k,c,r,s] * x[n, g(k)*C/G + c, p*stride - top + r, q*stride - left + s]
 *     g(k) = k / (K/G)
 *
 * Reads outside the image give zero, even past the declared padding: with `ceil` the last window
 * may extend beyond the lower and right edge (layer.py of 2012; 224 gives 55).
 *
 *     weight [K, C/G, R, S]    bias [K]    y [N, K, P, Q]
 *
 * Backward: dx, dweight (sums over N, P, Q) and dbias by the chain rule.
 */
#ifndef AN_OP_CONV_H
#define AN_OP_CONV_H

#include <stdbool.h>

typedef struct an_conv_desc {
    int k;      /* output channels in total, a multiple of groups */
    int r, s;   /* filter rows, columns */
    int stride; /* in both directions */
    int groups;
    int top, left, bottom, right; /* declared zero rows and columns */
    bool ceil;                    /* round the size up */
} an_conv_desc;

#endif
