/*
 * Fully connected layer.
 *
 *     y[n,k] = bias[k] + SUM_i weight[k,i] * x[n,i]        x flattened as C,H,W
 *
 *     weight [K, C*H*W]    bias [K]    y [N, K, 1, 1]
 */
#ifndef AN_OP_FC_H
#define AN_OP_FC_H

typedef struct an_fc_desc {
    int k; /* outputs */
} an_fc_desc;

#endif
