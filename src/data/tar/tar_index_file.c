/*
 * The index of an archive as a file: numbers little-endian, one part after another.
 *
 *     16 bytes  "alexnet tar 003\n"
 *     u64       size of the archive
 *     i64       when it was changed, in nanoseconds since 1970
 *     u64       an_hash_bytes() of all that follows
 *     5 u64     counts: pictures, bytes of names, folders, labels, endings that were left out
 *     4 u64     `doubtful`, `replaced`
 *     pictures  of 32 bytes: u64 offset, u64 length, u32 name, i32 folder, i32 label, u32 key
 *     names     each ended by a zero, then the folders, then the labels likewise
 *     endings   of 20 bytes: 12 of text, i64 count
 */
#include <string.h>

#include "base/alloc.h"
#include "base/byte_order.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/status.h"
#include "data/tar/tar.h"
#include "data/tar/tar_index.h"

enum { MAGIC_LENGTH = 16, HEAD = MAGIC_LENGTH + 3 * 8, COUNTS = 9 * 8, PICTURE = 32, ENDING = 20 };
static const char magic[] = "alexnet tar 003\n";

/* An index is read if it has at most this many bytes more than its archive: the largest index of an
 * archive without pictures. Normally it is smaller than the archive, which has a header for each
 * picture and all texts. */
enum { EMPTY_MAX = HEAD + COUNTS + AN_ENDING_ROWS * ENDING };

/* ---- Writing ---- */

static size_t length_of(const an_strings *strings)
{
    size_t length = 0;
    for (int64_t i = 0; i < strings->count; i++)
        length += strlen(strings->at[i]) + 1;
    return length;
}

static unsigned char *put_texts(unsigned char *to, const an_strings *strings)
{
    for (int64_t i = 0; i < strings->count; i++) {
        const size_t length = strlen(strings->at[i]) + 1;
        memcpy(to, strings->at[i], length);
        to += length;
    }
    return to;
}

static unsigned char *put_body(unsigned char *to, const an_tar_index *index)
{
    to = an_put_little(to, (uint64_t)index->count, 8);
    to = an_put_little(to, index->names_length, 8);
    to = an_put_little(to, (uint64_t)index->folders.count, 8);
    to = an_put_little(to, (uint64_t)index->labels.count, 8);
    to = an_put_little(to, (uint64_t)index->left_out.rows, 8);
    to = an_put_little(to, (uint64_t)index->doubtful.keys, 8);
    to = an_put_little(to, index->doubtful.used, 8);
    to = an_put_little(to, index->doubtful.other, 8);
    to = an_put_little(to, (uint64_t)index->replaced, 8);
    for (int64_t i = 0; i < index->count; i++) {
        const an_tar_picture *p = &index->pictures[i];
        to = an_put_little(to, p->offset, 8);
        to = an_put_little(to, p->length, 8);
        to = an_put_little(to, p->name, 4);
        to = an_put_little(to, (uint32_t)p->folder, 4);
        to = an_put_little(to, (uint32_t)p->label, 4);
        to = an_put_little(to, p->key, 4);
    }
    if (index->names_length)
        memcpy(to, index->names, index->names_length);
    to = put_texts(to + index->names_length, &index->folders);
    to = put_texts(to, &index->labels);
    for (int i = 0; i < index->left_out.rows; i++) {
        const an_ending_count *row = &index->left_out.row[i];
        memcpy(to, row->ending, sizeof row->ending);
        to = an_put_little(to + sizeof row->ending, (uint64_t)row->count, 8);
    }
    return to;
}

alexnet_status an_tar_index_bytes(unsigned char **out, size_t *length, const an_tar_index *index,
                                  an_tar_stamp stamp)
{
    *length = HEAD + COUNTS + (size_t)index->count * PICTURE + index->names_length +
              length_of(&index->folders) + length_of(&index->labels) +
              (size_t)index->left_out.rows * ENDING;
    unsigned char *bytes = *out = an_calloc(*length, 1);
    if (!bytes)
        return AN_FAIL_MEMORY(*length, "an index of an archive");
    put_body(bytes + HEAD, index);
    memcpy(bytes, magic, MAGIC_LENGTH);
    unsigned char *to = an_put_little(bytes + MAGIC_LENGTH, stamp.size, 8);
    to = an_put_little(to, (uint64_t)stamp.changed, 8);
    an_put_little(to, an_hash_bytes(bytes + HEAD, *length - HEAD), 8);
    return ALEXNET_OK;
}

/* ---- Reading ---- */

/* The rest of the file. */
typedef struct rest {
    const unsigned char *at;
    size_t length;
} rest;

static uint64_t take(rest *r, int bytes)
{
    const uint64_t value = an_little(r->at, bytes);
    r->at += bytes;
    r->length -= (size_t)bytes;
    return value;
}

