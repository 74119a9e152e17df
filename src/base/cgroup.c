#include "base/cgroup.h"

#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 4200 };

void an_cgroup_line(char line[AN_CGROUP_LINE], const char *root, const char *folder,
                    const char *name)
{
    char path[PATH_SIZE];
    line[0] = '\0';
    if (snprintf(path, sizeof path, "%s%s/%s", root, folder, name) >= PATH_SIZE)
        return;
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    if (!fgets(line, AN_CGROUP_LINE, file))
        line[0] = '\0';
    fclose(file);
}

/* From a group up to the root. Shortens `group`. */
static void climb(char *group, void (*visit)(void *user, const char *folder), void *user)
{
    for (;;) {
        char folder[PATH_SIZE];
        snprintf(folder, sizeof folder, "/sys/fs/cgroup%s", group);
        visit(user, folder);
        char *slash = strrchr(group, '/');
        if (!slash)
            return;
        *slash = '\0';
    }
}

void an_cgroup_walk(const char *root, void (*visit)(void *user, const char *folder), void *user)
{
    char path[PATH_SIZE], line[AN_CGROUP_LINE];
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::/", 4) == 0)
            climb(line + 3, visit, user);
    }
    if (file)
        fclose(file);
}
