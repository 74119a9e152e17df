#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/status.h"

static alexnet_status fail_io(const char *verb, const char *path)
{
    return AN_FAIL(ALEXNET_ERROR_IO, "cannot %s %s: %s", verb, path, strerror(errno));
}

/* read(2) until `length` bytes or the end; returns the count, or -1. */
static ssize_t read_fully(int fd, void *dst, size_t length, off_t offset)
{
    size_t done = 0;
    while (done < length) {
        ssize_t n = pread(fd, (char *)dst + done, length - done, offset + (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

/* Open for reading and learn the size; only regular files, so that a FIFO cannot hang us. */
static alexnet_status open_regular(const char *path, int *fd, uint64_t *size)
{
    struct stat info;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0)
        return fail_io("open", path);
    if (fstat(*fd, &info) != 0) {
        alexnet_status rc = fail_io("examine", path);
        close(*fd);
        return rc;
    }
    if (!S_ISREG(info.st_mode)) {
        close(*fd);
        return AN_FAIL(ALEXNET_ERROR_IO, "cannot read %s: it is %s, not a file", path,
                       S_ISDIR(info.st_mode) ? "a folder" : "a device or pipe");
    }
    *size = (uint64_t)info.st_size;
    return ALEXNET_OK;
}

alexnet_status an_file_read(const char *path, size_t limit, unsigned char **bytes, size_t *length)
{
    int fd;
    uint64_t size;
    *bytes = NULL;
    *length = 0;
    AN_CHECK(open_regular(path, &fd, &size));
    alexnet_status rc = ALEXNET_OK;
    unsigned char *block = NULL;
    if (size > limit) {
        rc = AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has %llu bytes; at most %zu are read", path,
                     (unsigned long long)size, limit);
        goto cleanup;
    }
    block = an_malloc((size_t)size + 1);
    if (!block) {
        rc = AN_FAIL_MEMORY(size, path);
        goto cleanup;
    }
    ssize_t got = read_fully(fd, block, (size_t)size, 0);
    if (got < 0) {
        rc = fail_io("read", path);
        goto cleanup;
    }
    block[got] = '\0';
    *bytes = block;
    *length = (size_t)got;
    block = NULL;
cleanup:
    an_free(block);
    close(fd);
    return rc;
}

bool an_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool an_is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

alexnet_status an_make_folder(const char *path)
{
    char *copy = an_strdup(path);
    if (!copy)
        return AN_FAIL_MEMORY(strlen(path), "a path");
    alexnet_status rc = ALEXNET_OK;
    for (char *p = copy + 1; *copy && rc == ALEXNET_OK; p++) {
        char kept = *p;
        if (kept != '/' && kept != '\0')
            continue;
        *p = '\0';
        if (mkdir(copy, 0777) != 0 && !(errno == EEXIST && an_is_folder(copy)))
            rc = fail_io("make the folder", copy);
        *p = kept;
        if (kept == '\0')
            break;
    }
    an_free(copy);
    return rc;
}

char *an_path_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    return an_format("%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/", name);
}

struct an_writer {
    int fd;
    char *path;
    char *temporary;
};

alexnet_status an_writer_open(an_writer **out, const char *path)
{
    *out = NULL;
    an_writer *writer = an_calloc(1, sizeof *writer);
    if (!writer)
        return AN_FAIL_MEMORY(sizeof *writer, path);
    writer->fd = -1;
    writer->path = an_strdup(path);
    writer->temporary = an_format("%s.tmp", path);
    alexnet_status rc = ALEXNET_OK;
    if (!writer->path || !writer->temporary)
        rc = AN_FAIL_MEMORY(2 * strlen(path), "a path");
    else if ((writer->fd =
                  open(writer->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) < 0)
        rc = fail_io("create", writer->temporary);
    if (rc != ALEXNET_OK) {
        an_free(writer->path);
        an_free(writer->temporary);
        an_free(writer);
        return rc;
    }
    *out = writer;
    return ALEXNET_OK;
}

alexnet_status an_writer_put(an_writer *writer, const void *bytes, size_t length)
{
    const char *from = bytes;
    while (length > 0) {
        ssize_t n = write(writer->fd, from, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_io("write", writer->temporary);
        from += n;
        length -= (size_t)n;
    }
    return ALEXNET_OK;
}

/* A rename is only as safe as the folder's own record of it. */
static alexnet_status sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder =
        slash ? an_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : an_strdup(".");
    if (!folder)
        return AN_FAIL_MEMORY(strlen(path), "a path");
    alexnet_status rc = ALEXNET_OK;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL)) /* EINVAL: a file system without it */
        rc = fail_io("flush the folder", folder);
    if (fd >= 0)
        close(fd);
    an_free(folder);
    return rc;
}

