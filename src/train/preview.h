/*
 * Shows what a network will see of its training pictures: the input that its program computes, in
 * several random draws of each picture, converted back to colours.
 */
#ifndef AN_TRAIN_PREVIEW_H
#define AN_TRAIN_PREVIEW_H

#include "data/dataset.h"
#include "train/draws.h"

/* Most pictures, and most draws of each. */
enum { AN_PREVIEW_PICTURES = 64, AN_PREVIEW_DRAWS = 32 };

struct alexnet_preview {
    int pictures, draws, size;
    uint8_t *rgb;     /* [draws][pictures][size][size][3] */
    an_slot *slots;   /* [draws][pictures] */
    int64_t *samples; /* [pictures] */
    char **errors;    /* [pictures]; NULL if the picture was read */
};

/** @param options  those of a trainer; out_dir and split are ignored */
alexnet_status an_preview_new(alexnet_preview **out, alexnet_ctx *ctx, const alexnet_dataset *train,
                              const alexnet_trainer_options *options, int pictures, int draws);
void an_preview_free(alexnet_preview *preview); /* NULL allowed */

#endif
