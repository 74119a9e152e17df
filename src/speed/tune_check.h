/*
 * The comparison of the variants of a trial with ref, within the bounds of rounding.
 */
#ifndef AN_SPEED_TUNE_CHECK_H
#define AN_SPEED_TUNE_CHECK_H

#include "speed/tune_trials.h"

/** Compare the operators of trial `now` with ref, and record which deviate too much. */
alexnet_status an_tune_check(alexnet_tuner *tuner);
/** Whether an operator of a trial deviates too much. */
bool an_tune_deviates(const alexnet_tuner *tuner, const trial *which);

#endif
