#ifndef AN_BASE_CPUS_H
#define AN_BASE_CPUS_H

/** CPUs this process may use: its affinity mask and its cgroup's quota (v2 and v1), at least 1. */
int an_cpu_count(void);

/** The cgroup's quota in CPUs, or +infinity, read below `root`: "" but in tests. */
double an_cpu_quota(const char *root);

#endif
