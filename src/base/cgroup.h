/*
 * The limits of this process's control groups, versions 2 and 1. Paths begin with `root`, which is
 * "" but in tests.
 */
#ifndef AN_BASE_CGROUP_H
#define AN_BASE_CGROUP_H

enum { AN_CGROUP_LINE = 4096 };

/** The first line of root/folder/name; "" if there is none. */
void an_cgroup_line(char line[AN_CGROUP_LINE], const char *root, const char *folder,
                    const char *name);

/** Call `visit` with the folder of each group of version 2, from this process's own to the root. */
void an_cgroup_walk(const char *root, void (*visit)(void *user, const char *folder), void *user);

#endif
