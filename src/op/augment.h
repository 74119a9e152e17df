/*
 * From stored pictures to the network's input: crop, mirror, colours, mean, scale, erasing, mixing.
 *
 *     px            = mirror ? slot.x + W - 1 - x : slot.x + x
 *     p             = pictures[slot.picture][slot.y + y][px]
 *     p             = min(max(slot.matrix p + slot.offset, 0), 255)      if slot.recoloured
 *     own[n,c,y,x]  = slot.gain * (scale[c] * (channel(c) of p - m) + colour[c])
 *                     0 inside slot.erased
 *     x_in[n,c,y,x] = (1 - slot.share) own[n,c,y,x] + slot.share own[slot.partner,c,y,x]
 *                     inside slot.mixed, else own[n,c,y,x]
 *     m = 0; mean[c]; or, for a mean image of P x P:
 *         centre    mean[c][(P - H)/2 + y][(P - W)/2 + x]      the 2012 code: after the mirror
 *         aligned   mean[c][slot.y + y][px]                    Caffe: at the source pixel
 *
 * Pictures are uint8 [pictures][P][P][3] in R, G, B order, even for a network of one channel:
 * colour and grey pictures are then prepared and augmented in the same way, and previews are in
 * colour. Grey of a recoloured pixel is not rounded. An empty slot (picture < 0) gives zeros. Mean,
 * scale and colour are in the order of the network's channels, the matrix in that of the pixels.
 *
 * Sources: paper sections 2 and 4.1, convdata_jpeg.py of 2012; random erasing: Zhong et al. 2017,
 * arXiv 1708.04896, with zeros as torchvision has them; mixup: Zhang et al. 2017, arXiv 1710.09412;
 * CutMix: Yun et al. 2019, arXiv 1905.04899.
 */
#ifndef AN_OP_AUGMENT_H
#define AN_OP_AUGMENT_H

#include <stdbool.h>
#include <stdint.h>

/** What the network's channels contain. It determines their number, C. */
typedef enum an_channels {
    AN_CHANNELS_RGB,
    AN_CHANNELS_BGR,
    AN_CHANNELS_GREY, /* an_grey(): C = 1 */
} an_channels;

typedef enum an_mean_kind {
    AN_MEAN_NONE,
    AN_MEAN_CHANNEL,       /* parameter "mean" [C] */
    AN_MEAN_IMAGE_CENTRE,  /* parameter "mean" [C, P, P] */
    AN_MEAN_IMAGE_ALIGNED, /* parameter "mean" [C, P, P] */
} an_mean_kind;

typedef struct an_augment_desc {
    int pictures; /* pictures in the buffer, >= 1; at most n */
    int side;     /* P, rows and columns of a stored picture */
    int crop;     /* H = W of the output, <= side */
    an_mean_kind mean;
    an_channels channels;
    double scale[3]; /* for the first C channels */
} an_augment_desc;

/* Luma weights of ITU-R BT.601 (0.299, 0.587, 0.114) times 2^16. Their sum is 2^16, so that a grey
 * pixel keeps its value. Rounded as in Pillow's convert("L"). */
enum { AN_GREY_RED = 19595, AN_GREY_GREEN = 38470, AN_GREY_BLUE = 7471 };

static inline uint8_t an_grey(unsigned red, unsigned green, unsigned blue)
{
    return (uint8_t)((AN_GREY_RED * red + AN_GREY_GREEN * green + AN_GREY_BLUE * blue + 0x8000) >>
                     16);
}

static inline int an_channel_count(an_channels channels)
{
    return channels == AN_CHANNELS_GREY ? 1 : 3;
}

/** The weight of a pixel's R, G or B (0, 1, 2) in channel c: 0 or 1, or its share of grey. */
static inline double an_channel_share(an_channels channels, int c, int colour)
{
    static const double grey[3] = {AN_GREY_RED / 65536.0, AN_GREY_GREEN / 65536.0,
                                   AN_GREY_BLUE / 65536.0};
    if (channels == AN_CHANNELS_GREY)
        return grey[colour];
    return colour == (channels == AN_CHANNELS_BGR ? 2 - c : c);
}

/** A rectangle of the network's input; none if it has 0 rows. */
typedef struct an_box {
    int32_t top, left, rows, columns;
} an_box;

/** One draw: which picture is in a slot of the batch, how it is cropped and changed, and its
 * labels. With zeros from `recoloured` on, those members have no effect. */
typedef struct an_slot {
    int32_t picture; /* index into the pictures; -1: the slot is empty */
    int32_t label;   /* class; -1: none (no loss, no gradient) */
    int32_t y, x;    /* corner of the crop, 0 .. side - crop */
    int32_t mirror;  /* 0 or 1 */
    float weight;    /* of the picture in the gradient of the loss; 1 if all count equally */
    float gain;      /* 1; with colour noise 1/(1 + coefficient) */
    float colour[3]; /* added after the mean; grey levels times `scale` */

    int32_t recoloured; /* 0 or 1: pixels go through `matrix` and `offset` */
    float matrix[3][3], offset[3];
    an_box erased;
    an_box mixed;       /* rectangle in which the partner shows */
    int32_t partner;    /* slot of the batch that is mixed in, as it was before its own mixing */
    float share;        /* of the partner there, 0 to 1 */
    int32_t second;     /* with a share above 0: the partner's label, >= 0 */
    float second_share; /* of the second label in the target; the first has the rest */
} an_slot;

/** Remove all changes but crop and mirror from a slot: weight, colours, erasing, mixing. */
void an_slot_unchanged(an_slot *slot);

/** The sum of the weights of the slots with a picture and a label. */
double an_slots_weight(const an_slot *slots, int count);

/** The label with the larger share, the first of equals; errors are counted for it. -1: none. */
static inline int an_slot_main_label(const an_slot *slot)
{
    return slot->label >= 0 && slot->second_share > 0.5f ? slot->second : slot->label;
}

#endif
