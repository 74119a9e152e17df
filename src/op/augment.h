/*
 * From stored pictures to the network's input: crop, mirror, mean, scale, colour offset.
 *
 *     px            = mirror ? slot.x + W - 1 - x : slot.x + x
 *     x_in[n,c,y,x] = slot.gain * (scale[c] * (pixel[slot.picture][slot.y + y][px][channel(c)] - m)
 *                                  + colour[c])
 *     m = 0; mean[c]; or, for a mean image of P x P:
 *         centre    mean[c][(P - H)/2 + y][(P - W)/2 + x]      the 2012 code: after the mirror
 *         aligned   mean[c][slot.y + y][px]                    Caffe: at the source pixel
 *
 * Pixels are uint8 [pictures][P][P][3] in R, G, B order; channel(c) = c, or 2 - c for `bgr`.
 * An empty slot (picture < 0) gives zeros. Mean and colour are in the order of the network's
 * channels. Source: paper sections 2 and 4.1; convdata_jpeg.py of 2012.
 */
#ifndef AN_OP_AUGMENT_H
#define AN_OP_AUGMENT_H

#include <stdbool.h>
#include <stdint.h>

typedef enum an_mean_kind {
    AN_MEAN_NONE,
    AN_MEAN_CHANNEL,       /* parameter "mean" [3] */
    AN_MEAN_IMAGE_CENTRE,  /* parameter "mean" [3, P, P] */
    AN_MEAN_IMAGE_ALIGNED, /* parameter "mean" [3, P, P] */
} an_mean_kind;

typedef struct an_augment_desc {
    int pictures; /* pictures in the buffer, >= 1; at most n */
    int side;     /* P, rows and columns of a stored picture */
    int crop;     /* H = W of the output, <= side */
    an_mean_kind mean;
    bool bgr;
    double scale[3];
} an_augment_desc;

/** One draw: which picture stands in a place of the batch, how it is cut, and its label. */
typedef struct an_slot {
    int32_t picture; /* index into the pictures; -1: the slot is empty */
    int32_t label;   /* class; -1: none (no loss, no gradient) */
    int32_t y, x;    /* corner of the crop, 0 .. side - crop */
    int32_t mirror;  /* 0 or 1 */
    float gain;      /* 1, but with colour noise 1/(1 + coefficient) */
    float colour[3]; /* added after the mean; grey levels times `scale` */
} an_slot;

/** Leave the slot's colours as the picture has them. */
static inline void an_slot_no_colour(an_slot *slot)
{
    slot->gain = 1.0f;
    slot->colour[0] = slot->colour[1] = slot->colour[2] = 0.0f;
}

#endif
