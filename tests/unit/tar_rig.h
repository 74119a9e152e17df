/*
 * Tar archives in memory and in files, for tests. The ustar headers follow the standard and are
 * made without the library under test.
 */
#ifndef TESTS_UNIT_TAR_RIG_H
#define TESTS_UNIT_TAR_RIG_H

#include "scratch.h"

typedef struct tar_rig {
    unsigned char bytes[1 << 18];
    size_t length;
} tar_rig;

/** Set a header's checksum. */
static inline void tar_sum(unsigned char *header)
{
    unsigned sum = 0;
    memset(header + 148, ' ', 8);
    for (int i = 0; i < 512; i++)
        sum += header[i];
    snprintf((char *)header + 148, 8, "%06o", sum);
}

/** Append a header; `size` may differ from the length of the data after it.
 *  @return the header */
static inline unsigned char *tar_header(tar_rig *tar, const char *name, char type, size_t size)
{
    unsigned char *header = tar->bytes + tar->length;
    assert_true(tar->length + 512 <= sizeof tar->bytes && strlen(name) <= 100);
    memset(header, 0, 512);
    memcpy(header, name, strlen(name));
    snprintf((char *)header + 100, 8, "0000644");
    snprintf((char *)header + 124, 12, "%011zo", size & 077777777777);
    header[156] = (unsigned char)type;
    memcpy(header + 257,
           "ustar\0"
           "00",
           8);
    tar_sum(header);
    tar->length += 512;
    return header;
}

static inline void tar_data(tar_rig *tar, const void *bytes, size_t length)
{
    const size_t whole = (length + 511) / 512 * 512;
    assert_true(tar->length + whole <= sizeof tar->bytes);
    memset(tar->bytes + tar->length, 0, whole);
    memcpy(tar->bytes + tar->length, bytes, length);
    tar->length += whole;
}

static inline void tar_file(tar_rig *tar, const char *name, const void *bytes, size_t length)
{
    tar_header(tar, name, '0', length);
    tar_data(tar, bytes, length);
}

static inline void tar_text(tar_rig *tar, const char *name, const char *text)
{
    tar_file(tar, name, text, strlen(text));
}

/** Append the end-of-archive mark. */
static inline void tar_finish(tar_rig *tar)
{
    assert_true(tar->length + 1024 <= sizeof tar->bytes);
    memset(tar->bytes + tar->length, 0, 1024);
    tar->length += 1024;
}

static inline void tar_write(tar_rig *tar, const char *path)
{
    tar_finish(tar);
    scratch_write(path, tar->bytes, tar->length);
    tar->length = 0;
}

#endif
