/*
 * A team: work cut into units, each computed by one thread with a primitive made for one thread.
 * What a unit computes does not depend on how many threads share the units, whereas a primitive
 * that divides its own work among threads may group sums differently for each number of threads.
 */
#ifndef AN_BACKEND_CPU_ONEDNN_TEAM_H
#define AN_BACKEND_CPU_ONEDNN_TEAM_H

#include "backend/cpu/onednn/reorder.h"

/** Units of two sizes: `full` large ones, then small ones. Sizes are in the units of
 * an_primitive_make. */
typedef struct an_units {
    int count, full;
    int64_t large, small;
} an_units;

typedef struct an_team {
    an_units units;
    int workers;               /* threads that may run units, each with its own primitives */
    an_primitive **primitives; /* owned: [workers] for large units, [workers] for small ones */
    size_t at, each;           /* scratch: offset, bytes for each worker */
} an_team;

/**
 * Make a team with a worker for each unit, but at most one for each thread of the context.
 * On failure the caller must still call an_team_free().
 */
alexnet_status an_team_new(an_team *team, an_cpu_op *op, an_units units, an_primitive_make make,
                           const void *problem);
void an_team_free(an_team *team);
/** The first worker's primitive for large or for small units; NULL if there are no such units. */
an_primitive *an_team_primitive(const an_team *team, bool small);

/** The first worker's primitive for large units if there are any, else for small ones; NULL if the
 * team was not made. */
an_primitive *an_team_first(const an_team *team);

/** Sets data[] to the pointers of a unit, in the order of the primitive's arguments. */
typedef void (*an_team_place)(const void *user, int unit, const void **data);

/** Run `count` units from `first` on; returns when all of them have run. */
alexnet_status an_team_run(const an_team *team, const an_op_args *args, int first, int count,
                           an_team_place place, const void *user);

#endif