/* Texts that end with zeros. @return whether they are all there, and there is memory for them */
static bool take_texts(rest *r, an_strings *out, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        const unsigned char *end = memchr(r->at, 0, r->length);
        if (!end || an_strings_add(out, an_strdup((const char *)r->at)) != ALEXNET_OK)
            return false;
        r->length -= (size_t)(end + 1 - r->at);
        r->at = end + 1;
    }
    return true;
}

static bool take_endings(rest *r, an_endings *out, uint64_t rows)
{
    if (rows > AN_ENDING_ROWS || r->length != rows * ENDING)
        return false;
    out->rows = (int)rows;
    for (int i = 0; i < out->rows; i++) {
        an_ending_count *row = &out->row[i];
        memcpy(row->ending, r->at, sizeof row->ending);
        r->at += sizeof row->ending;
        r->length -= sizeof row->ending;
        row->count = (int64_t)take(r, 8);
        const bool good = memchr(row->ending, 0, sizeof row->ending) && row->count > 0 &&
                          row->count <= INT64_MAX - out->total;
        if (!good)
            return false;
        out->total += row->count;
    }
    return true;
}

static bool lies_within(const an_tar_picture *p, uint64_t size)
{
    return p->length <= size && p->offset <= size - p->length;
}

static bool take_pictures(rest *r, an_tar_index *out, uint64_t size)
{
    for (int64_t i = 0; i < out->count; i++) {
        an_tar_picture *p = &out->pictures[i];
        p->offset = take(r, 8);
        p->length = take(r, 8);
        p->name = (uint32_t)take(r, 4);
        p->folder = (int32_t)take(r, 4);
        p->label = (int32_t)take(r, 4);
        p->key = (uint32_t)take(r, 4);
        if (!lies_within(p, size) || p->name >= out->names_length || p->key >= out->names_length ||
            p->folder < 0 || p->label < -1)
            return false;
    }
    return true;
}

static bool refers_within(const an_tar_index *index)
{
    for (int64_t i = 0; i < index->count; i++)
        if (index->pictures[i].folder >= index->folders.count ||
            index->pictures[i].label >= index->labels.count)
            return false;
    return true;
}

static bool parse_body(an_tar_index *out, rest r, uint64_t size)
{
    if (r.length < COUNTS)
        return false;
    const uint64_t count = take(&r, 8), names = take(&r, 8), folders = take(&r, 8),
                   labels = take(&r, 8), endings = take(&r, 8), doubtful = take(&r, 8),
                   used = take(&r, 8), other = take(&r, 8), replaced = take(&r, 8);
    if (count > r.length / PICTURE || names > r.length - count * PICTURE || names > UINT32_MAX ||
        doubtful > count || (doubtful > 0 && (used >= names || other >= names)) ||
        replaced > size / AN_TAR_BLOCK)
        return false;
    out->doubtful.keys = (int64_t)doubtful;
    out->doubtful.used = (uint32_t)used;
    out->doubtful.other = (uint32_t)other;
    out->replaced = (int64_t)replaced;
    out->count = (int64_t)count;
    out->names_length = out->names_room = (size_t)names;
    out->pictures = an_calloc((size_t)count + 1, sizeof *out->pictures);
    out->names = an_malloc((size_t)names + 1);
    if (!out->pictures || !out->names || !take_pictures(&r, out, size))
        return false;
    if (names > 0 && r.at[names - 1] != 0)
        return false;
    memcpy(out->names, r.at, (size_t)names);
    r.at += names;
    r.length -= (size_t)names;
    return take_texts(&r, &out->folders, folders) && take_texts(&r, &out->labels, labels) &&
           take_endings(&r, &out->left_out, endings) && refers_within(out);
}

bool an_tar_index_parse(an_tar_index *out, const unsigned char *bytes, size_t length,
                        an_tar_stamp stamp)
{
    *out = (an_tar_index){0};
    if (length < HEAD || memcmp(bytes, magic, MAGIC_LENGTH) != 0)
        return false;
    rest r = {bytes + MAGIC_LENGTH, length - MAGIC_LENGTH};
    if (take(&r, 8) != stamp.size || (int64_t)take(&r, 8) != stamp.changed)
        return false;
    const uint64_t hash = take(&r, 8);
    if (hash == an_hash_bytes(r.at, r.length) && parse_body(out, r, stamp.size))
        return true;
    an_tar_index_free(out);
    return false;
}

alexnet_status an_tar_index_read(an_tar_index *out, const char *path, an_tar_stamp stamp,
                                 bool *found)
{
    unsigned char *bytes;
    size_t length;
    *out = (an_tar_index){0};
    *found = false;
    alexnet_status rc = an_file_read(path, (size_t)stamp.size + EMPTY_MAX, &bytes, &length);
    if (rc != ALEXNET_OK)
        return rc == ALEXNET_ERROR_NO_MEMORY ? rc : ALEXNET_OK;
    *found = an_tar_index_parse(out, bytes, length, stamp);
    an_free(bytes);
    return ALEXNET_OK;
}
