/*
 * Random crop, mirroring and colour noise of training pictures.
 */
#ifndef AN_DATA_LOADER_CROP_H
#define AN_DATA_LOADER_CROP_H

#include "op/augment.h"

/** Parameters of the random crop. */
typedef struct an_crop_rule {
    int side, crop; /* stored side, crop side */
    bool random_crop, mirror;
    int group;          /* consecutive pictures that share position and mirroring; 0 counts as 1 */
    float colour_noise; /* of convdata_jpeg.py of 2012 (paper section 4.1); 0: none */
    float colour_axis[3][3]; /* row i: standard deviation times unit vector i, in channel order */
    uint64_t seed;
} an_crop_rule;

/** Fill in everything but picture and label. Depends only on (seed, epoch, position). */
void an_crop_draw(an_slot *slot, const an_crop_rule *rule, uint64_t epoch, uint64_t position);

#endif
