#include "infer/index_files.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/writer.h"

static const char ending[] = ".safetensors";

/* What follows "<identity>-<number>" in a name; NULL if it does not begin so. */
static const char *after_number(const char *identity, const char *name, int *number)
{
    const size_t length = strlen(identity);
    int end = 0;
    if (strncmp(name, identity, length) != 0 ||
        sscanf(name + length, "-%6d%n", number, &end) != 1 || *number < 0)
        return NULL;
    return name + length + end;
}

/* Skip "-<unique>", which files of earlier versions lack. */
static const char *after_unique(const char *name)
{
    return *name == '-' ? name + 1 + strspn(name + 1, "0123456789abcdef") : name;
}

int an_index_file_number(const char *identity, const char *name)
{
    int number;
    const char *rest = after_number(identity, name, &number);
    return rest && strcmp(after_unique(rest), ending) == 0 ? number : -1;
}

alexnet_status an_index_file_new(char **path, const char *home, const char *identity, int number)
{
    uint64_t unique;
    *path = NULL;
    if (getrandom(&unique, sizeof unique, 0) != (ssize_t)sizeof unique)
        return an_file_fail("draw a name for a file in", home);
    *path = an_format("%s/%s-%06d-%016" PRIx64 "%s", home, identity, number, unique, ending);
    return *path ? ALEXNET_OK : AN_FAIL_MEMORY(strlen(home), "a path");
}

/* A day is far longer than a builder waits between two writes, whatever the clocks of the machines
 * that share a disk say. */
bool an_index_file_is_left(const char *home, const char *identity, const char *name)
{
    enum { DAY = 24 * 60 * 60 };
    struct stat info;
    int number;
    const char *rest = after_number(identity, name, &number);
    rest = rest ? after_unique(rest) : "";
    if (strncmp(rest, ending, sizeof ending - 1) != 0 ||
        strcmp(rest + sizeof ending - 1, ".tmp") != 0)
        return false;
    char *path = an_path_join(home, name);
    const bool old = path && stat(path, &info) == 0 && time(NULL) - info.st_mtime > DAY;
    an_free(path);
    return old;
}

alexnet_status an_index_home_check(const char *home, const char *identity)
{
    char *path;
    an_writer *probe;
    AN_CHECK(an_make_folder(home));
    AN_CHECK(an_index_file_new(&path, home, identity, 0));
    const alexnet_status rc = an_writer_open(&probe, path);
    an_free(path);
    AN_CHECK(rc);
    an_writer_abort(probe);
    return ALEXNET_OK;
}
