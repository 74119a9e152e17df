#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cgroup.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Parse a number of bytes; `none` for "max", "" and anything else that is not a number. */
static uint64_t number(const char *text, uint64_t none)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    return end == text ? none : value;
}

/* What a group leaves below its limit. Usage includes the page cache; its inactive part can be
 * reclaimed, and is subtracted here. */
static uint64_t left(const char *root, const char *folder, int version)
{
    const char *limit = version == 2 ? "memory.max" : "memory.limit_in_bytes";
    const char *usage = version == 2 ? "memory.current" : "memory.usage_in_bytes";
    const char *cache = version == 2 ? "inactive_file " : "total_inactive_file ";
    char line[AN_CGROUP_LINE];
    an_cgroup_line(line, root, folder, limit);
    uint64_t most = number(line, UINT64_MAX);
    if (most == UINT64_MAX)
        return UINT64_MAX;
    an_cgroup_line(line, root, folder, usage);
    uint64_t used = number(line, 0);
    char path[4200];
    snprintf(path, sizeof path, "%s%s/memory.stat", root, folder);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, cache, strlen(cache)) == 0)
            used -= least(used, number(line + strlen(cache), 0));
    if (file)
        fclose(file);
    return used < most ? most - used : 0;
}

typedef struct tightest {
    const char *root;
    uint64_t bytes;
} tightest;

static void visit(void *user, const char *folder, int version)
{
    tightest *t = user;
    t->bytes = least(t->bytes, left(t->root, folder, version));
}

static uint64_t machine(const char *root)
{
    char path[4200], line[256];
    uint64_t bytes = UINT64_MAX;
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "MemAvailable:", 13) == 0)
            bytes = number(line + 13, 0) * 1024;
    if (file)
        fclose(file);
    return bytes;
}

uint64_t an_memory_addresses(const char *root)
{
    struct rlimit limit;
    char line[AN_CGROUP_LINE];
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    an_cgroup_line(line, root, "/proc/self", "statm");
    uint64_t used = number(line, 0) * (uint64_t)sysconf(_SC_PAGESIZE);
    return used < limit.rlim_cur ? limit.rlim_cur - used : 0;
}

uint64_t an_memory_available(const char *root, uint64_t mapped)
{
    const uint64_t addresses = an_memory_addresses(root);
    const uint64_t own = least(mapped, UINT64_MAX - addresses);
    tightest t = {root, least(machine(root), addresses + own)};
    an_cgroup_walk(root, "memory", visit, &t);
    return t.bytes;
}
