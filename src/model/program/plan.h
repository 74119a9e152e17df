/*
 * Places for tensors in one arena: two tensors may share bytes if they are never alive together.
 */
#ifndef AN_MODEL_PROGRAM_PLAN_H
#define AN_MODEL_PROGRAM_PLAN_H

#include <stddef.h>

#include "alexnet/alexnet.h"

typedef struct an_life {
    size_t bytes;
    int first, last; /* steps that first write it and last read it; last >= first */
    size_t offset;   /* out; a multiple of AN_ALIGN */
} an_life;

/**
 * Place `count` tensors: the largest first, each at the lowest offset where it overlaps no tensor
 * that is alive at the same time.
 * @param total  out, bytes of the arena
 */
alexnet_status an_plan(an_life *lives, int count, size_t *total);

#endif
