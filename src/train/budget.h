/*
 * Checks that a run fits into memory before anything large is allocated. Arenas are mapped lazily,
 * so a run that does not fit would otherwise be killed at its first step.
 */
#ifndef AN_TRAIN_BUDGET_H
#define AN_TRAIN_BUDGET_H

#include "train/trainer.h"

/**
 * @return ALEXNET_ERROR_NO_MEMORY if the run does not fit; the text says what its batch needs, what
 *         is available, and the largest batch that fits, if any does
 */
alexnet_status an_budget_check(const alexnet_trainer *trainer);
/**
 * Add up the memory of a run, both for the check before allocation and for the report after it.
 * @param val     all zero without validation
 * @param packed  bytes of the packed copies of the parameters
 */
void an_budget_sum(alexnet_memory *sum, const alexnet_trainer *trainer,
                   const an_program_memory *train, const an_program_memory *val, size_t packed,
                   int batch);

#endif
