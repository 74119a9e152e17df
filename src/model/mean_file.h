/*
 * A mean of pictures in a separate file: Caffe's mean image (.binaryproto, or .npy with channels
 * in Caffe's order), or the tensor input.mean of a model.
 */
#ifndef AN_MODEL_MEAN_FILE_H
#define AN_MODEL_MEAN_FILE_H

#include "model/network/network.h"

typedef struct an_mean_file {
    int side;      /* rows and columns; 1: a colour */
    int channels;  /* 3, or 1 for a grey network */
    bool bgr;      /* order of channels */
    float *values; /* [channels, side, side], owned */
} an_mean_file;

/**
 * @param ctx  for the log, which reports a damaged file; may be NULL
 * @param bgr  the order of channels to assume where the file does not show it
 * @return ALEXNET_ERROR_FORMAT for a file that holds no mean
 */
alexnet_status an_mean_file_read(an_mean_file *out, alexnet_ctx *ctx, const char *path, bool bgr);
void an_mean_file_free(an_mean_file *mean);
/**
 * Make a network subtract a mean. Its text is changed accordingly and contains the mean if that is
 * a colour. The channels of `mean` are put in the network's order.
 * @param network  replaced
 * @param path     for error texts
 * @return ALEXNET_ERROR_FORMAT for an image of another size than the network's pictures
 */
alexnet_status an_mean_file_apply(an_mean_file *mean, alexnet_network **network, const char *path);

#endif
