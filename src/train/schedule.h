/*
 * Rates as a function of the step alone; with schedule = plateau also of the drops so far, which
 * checkpoints store.
 */
#ifndef AN_TRAIN_SCHEDULE_H
#define AN_TRAIN_SCHEDULE_H

#include "model/program/program.h"
#include "train/recipe.h"
#include "train/run_state.h"

/**
 * What the schedule multiplies the rates by at a step.
 *     warm-up      rises linearly to 1 over the first `warmup` epochs
 *     step         step_factor^floor(epoch / step_epochs)
 *     exponential  fall^(-i / (n - 1)) in part i = 0 ... n - 1 of the run, n = fall_steps
 *     poly         (1 - t)^poly_power, t from 0 after the warm-up to 1 at the end
 *     cosine       (1 + cos(pi t)) / 2, with the same t; with restart_epochs, t is that of the
 *                  current period
 *     plateau      step_factor^(drops before the epoch)
 * @param drops  of schedule = plateau; NULL: none yet
 */
double an_schedule_factor(const alexnet_recipe *recipe, const an_drops *drops, int64_t step,
                          int64_t steps_per_epoch);
/** Whether the rule is Adam's or AdamW's, whose changes do not grow with the gradients. */
bool an_schedule_is_adam(const alexnet_recipe *recipe);
/** Whether the rates depend on how many epochs are planned. */
bool an_schedule_has_end(const alexnet_recipe *recipe);

/**
 * The part of the update rule that all parameters share in a step. Update t = 0, 1, ... keeps the
 * share `average` of the averaged weights, but at most (1 + t) / (10 + t), so that the initial
 * weights are soon forgotten.
 */
void an_schedule_rule(an_rule *rule, const alexnet_recipe *recipe, int64_t step,
                      int64_t steps_per_epoch);

/** Fill in the rates of all learned parameters of a net for a step. */
void an_schedule_rates(an_rates *rates, const an_net *net, const alexnet_recipe *recipe,
                       const an_drops *drops, int64_t step, int64_t steps_per_epoch);

#endif
