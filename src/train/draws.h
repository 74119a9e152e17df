/*
 * The random changes of training pictures that a recipe asks for (crop, mirroring, colours,
 * erasing, mixing), and the weight of each picture in the loss. All of it is a function of (seed,
 * epoch, position) and the pictures of the batch.
 */
#ifndef AN_TRAIN_DRAWS_H
#define AN_TRAIN_DRAWS_H

#include "data/loader/changes.h"
#include "data/loader/crop.h"
#include "data/loader/loader.h"
#include "model/network/network.h"
#include "train/recipe.h"

typedef struct an_draws {
    const alexnet_recipe *recipe; /* borrowed */
    an_crop_rule crop;
    an_change_rule changes;
    an_region_rule regions; /* parts that the loader cuts out of pictures; side 0: none */
    const float *weights;   /* of classes; borrowed. NULL: all are 1 */
} an_draws;

void an_draws_make(an_draws *draws, const alexnet_recipe *recipe, const an_input *input);

/** Replace the axes of the colour noise. @param axes  row i: standard deviation times direction i,
 * in grey levels, R G B */
void an_draws_set_axes(an_draws *draws, const an_input *input, const double axes[3][3]);

/**
 * Fill in the slots for a batch.
 * @param slots  out, [count]; slots past the end of the batch and those of unreadable pictures are
 *               empty
 * @param epoch  from 0
 * @return number of slots with a picture
 */
int an_draws_slots(an_draws *draws, an_slot *slots, int count, const an_batch *batch,
                   uint64_t epoch);

/** The rule by which the loader cuts parts out of pictures; NULL: it cuts none. */
const an_region_rule *an_draws_regions(const an_draws *draws);

/** The share of each label that is spread over all classes. */
double an_draws_smoothing(const an_draws *draws, uint64_t epoch);

#endif
