#include "base/cgroup.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

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

/* A mounted hierarchy: the group that is mounted, and the folder where its files are. */
typedef struct mount {
    char group[PATH_SIZE], folder[PATH_SIZE];
} mount;

/* Replace octal escapes of mountinfo, such as "\040", with their bytes. */
static void unescape(char *text)
{
    char *to = text;
    for (char *from = text; *from; from++)
        if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
            const char digits[] = {from[1], from[2], from[3], '\0'};
            *to++ = (char)strtol(digits, NULL, 8);
            from += 3;
        } else {
            *to++ = *from;
        }
    *to = '\0';
}

/* Parse a line of /proc/self/mountinfo: number, parent, device, group, folder, options, further
 * fields, a dash, type, source, options of the hierarchy. Returns whether it is the right one. */
static bool read_mount(char *line, const char *controller, int version, mount *out)
{
    char type[32], options[1024];
    char *dash = strstr(line, " - ");
    if (!dash || sscanf(dash, " - %31s %*s %1023s", type, options) != 2 ||
        strcmp(type, version == 2 ? "cgroup2" : "cgroup") != 0 ||
        (version == 1 && an_text_position(options, ',', controller) < 0))
        return false;
    if (sscanf(line, "%*s %*s %*s %4199s %4199s", out->group, out->folder) != 2)
        return false;
    unescape(out->group);
    unescape(out->folder);
    return true;
}

static mount find_mount(const char *root, const char *controller, int version)
{
    static const char usual[] = "/sys/fs/cgroup";
    char path[PATH_SIZE], line[2 * PATH_SIZE];
    mount found = {"/", ""};
    bool seen = false;
    snprintf(path, sizeof path, "%s/proc/self/mountinfo", root);
    FILE *file = fopen(path, "re");
    while (file && !seen && fgets(line, sizeof line, file))
        seen = read_mount(line, controller, version, &found);
    if (file)
        fclose(file);
    if (!seen)
        found = (mount){"/", ""};
    if (!seen && version == 2)
        snprintf(found.folder, sizeof found.folder, "%s", usual);
    else if (!seen)
        snprintf(found.folder, sizeof found.folder, "%s/%s", usual, controller);
    return found;
}

/* Visit a group and those above it, up to the mounted one. A group outside the mounted one belongs
 * to another namespace: then only the mounted one is visited. */
static void climb(const mount *where, const char *group, int version, an_cgroup_visit visit,
                  void *user)
{
    char folder[2 * PATH_SIZE];
    size_t base = strlen(where->folder), above = strlen(where->group);
    bool whole = strcmp(where->group, "/") == 0;
    const char *below = "";
    if (whole ||
        (strncmp(group, where->group, above) == 0 && (group[above] == '/' || group[above] == '\0')))
        below = whole ? group : group + above;
    if (strcmp(below, "/") == 0 || strstr(below, "/.."))
        below = "";
    snprintf(folder, sizeof folder, "%s%s", where->folder, below);
    for (;;) {
        visit(user, folder, version);
        char *slash = strrchr(folder + base, '/');
        if (!slash)
            return;
        *slash = '\0';
    }
}

void an_cgroup_walk(const char *root, const char *controller, an_cgroup_visit visit, void *user)
{
    char path[PATH_SIZE], line[PATH_SIZE];
    bool known = false;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) { /* number:controllers:group */
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':'),
             *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        controllers++;
        int version = strncmp(line, "0:", 2) == 0 && !*controllers ? 2 : 1;
        if (version == 1 && an_text_position(controllers, ',', controller) < 0)
            continue;
        mount where = find_mount(root, controller, version);
        climb(&where, group, version, visit, user);
        known |= version == 1;
    }
    if (file)
        fclose(file);
    if (known)
        return;
    mount where = find_mount(root, controller, 1);
    visit(user, where.folder, 1);
}
