/*
 * The limits of this process's control groups, versions 2 and 1. Paths begin with `root`, which is
 * "" except in tests.
 */
#ifndef AN_BASE_CGROUP_H
#define AN_BASE_CGROUP_H

enum { AN_CGROUP_LINE = 4096 };

/** The first line of root/folder/name; "" if there is none. */
void an_cgroup_line(char line[AN_CGROUP_LINE], const char *root, const char *folder,
                    const char *name);

/** @param version  version of the group, 1 or 2, on which the names of its files depend */
typedef void (*an_cgroup_visit)(void *user, const char *folder, int version);

/**
 * Call `visit` with the folder of each group that limits this process, from its own to the root of
 * the hierarchy: the groups of version 2, and those of version 1 that have the controller
 * ("memory", "cpu"). A system may have both versions.
 */
void an_cgroup_walk(const char *root, const char *controller, an_cgroup_visit visit, void *user);

#endif
