#include "base/cpus.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4200, LINE_SIZE = 4096 };

/* The first line of root/folder/name, cut at LINE_SIZE; "" if there is none. */
static void read_line(char line[LINE_SIZE], const char *root, const char *folder, const char *name)
{
    char path[PATH_SIZE];
    line[0] = '\0';
    if (snprintf(path, sizeof path, "%s%s/%s", root, folder, name) >= PATH_SIZE)
        return;
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    if (!fgets(line, LINE_SIZE, file))
        line[0] = '\0';
    fclose(file);
}

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

/* The tightest quota of version 2, from a group up to the root. Shortens `group`. */
static double quota_v2(const char *root, char *group)
{
    double quota = INFINITY;
    for (;;) {
        char folder[PATH_SIZE], line[LINE_SIZE];
        snprintf(folder, sizeof folder, "/sys/fs/cgroup%s", group);
        read_line(line, root, folder, "cpu.max");
        quota = fmin(quota, ratio(line, NULL));
        char *slash = strrchr(group, '/');
        if (!slash)
            return quota;
        *slash = '\0';
    }
}

double an_cpu_quota(const char *root)
{
    char path[PATH_SIZE], line[LINE_SIZE], period[LINE_SIZE];
    double quota = INFINITY;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::/", 4) == 0)
            quota = fmin(quota, quota_v2(root, line + 3));
    }
    if (file)
        fclose(file);
    read_line(line, root, "/sys/fs/cgroup/cpu", "cpu.cfs_quota_us");
    read_line(period, root, "/sys/fs/cgroup/cpu", "cpu.cfs_period_us");
    return fmin(quota, ratio(line, period));
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
