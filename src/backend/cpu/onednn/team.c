#include "backend/cpu/onednn/team.h"

#include <omp.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/status.h"

static alexnet_status make_one(an_team *team, int worker, bool small, an_primitive_make make,
                               const void *problem)
{
    an_primitive **one = &team->primitives[small ? team->workers + worker : worker];
    int64_t size = small ? team->units.small : team->units.large;
    AN_CHECK(an_primitive_make_for(1, make, problem, size, one));
    if (an_primitive_scratch(*one) > team->each)
        team->each = an_primitive_scratch(*one);
    return ALEXNET_OK;
}

static alexnet_status make_all(an_team *team, an_primitive_make make, const void *problem)
{
    for (int i = 0; i < team->workers; i++) {
        if (team->units.full > 0)
            AN_CHECK(make_one(team, i, false, make, problem));
        if (team->units.full < team->units.count)
            AN_CHECK(make_one(team, i, true, make, problem));
    }
    team->each = an_aligned(team->each);
    return ALEXNET_OK;
}

alexnet_status an_team_new(an_team *team, an_cpu_op *op, an_units units, an_primitive_make make,
                           const void *problem)
{
    int threads = op->cpu->base.ctx->threads;
    team->units = units;
    team->workers = threads < units.count ? threads : units.count;
    size_t count = 2 * (size_t)team->workers;
    team->primitives = an_calloc(count, sizeof(an_primitive *));
    if (!team->primitives)
        return AN_FAIL_MEMORY(count * sizeof(an_primitive *), "primitives");
    AN_CHECK(make_all(team, make, problem));
    team->at = an_cpu_take(op, team->each * (size_t)team->workers);
    return ALEXNET_OK;
}

void an_team_free(an_team *team)
{
    for (int i = 0; team->primitives && i < 2 * team->workers; i++)
        an_primitive_free(team->primitives[i]);
    an_free(team->primitives);
}

an_primitive *an_team_primitive(const an_team *team, bool small)
{
    return team->primitives ? team->primitives[small ? team->workers : 0] : NULL;
}

an_primitive *an_team_first(const an_team *team)
{
    return an_team_primitive(team, team->units.full == 0);
}

/* Let a worker run one unit after another until none is left. @return whether a run failed */
static bool work(const an_team *team, int worker, const an_op_args *args, atomic_int *next, int end,
                 an_team_place place, const void *user)
{
    bool failed = false;
    void *scratch = (char *)args->scratch + team->at + team->each * (size_t)worker;
    for (int unit; (unit = atomic_fetch_add(next, 1)) < end;) {
        const void *data[AN_PRIMITIVE_MAX_ARGS];
        bool small = unit >= team->units.full;
        place(user, unit, data);
        failed |= an_primitive_run(team->primitives[small ? team->workers + worker : worker], data,
                                   scratch) != ALEXNET_OK;
    }
    return failed;
}

/* The region has all threads of the context, even those that are not workers: OpenMP's runtime ends
 * threads that a region leaves out, and would have to start them again for the next region. */
alexnet_status an_team_run(const an_team *team, const an_op_args *args, int first, int count,
                           an_team_place place, const void *user)
{
    int failed = 0;
    atomic_int next;
    atomic_init(&next, first);
#pragma omp parallel reduction(| : failed)
    {
        int worker = omp_get_thread_num();
        omp_set_num_threads(1); /* limits oneDNN in this thread; a region of one would not */
        if (worker < team->workers)
            failed |= work(team, worker, args, &next, first + count, place, user);
    }
    if (failed) /* the error texts belong to the threads that failed */
        return AN_FAIL(ALEXNET_ERROR_DEVICE, "oneDNN failed in a run of a primitive");
    return ALEXNET_OK;
}
