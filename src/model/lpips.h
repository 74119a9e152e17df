/*
 * The weights with which LPIPS sums differences of features (Zhang, Isola, Efros, Shechtman, Wang:
 * The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, CVPR 2018, section 3):
 * for each layer one weight per channel, none below zero.
 *
 * A model's file may hold them beside its own tensors, as lpips.0.weight, lpips.1.weight, ... The
 * published files call them lin0.model.1.weight, lin1.model.1.weight, ...
 */
#ifndef AN_MODEL_LPIPS_H
#define AN_MODEL_LPIPS_H

#include "format/tensor_file.h"

enum { AN_LPIPS_LAYERS_MAX = 64, AN_LPIPS_CHANNELS_MAX = 1 << 16, AN_LPIPS_NAME = 32 };

typedef struct an_lpips {
    int count; /* layers; 0: there are no weights */
    int channels[AN_LPIPS_LAYERS_MAX];
    float *weights[AN_LPIPS_LAYERS_MAX]; /* [channels] */
} an_lpips;

/** Read the weights that a file of tensors holds; count = 0 if it holds none. */
alexnet_status an_lpips_read(an_lpips *out, an_tensor_file *file);
/** Read those of a file that must hold some.
 * @param ctx  for the log, which reports a damaged file */
alexnet_status an_lpips_load(an_lpips *out, alexnet_ctx *ctx, const char *path);
void an_lpips_free(an_lpips *lpips);

/** Extend a hash by the weights; without weights it stays as it is. */
uint64_t an_lpips_hash(uint64_t hash, const an_lpips *lpips);

/** The name of a layer's weights in a model's file. */
void an_lpips_name(char name[AN_LPIPS_NAME], int layer);

#endif
