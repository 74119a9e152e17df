#include "data/tar/tar_write.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/tar/tar.h"

/* The fields of a header (IEEE Std 1003.1, "ustar Interchange Format"). */
enum {
    NAME_LENGTH = 100,
    MODE = 100,
    OWNER = 108,
    GROUP = 116,
    SIZE = 124,
    TIME = 136,
    CHECKSUM = 148,
    TYPE = 156,
    MAGIC = 257,
    PREFIX = 345,
    PREFIX_LENGTH = 155
};

static alexnet_status put(an_tar_writer *tar, const void *bytes, size_t length)
{
    an_sha256_add(&tar->hash, bytes, length);
    tar->bytes += length;
    return an_writer_put(tar->file, bytes, length);
}

static size_t padding_of(size_t length)
{
    return (AN_TAR_BLOCK - length % AN_TAR_BLOCK) % AN_TAR_BLOCK;
}

/* Find where to split a name into a header's prefix and name. *prefix: the length of the prefix, 0
 * for none. @return false if it does not fit */
static bool find_cut(const char *name, size_t *prefix)
{
    const size_t length = strlen(name);
    *prefix = 0;
    if (length <= NAME_LENGTH)
        return true;
    for (size_t at = length - NAME_LENGTH - 1; at <= PREFIX_LENGTH && at < length - 1; at++)
        if (at > 0 && name[at] == '/') {
            *prefix = at;
            return true;
        }
    return false;
}

static alexnet_status put_header(an_tar_writer *tar, char type, const char *name, size_t prefix,
                                 size_t length)
{
    char header[AN_TAR_BLOCK] = "";
    const char *rest = prefix ? name + prefix + 1 : name;
    unsigned sum = 0;
    memcpy(header, rest, strnlen(rest, NAME_LENGTH));
    memcpy(header + PREFIX, name, prefix);
    memcpy(header + MODE, "0000644", 8);
    memcpy(header + OWNER, "0000000", 8);
    memcpy(header + GROUP, "0000000", 8);
    snprintf(header + SIZE, 12, "%011zo", length);
    memcpy(header + TIME, "00000000000", 12);
    memset(header + CHECKSUM, ' ', 8);
    header[TYPE] = type;
    memcpy(header + MAGIC,
           "ustar\0"
           "00",
           8);
    for (int i = 0; i < AN_TAR_BLOCK; i++)
        sum += (unsigned char)header[i];
    snprintf(header + CHECKSUM, 8, "%06o", sum);
    return put(tar, header, sizeof header);
}

static alexnet_status put_file(an_tar_writer *tar, const void *bytes, size_t length)
{
    static const char zeros[AN_TAR_BLOCK];
    AN_CHECK(put(tar, bytes, length));
    return put(tar, zeros, padding_of(length));
}

/* "LENGTH path=NAME\n", whose length counts its own digits. Owned; NULL if out of memory. */
static char *pax_record(const char *name)
{
    const size_t rest = strlen(name) + strlen(" path=\n");
    size_t length = rest + 1;
    for (size_t digits = 0; length != rest + digits;) {
        length = rest + digits;
        digits = (size_t)snprintf(NULL, 0, "%zu", length);
    }
    return an_format("%zu path=%s\n", length, name);
}

/* Write a pax header with the whole name. The member's own header has as much of it as fits, for
 * readers without pax. */
static alexnet_status put_pax(an_tar_writer *tar, const char *name)
{
    char *record = pax_record(name);
    if (!record)
        return AN_FAIL_MEMORY(strlen(name), "a name");
    const size_t length = strlen(record);
    alexnet_status rc = put_header(tar, 'x', "PaxHeader", 0, length);
    if (rc == ALEXNET_OK)
        rc = put_file(tar, record, length);
    an_free(record);
    return rc;
}

alexnet_status an_tar_writer_open(an_tar_writer *tar, const char *path)
{
    *tar = (an_tar_writer){0};
    an_sha256_begin(&tar->hash);
    return an_writer_open(&tar->file, path);
}

alexnet_status an_tar_writer_add(an_tar_writer *tar, const char *name, const void *bytes,
                                 size_t length)
{
    size_t prefix;
    if (!find_cut(name, &prefix))
        AN_CHECK(put_pax(tar, name));
    AN_CHECK(put_header(tar, '0', name, prefix, length));
    return put_file(tar, bytes, length);
}

uint64_t an_tar_writer_cost(const char *name, size_t length)
{
    size_t prefix;
    uint64_t cost = AN_TAR_BLOCK + (uint64_t)length + padding_of(length);
    if (!find_cut(name, &prefix)) {
        const size_t record = strlen(name) + 16;
        cost += AN_TAR_BLOCK + (uint64_t)record + padding_of(record);
    }
    return cost;
}

alexnet_status an_tar_writer_commit(an_tar_writer *tar, char sha256[65])
{
    static const char end[2 * AN_TAR_BLOCK];
    const alexnet_status rc = put(tar, end, sizeof end);
    an_writer *file = tar->file;
    an_sha256_end(&tar->hash, sha256);
    tar->file = NULL;
    return an_writer_end(file, rc);
}

void an_tar_writer_abort(an_tar_writer *tar)
{
    an_writer_abort(tar->file);
    tar->file = NULL;
}
