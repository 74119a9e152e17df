#include "data/tar.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

/* The largest extra header, and the longest name, that is read. Systems have paths of up to 4096
 * bytes. The name of an archive within an archive is part of the name of every folder in it: it
 * must not be far longer than what these take in the archive. */
enum { META_MAX = 1 << 20, NAME_MAX_LENGTH = 4096 };

/* Where the fields of a header lie, and how long they are. */
enum {
    NAME = 0,
    NAME_LENGTH = 100,
    SIZE = 124,
    NUMBER_LENGTH = 12,
    CHECKSUM = 148,
    CHECKSUM_LENGTH = 8,
    TYPE = 156,
    MAGIC = 257,
    PREFIX = 345,
    PREFIX_LENGTH = 155
};

/* What extra headers say about the member behind them. */
typedef struct extra {
    char *name; /* owned; NULL: nothing */
    bool has_size;
    uint64_t size;
} extra;

alexnet_status an_tar_peek(an_tar *tar, uint64_t offset, size_t length, const unsigned char **bytes)
{
    const bool inside = offset >= tar->window_at && offset - tar->window_at <= tar->window_length &&
                        length <= tar->window_length - (size_t)(offset - tar->window_at);
    if (!inside) {
        uint64_t room = tar->end > offset ? tar->end - offset : 0;
        size_t wanted = room < AN_TAR_WINDOW ? (size_t)room : AN_TAR_WINDOW;
        tar->window_length = 0;
        if (length > wanted)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is cut short: it ends at byte %llu", tar->name,
                           (unsigned long long)tar->end);
        AN_CHECK(an_reader_read(tar->reader, offset, tar->window, wanted));
        tar->window_at = offset;
        tar->window_length = wanted;
    }
    *bytes = tar->window + (offset - tar->window_at);
    return ALEXNET_OK;
}

/* ---- Beginning ---- */

static alexnet_status fail_compressed(const char *name, const char *tool)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s is a compressed archive, in which no picture can be found without unpacking "
                   "those before it; decompress it with %s, and give the .tar file",
                   name, tool);
}

static alexnet_status check_compression(const char *name, const unsigned char *bytes, size_t length)
{
    static const struct {
        const char *magic;
        size_t length;
        const char *tool;
    } kinds[] = {{"\x1F\x8B", 2, "gunzip"},
                 {"BZh", 3, "bunzip2"},
                 {"\xFD"
                  "7zXZ",
                  5, "unxz"},
                 {"\x28\xB5\x2F\xFD", 4, "unzstd"},
                 {"\x04\x22\x4D\x18", 4, "unlz4"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (length >= kinds[i].length && memcmp(bytes, kinds[i].magic, kinds[i].length) == 0)
            return fail_compressed(name, kinds[i].tool);
    return ALEXNET_OK;
}

alexnet_status an_tar_begin(an_tar *tar, an_reader *reader, uint64_t offset, uint64_t length,
                            const char *name)
{
    const unsigned char *bytes;
    tar->reader = reader;
    tar->member = NULL;
    tar->at = offset;
    tar->end = offset + length; /* within the file, as the caller has seen */
    tar->window_at = 0;
    tar->window_length = 0;
    tar->name = an_strdup(name);
    if (!tar->name)
        return AN_FAIL_MEMORY(strlen(name), "a name");
    const size_t first = length < AN_TAR_BLOCK ? (size_t)length : AN_TAR_BLOCK;
    AN_CHECK(an_tar_peek(tar, offset, first, &bytes));
    AN_CHECK(check_compression(name, bytes, first));
    if (first < AN_TAR_BLOCK)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is no tar archive: it has %zu bytes, and a header takes %d", name, first,
                       AN_TAR_BLOCK);
    return ALEXNET_OK;
}

void an_tar_end(an_tar *tar)
{
    an_free(tar->name);
    an_free(tar->member);
    tar->name = tar->member = NULL;
}

/* ---- Headers ---- */

/* A number: octal digits with blanks before them and a blank or zero byte behind them or, if the
 * first bit is set, binary, as GNU tar writes numbers that do not fit. */
static bool number(const unsigned char *field, int length, uint64_t *out)
{
    int i = 0;
    *out = 0;
    if (field[0] & 0x80) {
        *out = field[0] & 0x7F;
        for (i = 1; i < length; i++) {
            if (*out >> 55)
                return false;
            *out = *out << 8 | field[i];
        }
        return true;
    }
    while (i < length && field[i] == ' ')
        i++;
    for (; i < length && field[i] >= '0' && field[i] <= '7'; i++)
        *out = *out << 3 | (uint64_t)(field[i] - '0');
    return i == length || field[i] == ' ' || field[i] == '\0';
}

/* The sum of all bytes, those of the checksum taken as blanks; old programs added signed bytes. */
static bool checksum_fits(const unsigned char *header)
{
    uint64_t wanted;
    int64_t sum = 0, signed_sum = 0;
    for (int i = 0; i < AN_TAR_BLOCK; i++) {
        const bool own = i >= CHECKSUM && i < CHECKSUM + CHECKSUM_LENGTH;
        sum += own ? ' ' : header[i];
        signed_sum += own ? ' ' : (signed char)header[i];
    }
    return number(header + CHECKSUM, CHECKSUM_LENGTH, &wanted) &&
           ((int64_t)wanted == sum || (int64_t)wanted == signed_sum);
}

static bool is_zero(const unsigned char *block)
{
    for (int i = 0; i < AN_TAR_BLOCK; i++)
        if (block[i])
            return false;
    return true;
}

static alexnet_status fail_damaged(const an_tar *tar, const char *what)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is damaged at byte %llu: %s", tar->name,
                   (unsigned long long)tar->at, what);
}

