#include "base/source.h"

#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files_private.h"
#include "base/status.h"

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
    AN_CHECK(an_file_open(path, &fd, &size));
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
    ssize_t got = an_file_read_fully(source->fd, dst, length, (off_t)offset);
    if (got < 0)
        return an_file_fail("read", source->name);
    if ((size_t)got != length)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s was cut short while it was read", source->name);
    return ALEXNET_OK;
}
