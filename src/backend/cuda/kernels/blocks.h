/*
 * A batch of images as blocks: block x block pixels beside each other become the channels of one,
 * with padding around the image and zeros in channels that are left over. Strides of a
 * convolution's first layer go away so, padding of any kind becomes none, and odd numbers of
 * channels become even ones.
 *
 *     blocked[n, row, column, (dy * block + dx) * c + channel] =
 *         image[n, channel, row * block + dy - top, column * block + dx - left]     or zero outside
 *
 * Filters are such images too: n are the outputs.
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
    bool nhwc, bf16; /* how that lies in memory: N rows columns channels, or N channels ... */
} an_cuda_blocks;

/** Image to blocks. @param image  all of its channels: c of them */
int an_cuda_blocks_enter(const an_cuda_blocks *blocks, const an_cuda_part *image, void *blocked,
                         an_cuda_stream *stream);
/** Blocks to image, zero where no block reaches. @param accumulate  add to the image */
int an_cuda_blocks_leave(const an_cuda_blocks *blocks, const void *blocked,
                         const an_cuda_part *image, bool accumulate, an_cuda_stream *stream);

/** The pictures of an augment (kernels.h) in blocks at once; what `run` says of its output is not
 *  looked at. */
int an_cuda_augment_blocks(const an_cuda_augment_run *run, const an_cuda_blocks *blocks,
                           an_cuda_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
