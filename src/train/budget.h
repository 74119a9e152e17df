/*
 * Whether a run fits into memory, asked before anything of its size is allocated: arenas are mapped
 * lazily, so that a run that does not fit would otherwise be killed at its first step.
 */
#ifndef AN_TRAIN_BUDGET_H
#define AN_TRAIN_BUDGET_H

#include "train/trainer.h"

/**
 * @return ALEXNET_ERROR_NO_MEMORY that says what the run's batch needs, what there is, and the
 *         largest batch that fits, if one does
 */
alexnet_status an_budget_check(const alexnet_trainer *trainer);
/**
 * The one sum of a run's memory, before anything is allocated and after.
 * @param val     all zero without validation
 * @param packed  bytes of the packed copies of the parameters
 */
void an_budget_sum(alexnet_memory *sum, const alexnet_trainer *trainer,
                   const an_program_memory *train, const an_program_memory *val, size_t packed,
                   int batch);

#endif
