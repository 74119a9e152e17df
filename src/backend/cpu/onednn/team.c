#include "backend/cpu/onednn/team.h"

#include <omp.h>

#include "backend/cpu/threads.h"
#include "base/alloc.h"
#include "base/status.h"

static alexnet_status make_all(an_team *team, bool last, an_team_make make, const void *user)
{
    for (int i = 0; i < team->workers; i++) {
        AN_CHECK(make(user, false, &team->worker[i]));
        if (an_primitive_scratch(team->worker[i]) > team->each)
            team->each = an_primitive_scratch(team->worker[i]);
    }
    if (last)
        AN_CHECK(make(user, true, &team->last));
    if (last && an_primitive_scratch(team->last) > team->each)
        team->each = an_primitive_scratch(team->last);
    team->each = (team->each + AN_ALIGN - 1) / AN_ALIGN * AN_ALIGN;
    return ALEXNET_OK;
}

alexnet_status an_team_new(an_team *team, an_cpu_op *op, int workers, bool last, an_team_make make,
                           const void *user)
{
    team->worker = an_calloc((size_t)workers, sizeof(an_primitive *));
    if (!team->worker)
        return AN_FAIL_MEMORY((size_t)workers * sizeof(an_primitive *), "primitives");
    team->workers = workers;
    an_threads saved = an_threads_set(1);
    alexnet_status rc = make_all(team, last, make, user);
    an_threads_restore(saved);
    if (rc == ALEXNET_OK)
        team->at = an_cpu_take(op, team->each * (size_t)(workers + 1));
    return rc;
}

void an_team_free(an_team *team)
{
    for (int i = 0; i < team->workers; i++)
        an_primitive_free(team->worker[i]);
    an_primitive_free(team->last);
    an_free(team->worker);
}

alexnet_status an_team_run(const an_team *team, const an_op_args *args, int units,
                           an_team_place place, const void *user)
{
    int failed = 0;
#pragma omp parallel num_threads(team->workers) reduction(| : failed)
    {
        int worker = omp_get_thread_num();
        omp_set_num_threads(1); /* of this thread; a region of one would not hold oneDNN to it */
#pragma omp for schedule(dynamic)
        for (int unit = 0; unit < units; unit++) {
            const void *data[AN_PRIMITIVE_MAX_ARGS];
            bool last = team->last && unit == units - 1;
            size_t place_of = team->each * (size_t)(last ? team->workers : worker);
            void *scratch = (char *)args->scratch + team->at + place_of;
            place(user, unit, data);
            failed |=
                an_primitive_run(last ? team->last : team->worker[worker], data, scratch) != 0;
        }
    }
    if (failed) /* the texts are other threads' */
        return AN_FAIL(ALEXNET_ERROR_DEVICE, "oneDNN failed in a run of a primitive");
    return ALEXNET_OK;
}
