/*
 * Pairs of columns: the first convolution may compute two output columns at a time.
 *
 * cuDNN is slow where there are few outputs (64 of alexnet-owt's conv1, from 48 channels in blocks,
 * at a quarter of a chip's speed). If two neighbouring blocks count as one pixel of twice the
 * channels, and two output columns as one of twice the outputs, it has more to do at once. Nothing
 * is moved: augment writes rows with an even number of blocks, and N H W C memory reads the same.
 * The filters are needed twice, the second copy shifted by a block:
 *
 *     3x3 filters, 48 channels, K outputs     3x2 filters, 96 channels, 2K outputs
 *     column q      w0 w1 w2                  column 2q        w0 w1 | w2 0
 *     column q + 1     w0 w1 w2               column 2q + 1    0 w0 | w1 w2
 *
 * The gradient of a weight is the sum of its two copies' gradients. A quarter of the products are
 * zeros, so both ways are timed (conv_blocks.c), and a tuning can name one: its rows for pairs have
 * a tail of their own.
 *
 * An odd number of output columns becomes even. The operator that follows must then be an LRN or a
 * max pooling that can leave the last column out.
 */
#include "backend/cuda/conv.h"

void an_cuda_conv_pair_columns(an_cuda_conv *c)
{
    an_cuda_conv_shape *s = &c->shape;
    c->pairs = true;
    s->c *= 2;
    s->k *= 2;
    s->s = (s->s + 2) / 2;
    s->q = (s->q + 1) / 2;
    s->w = s->q - 1 + s->s;
    c->x_blocks.columns = 2 * s->w;
    c->w_blocks.columns = 2 * s->s;
}

an_cuda_blocks an_cuda_conv_filters(const an_cuda_conv *c, int column, size_t *at)
{
    an_cuda_blocks filters = c->w_blocks;
    filters.left = column * filters.block;
    *at = (size_t)column * (an_cuda_conv_w_bytes(c) / 2);
    return filters;
}

/* A filter begins a block further in its second copy. */
void an_cuda_conv_pair_copies(an_cuda_conv *c)
{
    const size_t element = an_dtype_bytes(c->shape.type);
    const size_t filters = an_cuda_conv_w_bytes(c) / 2 / element;
    c->op.base.copied[0].twin = (int64_t)filters + c->w_blocks.channels;
    c->op.base.copied[1].twin = c->desc.u.conv.k;
}
