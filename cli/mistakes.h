/*
 * The pictures that a model is most wrong about.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_MISTAKES_H
#define CLI_MISTAKES_H

#include "evaluate.h"

enum { MISTAKES_MAX = 24 };

/** A picture whose best class is not its own. */
typedef struct mistake {
    int64_t picture; /* index in the data set */
    int label, answer;
    double loss, probability; /* -log p(label); probability of the answer */
} mistake;

/** The mistakes with the largest loss, the worst first. Starts as all zero. */
typedef struct mistakes {
    mistake list[MISTAKES_MAX];
    int count;
    int64_t seen; /* pictures so far; they come in the order of the data set */
} mistakes;

/** For evaluation_watch: add the mistakes of the latest step; `user` is a mistakes. */
void mistakes_take(void *user, const alexnet_evaluation *evaluation);

#endif
