/*
 * A batch of images in blocks (space to depth): block x block neighbouring pixels become the
 * channels of one pixel, with padding around the image and zeros in unused channels. A convolution
 * that reads the blocks needs no padding, may need no stride, and can round up its channels.
 *
 *     blocked[n, row, column, (dy * block + dx) * c + channel] =
 *         image[n, channel, row * block + dy - top, column * block + dx - left]     or zero outside
 *
 * Filters are blocked like images: n is the number of outputs.
 */
#ifndef AN_BACKEND_CUDA_KERNELS_BLOCKS_H
#define AN_BACKEND_CUDA_KERNELS_BLOCKS_H

#include "backend/cuda/kernels/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct an_cuda_blocks {
    int n, c, h, w;              /* the images */
    int block, top, left;        /* side of a block, in pixels; padding */
    int rows, columns, channels; /* of the blocks; channels >= c * block * block */
    bool nhwc, bf16; /* of the blocks; nhwc: N rows columns channels, else N channels ... */
} an_cuda_blocks;

/** Image to blocks. @param image  with all of its c channels */
int an_cuda_blocks_enter(const an_cuda_blocks *blocks, const an_cuda_part *image, void *blocked,
                         an_cuda_stream *stream);
/** Blocks to image; pixels in no block become zero. @param accumulate  add to the image */
int an_cuda_blocks_leave(const an_cuda_blocks *blocks, const void *blocked,
                         const an_cuda_part *image, bool accumulate, an_cuda_stream *stream);

/** The form of filters in blocks. */
static inline an_copy_form an_cuda_copy_in_blocks(const an_cuda_blocks *b)
{
    an_copy_form form = {true, b->bf16,  0,       false,      b->c,        b->h,
                         b->w, b->block, b->rows, b->columns, b->channels, 0};
    return form;
}

/** Like an_cuda_augment(), but writes blocks. Ignores nhwc, bf16 and channels of `run`: the form of
 * the output is that of `blocks`. */
int an_cuda_augment_blocks(const an_cuda_augment_run *run, const an_cuda_blocks *blocks,
                           an_cuda_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
