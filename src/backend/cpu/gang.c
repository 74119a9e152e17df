#include "backend/cpu/gang.h"

#include <omp.h>

#include "backend/cpu/threads.h"
#include "base/alloc.h"
#include "base/status.h"

static alexnet_status make_all(an_gang *gang, bool last, an_gang_make make, const void *user)
{
    for (int i = 0; i < gang->workers; i++) {
        AN_CHECK(make(user, false, &gang->worker[i]));
        if (an_primitive_scratch(gang->worker[i]) > gang->each)
            gang->each = an_primitive_scratch(gang->worker[i]);
    }
    if (last)
        AN_CHECK(make(user, true, &gang->last));
    if (last && an_primitive_scratch(gang->last) > gang->each)
        gang->each = an_primitive_scratch(gang->last);
    gang->each = (gang->each + AN_ALIGN - 1) / AN_ALIGN * AN_ALIGN;
    return ALEXNET_OK;
}

alexnet_status an_gang_new(an_gang *gang, an_cpu_op *op, int workers, bool last, an_gang_make make,
                           const void *user)
{
    gang->worker = an_calloc((size_t)workers, sizeof(an_primitive *));
    if (!gang->worker)
        return AN_FAIL_MEMORY((size_t)workers * sizeof(an_primitive *), "primitives");
    gang->workers = workers;
    an_threads saved = an_threads_set(1);
    alexnet_status rc = make_all(gang, last, make, user);
    an_threads_restore(saved);
    if (rc == ALEXNET_OK)
        gang->at = an_cpu_take(op, gang->each * (size_t)(workers + 1));
    return rc;
}

void an_gang_free(an_gang *gang)
{
    for (int i = 0; i < gang->workers; i++)
        an_primitive_free(gang->worker[i]);
    an_primitive_free(gang->last);
    an_free(gang->worker);
}

alexnet_status an_gang_run(const an_gang *gang, const an_op_args *args, int units,
                           an_gang_place place, const void *user)
{
    int failed = 0;
#pragma omp parallel num_threads(gang->workers) reduction(| : failed)
    {
        int worker = omp_get_thread_num();
        omp_set_num_threads(1); /* of this thread; a region of one would not hold oneDNN to it */
#pragma omp for schedule(dynamic)
        for (int unit = 0; unit < units; unit++) {
            const void *data[AN_PRIMITIVE_MAX_ARGS];
            bool last = gang->last && unit == units - 1;
            size_t place_of = gang->each * (size_t)(last ? gang->workers : worker);
            void *scratch = (char *)args->scratch + gang->at + place_of;
            place(user, unit, data);
            failed |=
                an_primitive_run(last ? gang->last : gang->worker[worker], data, scratch) != 0;
        }
    }
    if (failed) /* the texts are other threads' */
        return AN_FAIL(ALEXNET_ERROR_DEVICE, "oneDNN failed in a run of a primitive");
    return ALEXNET_OK;
}