/* Read the next header; *more is false at the zeros that end the archive. */
static alexnet_status read_header(an_tar *tar, unsigned char *header, bool *more)
{
    const unsigned char *block;
    *more = false;
    if (tar->end - tar->at < AN_TAR_BLOCK)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is cut short: it ends at byte %llu without the zeros that end an "
                       "archive",
                       tar->name, (unsigned long long)tar->end);
    AN_CHECK(an_tar_peek(tar, tar->at, AN_TAR_BLOCK, &block));
    if (is_zero(block))
        return ALEXNET_OK;
    if (!checksum_fits(block))
        return fail_damaged(tar, "a header is expected, and its checksum is wrong");
    memcpy(header, block, AN_TAR_BLOCK);
    *more = true;
    return ALEXNET_OK;
}

/* Step over a header and its data; *offset: where the data begin. */
static alexnet_status step(an_tar *tar, uint64_t length, uint64_t *offset)
{
    *offset = tar->at + AN_TAR_BLOCK;
    const uint64_t left = tar->end - *offset;
    if (length > left)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is cut short: the member at byte %llu has %llu bytes, and the archive "
                       "ends %llu after its header",
                       tar->name, (unsigned long long)tar->at, (unsigned long long)length,
                       (unsigned long long)left);
    const uint64_t padding = (AN_TAR_BLOCK - length % AN_TAR_BLOCK) % AN_TAR_BLOCK;
    tar->at = *offset + (padding > left - length ? left : length + padding);
    return ALEXNET_OK;
}

/* The data of an extra header, in a new block with a zero behind them. */
static alexnet_status read_meta(an_tar *tar, uint64_t length, char **out)
{
    uint64_t offset;
    *out = NULL;
    if (length > META_MAX)
        return fail_damaged(tar, "a name or a set of pax records is longer than 1 MiB");
    AN_CHECK(step(tar, length, &offset));
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

static alexnet_status fail_sparse(const an_tar *tar)
{
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s has a sparse file before byte %llu, whose bytes are not all there; make the "
                   "archive again without --sparse",
                   tar->name, (unsigned long long)tar->at);
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
static alexnet_status take_record(an_tar *tar, extra *e, const char *record, size_t length)
{
    const char *equals = memchr(record, '=', length);
    if (!equals || equals == record)
        return fail_damaged(tar, "a pax record without a key");
    const size_t key = (size_t)(equals - record);
    const char *value = equals + 1;
    const size_t rest = length - key - 1;
    if (key >= 11 && memcmp(record, "GNU.sparse.", 11) == 0)
        return fail_sparse(tar);
    if (key == 4 && memcmp(record, "size", 4) == 0) {
        e->has_size = true;
        return is_digits(value, rest, &e->size) ? ALEXNET_OK
                                                : fail_damaged(tar, "a pax size is no number");
    }
    if (key != 4 || memcmp(record, "path", 4) != 0)
        return ALEXNET_OK;
    an_free(e->name);
    e->name = an_strndup(value, rest);
    if (!e->name)
        return AN_FAIL_MEMORY(rest, "a member's name");
    return memchr(value, 0, rest) ? fail_damaged(tar, "a pax path with a zero byte") : ALEXNET_OK;
}

/* Records "LENGTH key=value\n", the length that of the whole record in decimal digits. */
static alexnet_status take_pax(an_tar *tar, extra *e, const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        const char *blank = memchr(text + at, ' ', length - at);
        const size_t digits = blank ? (size_t)(blank - (text + at)) : 0;
        uint64_t whole;
        if (!blank || !is_digits(text + at, digits, &whole) || whole < digits + 2 ||
            whole > length - at || text[at + whole - 1] != '\n')
            return fail_damaged(tar, "the pax records before this place");
        AN_CHECK(take_record(tar, e, blank + 1, (size_t)whole - digits - 2));
        at += (size_t)whole;
    }
    return ALEXNET_OK;
}

