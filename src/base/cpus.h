#ifndef AN_BASE_CPUS_H
#define AN_BASE_CPUS_H

/** CPUs this process may use: its affinity mask and its cgroup's quota (v2 and v1), at least 1. */
int an_cpu_count(void);

/** The most threads that OMP_THREAD_LIMIT allows a program; INT_MAX if it is not set. */
int an_thread_limit(void);
/** The most threads that are of use: some more than CPUs, because those that load pictures also
 * wait for disks. Where many share a CPU, each region of a step waits for the last of them. */
int an_thread_use(void);

/** The cgroup's quota in CPUs, or +infinity, read below `root`, which is "" except in tests. */
double an_cpu_quota(const char *root);

#endif
