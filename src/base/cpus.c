#include "base/cpus.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cgroup.h"

/* "quota period", in microseconds of CPU time per microseconds of time; "max" is no limit. */
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

static void visit(void *user, const char *folder)
{
    tightest *t = user;
    char line[AN_CGROUP_LINE];
    an_cgroup_line(line, t->root, folder, "cpu.max");
    t->quota = fmin(t->quota, ratio(line, NULL));
}

double an_cpu_quota(const char *root)
{
    char line[AN_CGROUP_LINE], period[AN_CGROUP_LINE];
    tightest t = {root, INFINITY};
    an_cgroup_walk(root, visit, &t);
    an_cgroup_line(line, root, "/sys/fs/cgroup/cpu", "cpu.cfs_quota_us");
    an_cgroup_line(period, root, "/sys/fs/cgroup/cpu", "cpu.cfs_period_us");
    return fmin(t.quota, ratio(line, period));
}

int an_cpu_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        count = CPU_COUNT(&set);
    double quota = an_cpu_quota("");
    if (quota < (double)count)
        count = (long)ceil(quota);
#endif
    return count < 1 ? 1 : (int)count;
}
