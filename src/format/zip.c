#include "format/zip.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/byte_order.h"
#include "base/status.h"

/* Sizes of the fixed parts of the records. */
enum { END = 22, LOCATOR = 20, END64 = 56, CENTRAL = 46, LOCAL = 30, EXTRA = 4 };
enum { DIRECTORY_MAX = 1 << 26, COMMENT_MAX = 65535, RATIO = 1032 /* of deflate, at best */ };
enum { STORED = 0, DEFLATED = 8, ENCRYPTED = 1 };

static bool has_mark(const unsigned char *at, const char mark[3])
{
    return at[0] == 'P' && at[1] == 'K' && memcmp(at + 2, mark, 2) == 0;
}

static alexnet_status damaged(const an_zip *zip, const char *what)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: a zip archive cut short or damaged: %s",
                   an_reader_name(zip->reader), what);
}

bool an_zip_recognise(const unsigned char *head, size_t length)
{
    return length >= 4 && has_mark(head, "\3\4");
}

bool an_zip_first_name(const unsigned char *head, size_t length, char name[256])
{
    if (length < LOCAL || !an_zip_recognise(head, length))
        return false;
    const size_t bytes = (size_t)an_little(head + 26, 2);
    if (bytes > 255 || bytes > length - LOCAL || memchr(head + LOCAL, 0, bytes))
        return false;
    memcpy(name, head + LOCAL, bytes);
    name[bytes] = '\0';
    return true;
}

/* ---- The directory: where it is ---- */

typedef struct directory {
    uint64_t start, bytes, count;
} directory;

/* Find the last record of the file. Only its comment may follow it. */
static alexnet_status find_end(const an_zip *zip, unsigned char end[END], uint64_t *place)
{
    const uint64_t size = an_reader_size(zip->reader);
    const size_t length = size < END + COMMENT_MAX ? (size_t)size : END + COMMENT_MAX;
    unsigned char *tail = an_malloc(length ? length : 1);
    if (!tail)
        return AN_FAIL_MEMORY(length, "the end of an archive");
    bool there = false;
    alexnet_status rc = an_reader_read(zip->reader, size - length, tail, length);
    for (size_t at = length; rc == ALEXNET_OK && !there && at-- > 0;)
        if (length - at >= END && has_mark(tail + at, "\5\6") &&
            an_little(tail + at + 20, 2) == length - at - END) {
            memcpy(end, tail + at, END);
            *place = size - length + at;
            there = true;
        }
    an_free(tail);
    if (rc == ALEXNET_OK && !there)
        rc = damaged(zip, "its directory is not at its end");
    return rc;
}

/* Read the zip64 record, if the locator before the last record points to one. */
static alexnet_status find_end64(const an_zip *zip, uint64_t end, directory *d, bool *there)
{
    unsigned char locator[LOCATOR], record[END64];
    *there = false;
    if (end < LOCATOR)
        return ALEXNET_OK;
    AN_CHECK(an_reader_read(zip->reader, end - LOCATOR, locator, LOCATOR));
    if (!has_mark(locator, "\6\7"))
        return ALEXNET_OK;
    AN_CHECK(an_reader_read(zip->reader, an_little(locator + 8, 8), record, END64));
    if (!has_mark(record, "\6\6"))
        return damaged(zip, "the place of its directory");
    *d = (directory){an_little(record + 48, 8), an_little(record + 40, 8),
                     an_little(record + 32, 8)};
    *there = true;
    return ALEXNET_OK;
}

static alexnet_status find_directory(const an_zip *zip, directory *d)
{
    unsigned char end[END];
    uint64_t place;
    bool larger;
    AN_CHECK(find_end(zip, end, &place));
    AN_CHECK(find_end64(zip, place, d, &larger));
    if (!larger)
        *d = (directory){an_little(end + 16, 4), an_little(end + 12, 4), an_little(end + 10, 2)};
    if (d->start > place || d->bytes > place - d->start || d->count > d->bytes / CENTRAL)
        return damaged(zip, "its directory claims more bytes than there is room for");
    if (d->bytes > DIRECTORY_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: an archive with a directory of %llu bytes; at most %d are read",
                       an_reader_name(zip->reader), (unsigned long long)d->bytes, DIRECTORY_MAX);
    return ALEXNET_OK;
}

