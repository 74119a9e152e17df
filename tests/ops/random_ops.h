/*
 * Operators of random shapes, the same in every run of a test. They stand for the layers that users
 * may write in network files.
 */
#ifndef TEST_RANDOM_OPS_H
#define TEST_RANDOM_OPS_H

#include <string.h>

#include "base/random.h"
#include "op/op.h"

typedef struct dice {
    uint64_t seed, thrown;
} dice;

static inline int dice_between(dice *d, int low, int high)
{
    uint64_t i = d->thrown++;
    an_random4 r = an_random(d->seed, AN_PURPOSE_TEST, 77, i / 4, 0);
    return low + (int)an_below(r.v[i % 4], (uint32_t)(high - low + 1));
}

/* Filters of any shape, a quarter of them 1x1. A third have no padding; in the others it may exceed
 * the filter. Groups have few channels, half of them multiples of 8, for which libraries have other
 * kernels. */
static inline void random_conv(dice *d, an_op_desc *desc)
{
    bool eights = dice_between(d, 0, 1), padded = dice_between(d, 0, 2);
    int side = dice_between(d, 0, 3) ? 7 : 1;
    int groups = dice_between(d, 1, 3), r = dice_between(d, 1, side), s = dice_between(d, 1, side);
    desc->kind = AN_OP_CONV;
    desc->in[0].c = groups * (eights ? 8 * dice_between(d, 1, 3) : dice_between(d, 1, 20));
    desc->u.conv = (an_conv_desc){
        .k = groups * (eights ? 8 * dice_between(d, 1, 3) : dice_between(d, 1, 24)),
        .r = r,
        .s = s,
        .stride = dice_between(d, 1, 4),
        .groups = groups,
        .top = padded ? dice_between(d, 0, r + 2) : 0,
        .left = padded ? dice_between(d, 0, s + 2) : 0,
        .bottom = padded ? dice_between(d, 0, 5) : 0,
        .right = padded ? dice_between(d, 0, 5) : 0,
        .ceil = dice_between(d, 0, 1),
    };
}

static inline void random_lrn(dice *d, an_op_desc *desc)
{
    static const double betas[] = {0.75, 0.75, 0, 0.5, 1};
    bool across = dice_between(d, 0, 1);
    int groups = across ? dice_between(d, 1, 3) : 1;
    desc->kind = across ? AN_OP_LRN : AN_OP_LRN_WITHIN;
    desc->in[0].c = groups * dice_between(d, 1, 20);
    desc->u.lrn = (an_lrn_desc){
        .size = 2 * dice_between(d, 0, 12) + 1, /* also wider than towers and maps */
        .groups = groups,
        .k = dice_between(d, 1, 2),
        .alpha = 1e-4 * dice_between(d, 0, 3),
        .beta = betas[dice_between(d, 0, 4)],
    };
}

static inline void random_pool(dice *d, an_op_desc *desc)
{
    int size = dice_between(d, 1, 5);
    desc->kind = AN_OP_POOL;
    desc->u.pool = (an_pool_desc){
        .kind = dice_between(d, 0, 1) ? AN_POOL_MAX : AN_POOL_AVG,
        .size = size,
        .stride = dice_between(d, 1, 5),
        .pad = dice_between(d, 0, size - 1),
        .ceil = dice_between(d, 0, 1),
    };
}

static inline void random_fc(dice *d, an_op_desc *desc)
{
    desc->kind = AN_OP_FC;
    desc->u.fc.k = dice_between(d, 1, 400);
}

/* Up to five pictures. Resolving may fail, because a window may be larger than its input. */
static inline void random_input(dice *d, an_op_desc *desc)
{
    *desc = (an_op_desc){.n = dice_between(d, 1, 5), .n_inputs = 1};
    desc->in[0] = (an_chw){dice_between(d, 1, 40), dice_between(d, 1, 20), dice_between(d, 1, 20)};
}

/* A first convolution of a shape that pairs of columns (backend/cuda/conv_pairs.c) may or may not
 * accept, and what may follow it.
 * @return the number of operators */
static inline int random_first_layers(dice *d, an_op_desc ops[4])
{
    const int stride = dice_between(d, 1, 4), most = stride == 1 ? 5 : 3 * stride;
    const int crop = dice_between(d, 3, 30), r = dice_between(d, 1, most);
    const int s = dice_between(d, 1, most);
    int n = 2;
    memset(ops, 0, 4 * sizeof *ops);
    ops[0].kind = AN_OP_AUGMENT;
    ops[0].n = dice_between(d, 2, 3);
    ops[0].u.augment =
        (an_augment_desc){2, crop + 9, crop, AN_MEAN_CHANNEL, AN_CHANNELS_RGB, {1, 0.5, 1}};
    if (dice_between(d, 0, 3) == 0)
        ops[0].u.augment.channels = AN_CHANNELS_GREY;
    ops[1].kind = AN_OP_CONV;
    ops[1].u.conv = (an_conv_desc){.k = 8 * dice_between(d, 1, 3),
                                   .r = r,
                                   .s = s,
                                   .stride = stride,
                                   .groups = 1,
                                   .top = dice_between(d, 0, 2),
                                   .left = dice_between(d, 0, 3),
                                   .bottom = dice_between(d, 0, 2),
                                   .right = dice_between(d, 0, 4),
                                   .ceil = dice_between(d, 0, 1)};
    if (dice_between(d, 0, 2))
        ops[n++] = (an_op_desc){.kind = AN_OP_NEURON, .u.neuron.kind = AN_RELU};
    switch (dice_between(d, 0, 2)) {
    case 0:
        ops[n].kind = AN_OP_LRN;
        ops[n++].u.lrn = (an_lrn_desc){5, 1, 2, 1e-4, 0.75};
        break;
    case 1:
        ops[n].kind = AN_OP_POOL;
        ops[n++].u.pool = (an_pool_desc){.kind = AN_POOL_MAX,
                                         .size = dice_between(d, 2, 3),
                                         .stride = dice_between(d, 1, 3),
                                         .pad = dice_between(d, 0, 1),
                                         .ceil = dice_between(d, 0, 1)};
    }
    return n;
}

#endif
