#include "base/reader.h"

#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
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

alexnet_status an_reader_open(an_reader **out, const char *path)
{
    *out = NULL;
    int fd;
    uint64_t size;
    AN_CHECK(an_file_open(path, &fd, &size));
    alexnet_status rc = reader_new(out, path);
    if (rc != ALEXNET_OK) {
        close(fd);
        return rc;
    }
    (*out)->fd = fd;
    (*out)->size = size;
    return ALEXNET_OK;
}

alexnet_status an_reader_memory(an_reader **out, const char *name, const void *bytes, size_t length)
{
    *out = NULL;
    AN_CHECK(reader_new(out, name));
    (*out)->bytes = bytes;
    (*out)->size = length;
    return ALEXNET_OK;
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