/* ---- The directory: its members ---- */

/* Numbers that did not fit into 4 bytes are in extra field 1, in this order. */
static bool read_large(an_zip_member *member, const unsigned char *extra, size_t length)
{
    uint64_t *const numbers[] = {&member->size, &member->packed, &member->header};
    bool missing = false;
    for (int i = 0; i < 3; i++)
        missing |= *numbers[i] == UINT32_MAX;
    while (missing && length >= EXTRA) {
        const size_t kind = (size_t)an_little(extra, 2), size = (size_t)an_little(extra + 2, 2);
        if (size > length - EXTRA)
            return false;
        const unsigned char *at = extra + EXTRA, *end = at + size;
        for (int i = 0; kind == 1 && i < 3; i++)
            if (*numbers[i] == UINT32_MAX) {
                if (end - at < 8)
                    return false;
                *numbers[i] = an_little(at, 8);
                at += 8;
            }
        if (kind == 1)
            return true;
        extra += EXTRA + size;
        length -= EXTRA + size;
    }
    return true; /* without that field the numbers are in fact 0xffffffff */
}

/* Read a record of the directory, with `left` bytes to its end. @param used  out, its length */
static alexnet_status read_member(an_zip *zip, const unsigned char *at, size_t left, size_t *used)
{
    an_zip_member *member = &zip->members[zip->count];
    if (left < CENTRAL || !has_mark(at, "\1\2"))
        return damaged(zip, "its directory has fewer members than it says");
    const size_t name = (size_t)an_little(at + 28, 2), extra = (size_t)an_little(at + 30, 2);
    *used = CENTRAL + name + extra + (size_t)an_little(at + 32, 2);
    if (*used > left)
        return damaged(zip, "a member's name is longer than the directory");
    *member = (an_zip_member){.flags = (unsigned)an_little(at + 8, 2),
                              .method = (unsigned)an_little(at + 10, 2),
                              .crc = (uint32_t)an_little(at + 16, 4),
                              .packed = an_little(at + 20, 4),
                              .size = an_little(at + 24, 4),
                              .header = an_little(at + 42, 4)};
    if (memchr(at + CENTRAL, 0, name))
        return damaged(zip, "a member's name has a zero byte");
    if (!read_large(member, at + CENTRAL + name, extra))
        return damaged(zip, "a member's sizes");
    member->name = an_strndup((const char *)at + CENTRAL, name);
    if (!member->name)
        return AN_FAIL_MEMORY(name, "an archive's member");
    zip->count++;
    return ALEXNET_OK;
}

static alexnet_status check_member(const an_zip *zip, const an_zip_member *m)
{
    const uint64_t room = m->end - m->header, before = LOCAL + strlen(m->name);
    if (room < before || m->packed > room - before)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: a zip archive cut short or damaged: %s, of %llu bytes, overlaps what "
                       "comes after it",
                       an_reader_name(zip->reader), m->name, (unsigned long long)m->packed);
    if ((m->method == STORED && m->size != m->packed) ||
        (m->method == DEFLATED && m->size / RATIO > m->packed))
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: a damaged zip archive: %s is said to have %llu bytes, packed into %llu",
                       an_reader_name(zip->reader), m->name, (unsigned long long)m->size,
                       (unsigned long long)m->packed);
    return ALEXNET_OK;
}

static int by_place(const void *a, const void *b)
{
    const an_zip_member *x = a, *y = b;
    return x->header < y->header ? -1 : x->header > y->header;
}

