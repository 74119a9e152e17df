/*
 * What chance decides of the pictures that a network is trained on: crop, mirroring, colours,
 * erasing and mixing, as a recipe says; and what each counts. All of it is a function of (seed,
 * epoch, position) and the pictures of the batch.
 */
#ifndef AN_TRAIN_DRAWS_H
#define AN_TRAIN_DRAWS_H

#include "data/changes.h"
#include "data/crop.h"
#include "data/loader.h"
#include "model/network.h"
#include "train/recipe.h"

typedef struct an_draws {
    const alexnet_recipe *recipe; /* borrowed */
    an_crop_rule crop;
    an_change_rule changes;
    an_region_rule regions; /* what the loader cuts out of pictures; side 0: nothing */
    const float *weights;   /* of classes; borrowed. NULL: all are 1 */
} an_draws;

void an_draws_make(an_draws *draws, const alexnet_recipe *recipe, const an_input *input);

/** Take other axes for the colour noise. @param axes  row i: standard deviation times direction i,
 * in grey levels, R G B */
void an_draws_set_axes(an_draws *draws, const an_input *input, const double axes[3][3]);

/**
 * Fill in the slots for a batch.
 * @param slots  out, `count`; those behind the batch's pictures and those of bad pictures are empty
 * @param epoch  from 0
 * @return slots with a picture
 */
int an_draws_slots(an_draws *draws, an_slot *slots, int count, const an_batch *batch,
                   uint64_t epoch);

/** What the loader is to cut out of pictures; NULL: nothing. */
const an_region_rule *an_draws_regions(const an_draws *draws);

/** The share of labels that is spread over all classes. */
double an_draws_smoothing(const an_draws *draws, uint64_t epoch);

#endif
