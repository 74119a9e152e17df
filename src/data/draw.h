/*
 * How a picture is cut for a slot: at random for training, fixed for evaluation.
 */
#ifndef AN_DATA_DRAW_H
#define AN_DATA_DRAW_H

#include "op/augment.h"

/** Randomness of a training draw. */
typedef struct an_draw_rule {
    int side, crop; /* stored side, crop side */
    bool random_crop, mirror;
    float colour_noise;      /* coefficient c of facts section 3.2; 0: none */
    float colour_axis[3][3]; /* row i: standard deviation times unit vector i, in channel order */
    uint64_t seed;
} an_draw_rule;

/** Fill in everything but picture and label. Depends on (seed, epoch, position) alone. */
void an_draw_train(an_slot *slot, const an_draw_rule *rule, uint64_t epoch, uint64_t position);

/** View 0..9 of ten (facts section 3.4): corners and centre, then mirrored; centre is view 2. */
enum { AN_VIEWS = 10, AN_VIEW_CENTRE = 2 };
void an_draw_view(an_slot *slot, int side, int crop, int view);

#endif