static int by_name(const void *a, const void *b)
{
    const an_zip_member *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static alexnet_status check_members(an_zip *zip, uint64_t behind)
{
    qsort(zip->members, (size_t)zip->count, sizeof *zip->members, by_place);
    for (int i = 0; i < zip->count; i++) {
        an_zip_member *m = &zip->members[i];
        m->end = i + 1 < zip->count ? m[1].header : behind;
        if (m->header > m->end)
            return damaged(zip, "a member lies after the directory");
        AN_CHECK(check_member(zip, m));
        zip->by_name[i] = m;
    }
    qsort(zip->by_name, (size_t)zip->count, sizeof *zip->by_name, by_name);
    for (int i = 0; i + 1 < zip->count; i++)
        if (strcmp(zip->by_name[i]->name, zip->by_name[i + 1]->name) == 0)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: an archive that has %s twice",
                           an_reader_name(zip->reader), zip->by_name[i]->name);
    return ALEXNET_OK;
}

static alexnet_status read_members(an_zip *zip, const directory *d, const unsigned char *records)
{
    size_t at = 0, used;
    zip->members = an_calloc((size_t)d->count + 1, sizeof *zip->members);
    zip->by_name = an_calloc((size_t)d->count + 1, sizeof *zip->by_name);
    if (!zip->members || !zip->by_name)
        return AN_FAIL_MEMORY((d->count + 1) * sizeof *zip->members, "an archive's directory");
    for (uint64_t i = 0; i < d->count; i++, at += used)
        AN_CHECK(read_member(zip, records + at, (size_t)d->bytes - at, &used));
    return check_members(zip, d->start);
}

alexnet_status an_zip_open(an_zip *zip, an_reader *reader)
{
    directory d;
    zip->reader = reader;
    AN_CHECK(find_directory(zip, &d));
    AN_CHECK(an_unpacking_new(&zip->unpacking));
    unsigned char *records = an_malloc((size_t)d.bytes + 1);
    if (!records)
        return AN_FAIL_MEMORY(d.bytes, "an archive's directory");
    alexnet_status rc = an_reader_read(reader, d.start, records, (size_t)d.bytes);
    if (rc == ALEXNET_OK)
        rc = read_members(zip, &d, records);
    an_free(records);
    return rc;
}

void an_zip_close(an_zip *zip)
{
    for (int i = 0; i < zip->count; i++)
        an_free(zip->members[i].name);
    an_free(zip->members);
    an_free(zip->by_name);
    an_unpacking_free(zip->unpacking);
    *zip = (an_zip){0};
}

/* ---- Members ---- */

const an_zip_member *an_zip_find(const an_zip *zip, const char *name)
{
    int low = 0, high = zip->count;
    while (low < high) {
        const int middle = low + (high - low) / 2, order = strcmp(zip->by_name[middle]->name, name);
        if (order == 0)
            return zip->by_name[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

alexnet_status an_zip_section(const an_zip *zip, const an_zip_member *member, bool checked,
                              an_section *section)
{
    unsigned char local[LOCAL];
    *section = (an_section){.reader = zip->reader,
                            .size = member->size,
                            .packed = member->packed,
                            .deflated = member->method == DEFLATED,
                            .checked = checked,
                            .crc = member->crc,
                            .unpacking = zip->unpacking,
                            .name = member->name};
    if (member->flags & ENCRYPTED)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: %s is encrypted; unpack it first",
                       an_reader_name(zip->reader), member->name);
    if (member->method != STORED && member->method != DEFLATED)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: %s is compressed by method %u; stored and deflated ones are read",
                       an_reader_name(zip->reader), member->name, member->method);
    AN_CHECK(an_reader_read(zip->reader, member->header, local, LOCAL));
    const uint64_t before = LOCAL + an_little(local + 26, 2) + an_little(local + 28, 2);
    const uint64_t room = member->end - member->header;
    if (!has_mark(local, "\3\4") || an_little(local + 8, 2) != member->method || before > room ||
        member->packed > room - before)
        return AN_SECTION_FAIL(section, "damaged: it is not where the archive's directory says");
    section->start = member->header + before;
    return ALEXNET_OK;
}
