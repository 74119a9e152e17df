#include "base/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/files_private.h"
#include "base/status.h"

struct an_reader {
    int fd; /* -1: memory */
    const unsigned char *bytes;
    uint64_t size;
    char *name;
};

static alexnet_status reader_new(an_reader **out, const char *name)
{
    an_reader *reader = an_calloc(1, sizeof *reader);
    char *copy = an_strdup(name);
    if (!reader || !copy) {
        an_free(reader);
        an_free(copy);
        return AN_FAIL_MEMORY(sizeof *reader, name);
    }
    reader->fd = -1;
    reader->name = copy;
    *out = reader;
    return ALEXNET_OK;
}

/* Takes the descriptor, which is closed on failure. */
static alexnet_status reader_of(an_reader **out, int fd, uint64_t size, const char *path)
{
    const alexnet_status rc = reader_new(out, path);
    if (rc != ALEXNET_OK) {
        close(fd);
        return rc;
    }
    (*out)->fd = fd;
    (*out)->size = size;
    return ALEXNET_OK;
}

alexnet_status an_reader_open(an_reader **out, const char *path)
{
    *out = NULL;
    int fd;
    uint64_t size;
    AN_CHECK(an_file_open(path, &fd, &size));
    return reader_of(out, fd, size, path);
}

alexnet_status an_reader_memory(an_reader **out, const char *name, const void *bytes, size_t length)
{
    *out = NULL;
    AN_CHECK(reader_new(out, name));
    (*out)->bytes = bytes;
    (*out)->size = length;
    return ALEXNET_OK;
}

/* Whether a path is relative and has no part that is empty, "." or "..": "weights/conv1". */
static bool is_plain(const char *name)
{
    for (const char *part = name;; part++) {
        const size_t length = strcspn(part, "/");
        if (length == 0 || (length == 1 && part[0] == '.') ||
            (length == 2 && !memcmp(part, "..", 2)))
            return false;
        part += length;
        if (!*part)
            return true;
    }
}

static alexnet_status refuse(const char *path, int error)
{
    struct stat info;
    if (error == ELOOP || (lstat(path, &info) == 0 && S_ISLNK(info.st_mode)))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is a link, which is not followed", path);
    errno = error;
    return an_file_fail("open", path);
}

/* Open a file by its path without following links in the part from `at` on: component by component,
 * each in the folder that was opened before it. */
static alexnet_status open_below(char *path, char *at, int *fd, uint64_t *size)
{
    const int how = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    char *slash = at > path ? at - 1 : NULL;
    *fd = AT_FDCWD;
    if (slash) {
        *slash = '\0';
        *fd = open(at == path + 1 ? "/" : path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
        const int error = errno;
        if (*fd < 0)
            return refuse(path, error);
        *slash = '/';
    }
    for (char *end; at; at = end ? end + 1 : NULL) {
        end = strchr(at, '/');
        if (end)
            *end = '\0';
        const int next = openat(*fd, at, how | (end ? O_DIRECTORY : 0));
        const int error = errno;
        if (*fd >= 0)
            close(*fd);
        *fd = next;
        if (next < 0)
            return refuse(path, error);
        if (end)
            *end = '/';
    }
    return an_file_measure(path, *fd, size);
}

alexnet_status an_reader_open_beside(an_reader **out, const an_reader *other, const char *name)
{
    int fd;
    uint64_t size;
    *out = NULL;
    if (other->fd < 0)
        return AN_FAIL(
            ALEXNET_ERROR_FORMAT,
            "%s has a part in another file, %s, which cannot be found for a model in memory",
            other->name, name);
    while (name[0] == '.' && name[1] == '/')
        name += 2;
    if (!is_plain(name))
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s has a part in another file, %s, which must be named below its folder",
                       other->name, name);
    const size_t folder = an_path_folder(other->name);
    char *path = an_format("%.*s%s", (int)folder, other->name, name);
    if (!path)
        return AN_FAIL_MEMORY(folder + strlen(name), "a path");
    alexnet_status rc = open_below(path, path + folder, &fd, &size);
    if (rc == ALEXNET_OK)
        rc = reader_of(out, fd, size, path);
    an_free(path);
    return rc;
}

void an_reader_close(an_reader *reader)
{
    if (!reader)
        return;
    if (reader->fd >= 0)
        close(reader->fd);
    an_free(reader->name);
    an_free(reader);
}

uint64_t an_reader_size(const an_reader *reader)
{
    return reader->size;
}

const char *an_reader_name(const an_reader *reader)
{
    return reader->name;
}

alexnet_status an_reader_read(an_reader *reader, uint64_t offset, void *dst, size_t length)
{
    if (offset > reader->size || length > reader->size - offset)
        return AN_FAIL(
            ALEXNET_ERROR_FORMAT, "%s ends early: %zu bytes expected at offset %llu, file has %llu",
            reader->name, length, (unsigned long long)offset, (unsigned long long)reader->size);
    if (reader->fd < 0) {
        if (length)
            memcpy(dst, reader->bytes + offset, length);
        return ALEXNET_OK;
    }
    ssize_t got = an_file_read_fully(reader->fd, dst, length, (off_t)offset);
    if (got < 0)
        return an_file_fail("read", reader->name);
    if ((size_t)got != length)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s was cut short while it was read", reader->name);
    return ALEXNET_OK;
}