/* Read an extra header, which describes the next member. */
static alexnet_status take_extra(an_tar *tar, extra *e, char type, uint64_t length)
{
    char *text;
    AN_CHECK(read_meta(tar, length, &text));
    alexnet_status rc = ALEXNET_OK;
    if (type == 'x') {
        rc = take_pax(tar, e, text, (size_t)length);
    } else if (type == 'L') {
        an_free(e->name);
        e->name = text; /* its end is a zero */
        text = NULL;
    }
    an_free(text);
    if (rc == ALEXNET_OK && e->name && strlen(e->name) > NAME_MAX_LENGTH)
        return fail_damaged(tar, "the name before this place is longer than 4096 bytes");
    return rc;
}

/* ---- Names ---- */

/* Remove ".", "..", empty parts, and slashes at the ends, so that a name leads nowhere else. */
static void tidy(char *name)
{
    char *to = name;
    for (const char *from = name; *from;) {
        const size_t length = strcspn(from, "/");
        const bool dots = length <= 2 && strspn(from, ".") >= length;
        if (length > 0 && !dots) {
            if (to > name)
                *to++ = '/';
            memmove(to, from, length);
            to += length;
        }
        from += length;
        from += *from == '/';
    }
    *to = '\0';
}

/* Set a member's name from its header or extra headers before it. Takes `e->name` over. */
static alexnet_status set_name(an_tar *tar, extra *e, const unsigned char *header)
{
    const char *name = (const char *)header + NAME, *prefix = (const char *)header + PREFIX;
    const size_t length = strnlen(name, NAME_LENGTH);
    const bool has_prefix = memcmp(header + MAGIC, "ustar", 6) == 0 && prefix[0];
    an_free(tar->member);
    tar->member = e->name;
    e->name = NULL;
    if (!tar->member && has_prefix)
        tar->member = an_format("%.*s/%.*s", PREFIX_LENGTH, prefix, NAME_LENGTH, name);
    else if (!tar->member)
        tar->member = an_strndup(name, length);
    if (!tar->member)
        return AN_FAIL_MEMORY(NAME_LENGTH, "a member's name");
    return ALEXNET_OK;
}

/* ---- Members ---- */

static bool is_extra(char type)
{
    return type == 'x' || type == 'g' || type == 'X' || type == 'L' || type == 'K';
}

/* Types 1 to 6 are links, devices, folders and pipes, which have no data. */
static alexnet_status finish_member(an_tar *tar, an_tar_member *member, char type, uint64_t length)
{
    if (type == 'S')
        return fail_sparse(tar);
    if (type == 'M')
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s is one volume of an archive of several; put them together again",
                       tar->name);
    member->file = type == '0' || type == '\0' || type == '7';
    member->length = type >= '1' && type <= '6' ? 0 : length;
    AN_CHECK(step(tar, member->length, &member->offset));
    /* The old format has no type for folders: their names end with a slash. */
    const size_t end = strlen(tar->member);
    member->folder = type == '5' || (member->file && end > 0 && tar->member[end - 1] == '/');
    member->file = member->file && !member->folder;
    tidy(tar->member);
    member->name = tar->member;
    return ALEXNET_OK;
}

alexnet_status an_tar_next(an_tar *tar, an_tar_member *member, bool *more)
{
    unsigned char header[AN_TAR_BLOCK];
    extra e = {0};
    alexnet_status rc;
    uint64_t length;
    *member = (an_tar_member){0};
    for (;;) {
        AN_TRY(read_header(tar, header, more));
        if (!*more)
            break;
        const char type = (char)header[TYPE];
        if (!number(header + SIZE, NUMBER_LENGTH, &length))
            AN_TRY(fail_damaged(tar, "a member's size is no number"));
        if (is_extra(type)) {
            AN_TRY(take_extra(tar, &e, type, length));
            continue;
        }
        AN_TRY(set_name(tar, &e, header));
        rc = finish_member(tar, member, type, e.has_size ? e.size : length);
        break;
    }
cleanup:
    an_free(e.name);
    return rc;
}
