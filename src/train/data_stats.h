/*
 * What the pictures of a data set are like: how many of each class, how large, which colours. See
 * the public header.
 */
#ifndef AN_TRAIN_DATA_STATS_H
#define AN_TRAIN_DATA_STATS_H

#include "data/loader/moments.h"
#include "model/network/network.h"

struct alexnet_data_stats {
    alexnet_ctx *ctx;
    alexnet_dataset *data;
    an_fit fit;
    an_loader *loader;
    bool done;
    an_moments moments;
    an_colour_stats colours;
    int64_t *by_class;  /* readable pictures per class */
    int32_t *sizes[2];  /* their widths and heights */
    double *mean_image; /* [side][side][3] */
    int64_t left_out;
    alexnet_data_stats_result result;
};

alexnet_status an_data_stats_new(alexnet_data_stats **out, alexnet_ctx *ctx,
                                 const alexnet_dataset *data, const alexnet_network *network);
alexnet_status an_data_stats_step(alexnet_data_stats *stats, int64_t *done, bool *more);
/** Write a safetensors file; docs/data.md lists the tensors. */
alexnet_status an_data_stats_save(const alexnet_data_stats *stats, const char *path);
void an_data_stats_free(alexnet_data_stats *stats);

#endif
