/*
 * A batch of images as blocks: block x block neighbouring pixels become the channels of one, with
 * padding around the image and zeros in channels that are left over. The convolution that reads the
 * blocks needs no padding, may need no stride, and its number of channels can be rounded up.
 *
 *     blocked[n, row, column, (dy * block + dx) * c + channel] =
 *         image[n, channel, row * block + dy - top, column * block + dx - left]     or zero outside
 *
 * Filters are blocked as images too: n is the number of outputs.
 */
#ifndef AN_BACKEND_CUDA_KERNELS_BLOCKS_H
#define AN_BACKEND_CUDA_KERNELS_BLOCKS_H

#include "backend/cuda/kernels/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct an_cuda_blocks {
    int n, c, h, w;              /* the images */
    int block, top, left;        /* pixels of a block's side; padding */
    int rows, columns, channels; /* of what is blocked; channels >= c * block * block */
    bool nhwc, bf16; /* its form in memory: N rows columns channels, or N channels ... */
} an_cuda_blocks;

/** Image to blocks. @param image  all of its channels: c of them */
int an_cuda_blocks_enter(const an_cuda_blocks *blocks, const an_cuda_part *image, void *blocked,
                         an_cuda_stream *stream);
/** Blocks to image, zero where no block reaches. @param accumulate  add to the image */
int an_cuda_blocks_leave(const an_cuda_blocks *blocks, const void *blocked,
                         const an_cuda_part *image, bool accumulate, an_cuda_stream *stream);

/** The form of such a copy of filters. */
static inline an_copy_form an_cuda_copy_in_blocks(const an_cuda_blocks *b)
{
    an_copy_form form = {true, b->bf16,  0,       false,      b->c,       b->h,
                         b->w, b->block, b->rows, b->columns, b->channels};
    return form;
}

/** An augment (kernels.h) that writes blocks. The form of its output is that of `blocks`; nhwc,
 * bf16 and channels of `run` are ignored. */
int an_cuda_augment_blocks(const an_cuda_augment_run *run, const an_cuda_blocks *blocks,
                           an_cuda_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
