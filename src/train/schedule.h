/*
 * Rates as a function of the step alone, so that a resumed run has nothing to remember.
 */
#ifndef AN_TRAIN_SCHEDULE_H
#define AN_TRAIN_SCHEDULE_H

#include "model/program.h"
#include "train/recipe.h"

/**
 * What the schedule multiplies the rates by at a step.
 *     warm-up   rises linearly to 1 over the first `warmup` epochs
 *     step      step_factor^floor(epoch / step_epochs)
 *     cosine    (1 + cos(pi t)) / 2, t from 0 after the warm-up to 1 at the end
 */
double an_schedule_factor(const alexnet_recipe *recipe, int64_t step, int64_t steps_per_epoch);

/** Fill in the rates of all learned parameters of a net for a step. */
void an_schedule_rates(an_rates *rates, const an_net *net, const alexnet_recipe *recipe,
                       int64_t step, int64_t steps_per_epoch);

#endif
