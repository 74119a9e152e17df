/*
 * A team: work cut into units of a fixed size, each computed by one thread with a primitive made
 * for one thread. What a unit computes does not depend on how many threads share the units; a
 * primitive that shares out its own work may cut sums differently for every number of threads.
 */
#ifndef AN_BACKEND_CPU_ONEDNN_TEAM_H
#define AN_BACKEND_CPU_ONEDNN_TEAM_H

#include "backend/cpu/onednn/reorder.h"

typedef struct an_team {
    int workers;           /* threads that may run units, each with its own primitive */
    an_primitive **worker; /* owned */
    an_primitive *last;    /* owned: for the last unit, if that is smaller; else NULL */
    size_t at, each;       /* scratch: offset, bytes for each worker; `last` has one more */
} an_team;

/** Makes one primitive; called with OpenMP set to one thread. */
typedef alexnet_status (*an_team_make)(const void *user, bool last, an_primitive **out);

/**
 * @param last  whether the last unit needs a primitive of its own
 * On failure an_team_free() is still the caller's to call.
 */
alexnet_status an_team_new(an_team *team, an_cpu_op *op, int workers, bool last, an_team_make make,
                           const void *user);
void an_team_free(an_team *team);

/** Sets data[] to the pointers of a unit, in the order of the primitive's arguments. */
typedef void (*an_team_place)(const void *user, int unit, const void **data);

alexnet_status an_team_run(const an_team *team, const an_op_args *args, int units,
                           an_team_place place, const void *user);

#endif
