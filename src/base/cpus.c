#include "base/cpus.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Quota of one cgroup folder in CPUs, or +infinity. */
static double quota_v2(const char *group)
{
    char path[4200], quota[32];
    double period, result = INFINITY;
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
    FILE *file = fopen(path, "re");
    if (!file)
        return result;
    if (fscanf(file, "%31s %lf", quota, &period) == 2 && strcmp(quota, "max") != 0) {
        double allowed;
        if (sscanf(quota, "%lf", &allowed) == 1 && allowed > 0 && period > 0)
            result = allowed / period;
    }
    fclose(file);
    return result;
}

static double read_number(const char *path)
{
    double value = -1;
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    if (fscanf(file, "%lf", &value) != 1)
        value = -1;
    fclose(file);
    return value;
}

/* The tightest quota from this process's own group up to the root. */
static double cgroup_quota(void)
{
    double quota = INFINITY;
    char line[4096];
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "0::", 3) != 0)
            continue;
        char *group = line + 3;
        group[strcspn(group, "\n")] = '\0';
        for (;;) {
            quota = fmin(quota, quota_v2(strcmp(group, "/") ? group : ""));
            char *slash = strrchr(group, '/');
            if (!slash)
                break;
            *slash = '\0';
        }
    }
    if (file)
        fclose(file);
    double allowed = read_number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    double period = read_number("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    if (allowed > 0 && period > 0)
        quota = fmin(quota, allowed / period);
    return quota;
}

int an_cpu_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        count = CPU_COUNT(&set);
    double quota = cgroup_quota();
    if (quota < (double)count)
        count = (long)ceil(quota);
#endif
    return count < 1 ? 1 : (int)count;
}
