#include "base/cpus.h"

#include <errno.h>
#include <math.h>
#include <omp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cgroup.h"

/* "quota period", in microseconds of CPU time per microseconds of wall-clock time; "max" is no
 * limit. */
static double ratio(const char *quota, const char *period)
{
    char *end;
    const long long allowed = strtoll(quota, &end, 10);
    if (end == quota || allowed <= 0)
        return INFINITY;
    if (!period)
        period = end;
    const long long length = strtoll(period, NULL, 10);
    return length > 0 ? (double)allowed / (double)length : INFINITY;
}

typedef struct tightest {
    const char *root;
    double quota;
} tightest;

static void visit(void *user, const char *folder, int version)
{
    tightest *t = user;
    char line[AN_CGROUP_LINE], period[AN_CGROUP_LINE];
    an_cgroup_line(line, t->root, folder, version == 2 ? "cpu.max" : "cpu.cfs_quota_us");
    if (version == 1)
        an_cgroup_line(period, t->root, folder, "cpu.cfs_period_us");
    t->quota = fmin(t->quota, ratio(line, version == 2 ? NULL : period));
}

double an_cpu_quota(const char *root)
{
    tightest t = {root, INFINITY};
    an_cgroup_walk(root, "cpu", visit, &t);
    return t.quota;
}

#ifdef __linux__
/* The CPUs that this thread may run on; 0: unknown. The kernel refuses a set that is smaller than
 * its own, which may be larger than cpu_set_t. */
static int count_affinity(void)
{
    enum { MOST = 1 << 16 };
    for (int room = CPU_SETSIZE; room <= MOST; room *= 2) {
        const size_t bytes = CPU_ALLOC_SIZE(room);
        cpu_set_t *set = an_malloc(bytes);
        if (!set)
            return 0;
        const bool known = sched_getaffinity(0, bytes, set) == 0;
        const int count = known ? CPU_COUNT_S(bytes, set) : 0;
        an_free(set);
        if (known || errno != EINVAL)
            return count;
    }
    return 0;
}
#endif

int an_cpu_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef __linux__
    const int allowed = count_affinity();
    if (allowed)
        count = allowed;
    double quota = an_cpu_quota("");
    if (quota < (double)count)
        count = (long)ceil(quota);
#endif
    return count < 1 ? 1 : (int)count;
}

int an_thread_use(void)
{
    enum { PER_CPU = 8 };
    return PER_CPU * an_cpu_count();
}

int an_thread_limit(void)
{
    return omp_get_thread_limit();
}
