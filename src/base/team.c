#include "base/team.h"

#include <unistd.h>

#include "base/status.h"
#include "base/threads.h"

/* The size of the largest team that this thread has had, and in which process. */
static _Thread_local struct {
    int count;
    pid_t process;
} team;

static alexnet_status start(int count)
{
    int started = 0;
    AN_CHECK(an_threads_try(count - 1));
    an_threads saved = an_threads_set(count);
#pragma omp parallel reduction(+ : started)
    started += 1;
    an_threads_restore(saved);
    if (started < count)
        return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE,
                       "OpenMP starts %d of %d threads; is OMP_THREAD_LIMIT set?", started, count);
    team.count = count;
    team.process = getpid();
    return ALEXNET_OK;
}

static alexnet_status check_place(void)
{
    if (omp_in_parallel())
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "called from within an OpenMP parallel region");
    if (team.count > 1 && team.process != getpid())
        return AN_FAIL(
            ALEXNET_ERROR_INVALID_ARGUMENT,
            "this process was forked from one that had already computed, and has none of "
            "its threads: fork before the first computation, or exec");
    return ALEXNET_OK;
}

alexnet_status an_compute_check(const alexnet_ctx *ctx)
{
    AN_CHECK(an_ctx_check(ctx));
    return check_place();
}

alexnet_status an_threads_begin(an_threads *saved, int count)
{
    AN_CHECK(check_place());
    if (count > team.count)
        AN_CHECK(start(count));
    *saved = an_threads_set(count);
    return ALEXNET_OK;
}
