/*
 * What a network will see of its training pictures: the input that its program computes in some
 * draws of each, brought back to colours for the eye.
 */
#ifndef AN_TRAIN_PREVIEW_H
#define AN_TRAIN_PREVIEW_H

#include "data/dataset.h"
#include "train/draws.h"

/* Of pictures and of draws. */
enum { AN_PREVIEW_PICTURES = 64, AN_PREVIEW_DRAWS = 32 };

struct alexnet_preview {
    int pictures, draws, size;
    uint8_t *rgb;     /* [draws][pictures][size][size][3] */
    an_slot *slots;   /* [draws][pictures] */
    int64_t *samples; /* [pictures] */
    char **errors;    /* [pictures]; NULL of a picture that was read */
};

/** @param options  those of a trainer; out_dir and split are not looked at */
alexnet_status an_preview_new(alexnet_preview **out, alexnet_ctx *ctx, const alexnet_dataset *train,
                              const alexnet_trainer_options *options, int pictures, int draws);
void an_preview_free(alexnet_preview *preview); /* NULL allowed */

#endif
