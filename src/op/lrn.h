/*
 * Local response normalisation, across maps (LRN) and within a map (LRN_WITHIN).
 *
 *     s = k + alpha * SUM_{window} x^2          y = x * s^(-beta)
 *     dx_j = dy_j * s_j^(-beta) - 2 * alpha * beta * x_j * SUM_{i: j in window(i)} dy_i * x_i *
 *            s_i^(-beta-1)
 *
 * Across maps: the window of channel c is channels c - size/2 .. c + size/2 of the same pixel,
 * clipped to c's own group of C/groups channels, so that it stops at the edge of a tower.
 * Within a map: size x size pixels around the pixel in the same channel, clipped to the image.
 * Clipping never rescales the sum.
 *
 * Meaning of alpha: it multiplies the raw sum. Sources disagree, so convert on entry:
 *     paper                                alpha = scale          (1e-4)
 *     2012 code, Caffe, oneDNN, across     alpha = scale / size   (1e-4 / 5)
 *     2012 code, Caffe, oneDNN, within     alpha = scale / size^2
 *
 * Source: paper section 3.3; layer.py and layer.cu of 2012.
 */
#ifndef AN_OP_LRN_H
#define AN_OP_LRN_H

typedef struct an_lrn_desc {
    int size;     /* odd, >= 1 */
    int groups;   /* across: a divisor of C; within: 1 */
    double k;     /* > 0 */
    double alpha; /* >= 0 */
    double beta;  /* >= 0 */
} an_lrn_desc;

#endif
