/*
 * Random changes to training pictures besides the crop: colour jitter, random erasing, mixup and
 * CutMix, drawn as torchvision does (ColorJitter, RandomErasing, MixUp, CutMix), except that the
 * mixture is drawn for each picture, not once per batch.
 */
#ifndef AN_DATA_LOADER_CHANGES_H
#define AN_DATA_LOADER_CHANGES_H

#include "data/loader/colours.h"

/** Parameters of these changes. All 0: none. */
typedef struct an_change_rule {
    int side, crop;                  /* sides of the stored pictures and of the network's input */
    double colours[AN_COLOUR_STEPS]; /* factors within 1 +- this, hue within +- this; the steps in a
                                        random order */
    double erase;                    /* probability */
    double erase_area[2];            /* share of the image, from .. to */
    double erase_aspect[2];          /* rows / columns, from .. to, uniform in their logarithm */
    double mixup, cutmix; /* each: a picture's share is drawn from Beta(this, this); 0: off. If both
                             are on, one of the two is drawn for each picture */
    uint64_t seed;
} an_change_rule;

/** Draw the colours and the erased rectangle of a slot whose crop has been drawn. Depends only on
 * (seed, epoch, position) and the picture. @param picture  uint8 [side][side][3] */
void an_change_draw(an_slot *slot, const an_change_rule *rule, const uint8_t *picture,
                    uint64_t epoch, uint64_t position);

/**
 * Mix the slots of a batch in pairs: each with the one before it, the first with the last, as
 * torchvision does. Empty slots are left alone, and so are those whose partner is empty.
 * @param position  of slot 0 within the epoch
 */
void an_change_mix(an_slot *slots, int count, const an_change_rule *rule, uint64_t epoch,
                   uint64_t position);

/** From Beta(alpha, alpha), alpha > 0. */
double an_change_beta(double alpha, uint64_t seed, uint64_t epoch, uint64_t position);

#endif