alexnet_status an_writer_commit(an_writer *writer)
{
    alexnet_status rc = ALEXNET_OK;
    if (fsync(writer->fd) != 0)
        rc = fail_io("flush", writer->temporary);
    if (close(writer->fd) != 0 && rc == ALEXNET_OK)
        rc = fail_io("close", writer->temporary);
    writer->fd = -1;
    if (rc == ALEXNET_OK && rename(writer->temporary, writer->path) != 0)
        rc = fail_io("rename a temporary file to", writer->path);
    if (rc != ALEXNET_OK) {
        an_writer_abort(writer);
        return rc;
    }
    rc = sync_folder_of(writer->path);
    an_free(writer->path);
    an_free(writer->temporary);
    an_free(writer);
    return rc;
}

void an_writer_abort(an_writer *writer)
{
    if (!writer)
        return;
    if (writer->fd >= 0)
        close(writer->fd);
    unlink(writer->temporary);
    an_free(writer->path);
    an_free(writer->temporary);
    an_free(writer);
}

alexnet_status an_file_replace(const char *path, const void *bytes, size_t length)
{
    an_writer *writer;
    AN_CHECK(an_writer_open(&writer, path));
    alexnet_status rc = an_writer_put(writer, bytes, length);
    if (rc != ALEXNET_OK) {
        an_writer_abort(writer);
        return rc;
    }
    return an_writer_commit(writer);
}

struct an_source {
    int fd; /* -1: memory */
    const unsigned char *bytes;
    uint64_t size;
    char *name;
};

static alexnet_status source_new(an_source **out, const char *name)
{
    an_source *source = an_calloc(1, sizeof *source);
    char *copy = an_strdup(name);
    if (!source || !copy) {
        an_free(source);
        an_free(copy);
        return AN_FAIL_MEMORY(sizeof *source, name);
    }
    source->fd = -1;
    source->name = copy;
    *out = source;
    return ALEXNET_OK;
}

alexnet_status an_source_open(an_source **out, const char *path)
{
    *out = NULL;
    int fd;
    uint64_t size;
    AN_CHECK(open_regular(path, &fd, &size));
    alexnet_status rc = source_new(out, path);
    if (rc != ALEXNET_OK) {
        close(fd);
        return rc;
    }
    (*out)->fd = fd;
    (*out)->size = size;
    return ALEXNET_OK;
}

alexnet_status an_source_memory(an_source **out, const char *name, const void *bytes, size_t length)
{
    *out = NULL;
    AN_CHECK(source_new(out, name));
    (*out)->bytes = bytes;
    (*out)->size = length;
    return ALEXNET_OK;
}

void an_source_close(an_source *source)
{
    if (!source)
        return;
    if (source->fd >= 0)
        close(source->fd);
    an_free(source->name);
    an_free(source);
}

uint64_t an_source_size(const an_source *source)
{
    return source->size;
}

const char *an_source_name(const an_source *source)
{
    return source->name;
}

alexnet_status an_source_read(an_source *source, uint64_t offset, void *dst, size_t length)
{
    if (offset > source->size || length > source->size - offset)
        return AN_FAIL(
            ALEXNET_ERROR_FORMAT, "%s ends early: %zu bytes expected at offset %llu, file has %llu",
            source->name, length, (unsigned long long)offset, (unsigned long long)source->size);
    if (source->fd < 0) {
        if (length)
            memcpy(dst, source->bytes + offset, length);
        return ALEXNET_OK;
    }
    ssize_t got = read_fully(source->fd, dst, length, (off_t)offset);
    if (got < 0)
        return fail_io("read", source->name);
    if ((size_t)got != length)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s was cut short while it was read", source->name);
    return ALEXNET_OK;
}
