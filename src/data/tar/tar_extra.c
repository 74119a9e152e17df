#include "data/tar/tar_impl.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

enum { META_MAX = 1 << 20 }; /* the largest extra header that is read */

bool an_tar_is_extra(char type)
{
    return type == 'x' || type == 'g' || type == 'X' || type == 'L' || type == 'K';
}

/* The data of an extra header, in a new block that ends with a zero. */
static alexnet_status read_meta(an_tar *tar, uint64_t length, char **out)
{
    uint64_t offset;
    *out = NULL;
    if (length > META_MAX)
        return an_tar_fail_damaged(tar, "a name or a set of pax records is longer than 1 MiB");
    AN_CHECK(an_tar_step(tar, length, &offset));
    char *text = an_malloc((size_t)length + 1);
    if (!text)
        return AN_FAIL_MEMORY(length, "a header of an archive");
    alexnet_status rc = an_reader_read(tar->reader, offset, text, (size_t)length);
    if (rc != ALEXNET_OK) {
        an_free(text);
        return rc;
    }
    text[length] = '\0';
    *out = text;
    return ALEXNET_OK;
}

static bool is_digits(const char *text, size_t length, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || *value > UINT64_MAX / 16)
            return false;
        *value = *value * 10 + (uint64_t)(text[i] - '0');
    }
    return length > 0;
}

/* A record "key=value", without its length and its line end. */
static alexnet_status take_record(an_tar *tar, an_tar_extra *e, const char *record, size_t length)
{
    const char *equals = memchr(record, '=', length);
    if (!equals || equals == record)
        return an_tar_fail_damaged(tar, "a pax record without a key");
    const size_t key = (size_t)(equals - record);
    const char *value = equals + 1;
    const size_t rest = length - key - 1;
    if (key >= 11 && memcmp(record, "GNU.sparse.", 11) == 0)
        return an_tar_fail_sparse(tar);
    if (key == 4 && memcmp(record, "size", 4) == 0) {
        e->has_size = true;
        return is_digits(value, rest, &e->size)
                   ? ALEXNET_OK
                   : an_tar_fail_damaged(tar, "a pax size is not a number");
    }
    if (key != 4 || memcmp(record, "path", 4) != 0)
        return ALEXNET_OK;
    an_free(e->name);
    e->name = an_strndup(value, rest);
    if (!e->name)
        return AN_FAIL_MEMORY(rest, "a member's name");
    return memchr(value, 0, rest) ? an_tar_fail_damaged(tar, "a pax path with a zero byte")
                                  : ALEXNET_OK;
}

/* Records "LENGTH key=value\n", the length that of the whole record in decimal digits. */
static alexnet_status take_pax(an_tar *tar, an_tar_extra *e, const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        const char *blank = memchr(text + at, ' ', length - at);
        const size_t digits = blank ? (size_t)(blank - (text + at)) : 0;
        uint64_t whole;
        if (!blank || !is_digits(text + at, digits, &whole) || whole < digits + 2 ||
            whole > length - at || text[at + whole - 1] != '\n')
            return an_tar_fail_damaged(tar, "the pax records before this place");
        AN_CHECK(take_record(tar, e, blank + 1, (size_t)whole - digits - 2));
        at += (size_t)whole;
    }
    return ALEXNET_OK;
}

/* Read an extra header, which describes the next member. */
alexnet_status an_tar_take_extra(an_tar *tar, an_tar_extra *e, char type, uint64_t length)
{
    char *text;
    AN_CHECK(read_meta(tar, length, &text));
    alexnet_status rc = ALEXNET_OK;
    if (type == 'x') {
        rc = take_pax(tar, e, text, (size_t)length);
    } else if (type == 'L') {
        an_free(e->name);
        e->name = text; /* ends with a zero */
        text = NULL;
    }
    an_free(text);
    if (rc == ALEXNET_OK && e->name && strlen(e->name) > AN_TAR_NAME_MAX)
        return an_tar_fail_damaged(tar, "the name before this place is longer than 4096 bytes");
    return rc;
}
