/*
 * Any bytes as an archive, as they are and with the checksums of what look like headers corrected;
 * as an index of one, with a hash that fits; as a pattern; and as labels. An error that names the
 * file, or pictures that lie within it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/status.h"
#include "data/source/pattern.h"
#include "data/tar/tar_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { BLOCK = 512, HEAD = 40 };

static void check_index(an_tar_index *index, uint64_t size)
{
    int64_t read = 0;
    for (int64_t i = 0; i < index->count; i++) {
        const an_tar_picture *p = &index->pictures[i];
        if (p->length > size || p->offset > size - p->length || p->name >= index->names_length ||
            p->key >= index->names_length || p->folder < 0 || p->folder >= index->folders.count ||
            p->label < -1 || p->label >= index->labels.count)
            abort();
        read += (int64_t)strlen(index->names + p->name);
        read += (int64_t)strlen(index->names + p->key);
        read += (int64_t)strlen(index->folders.at[p->folder]);
    }
    if (index->doubtful.keys > 0 && (index->doubtful.used >= index->names_length ||
                                     index->doubtful.other >= index->names_length))
        abort();
    if (read < 0)
        abort();
    an_tar_index_free(index);
}

static void try_archive(const uint8_t *bytes, size_t length)
{
    an_reader *reader;
    an_tar_index index;
    if (an_reader_memory(&reader, "fuzz", bytes, length) != ALEXNET_OK)
        return;
    if (an_tar_index_build(&index, reader, NULL) == ALEXNET_OK)
        check_index(&index, length);
    else if (index.count || !strstr(an_error_text(), "fuzz"))
        abort();
    an_reader_close(reader);
}

/* Correct the checksums of all blocks with the magic of a header. */
static void mend(uint8_t *bytes, size_t length)
{
    for (size_t at = 0; at + BLOCK <= length; at += BLOCK) {
        unsigned sum = 0;
        char text[8];
        if (memcmp(bytes + at + 257, "ustar", 5) != 0)
            continue;
        memset(bytes + at + 148, ' ', 8);
        for (int i = 0; i < BLOCK; i++)
            sum += bytes[at + (size_t)i];
        snprintf(text, sizeof text, "%06o", sum & 0777777);
        memcpy(bytes + at + 148, text, 7);
    }
}

static void put(uint8_t *to, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

static void try_index(const uint8_t *bytes, size_t length)
{
    const an_tar_stamp stamp = {1 << 20, 7};
    an_tar_index index;
    uint8_t *file = malloc(HEAD + length);
    if (!file)
        return;
    memcpy(file, "alexnet tar 003\n", 16);
    put(file + 16, stamp.size);
    put(file + 24, (uint64_t)stamp.changed);
    put(file + 32, an_hash_bytes(bytes, length));
    if (length)
        memcpy(file + HEAD, bytes, length);
    if (an_tar_index_parse(&index, file, HEAD + length, stamp))
        check_index(&index, stamp.size);
    free(file);
    if (an_tar_index_parse(&index, bytes, length, stamp))
        check_index(&index, stamp.size);
}

static void try_text(const uint8_t *bytes, size_t length)
{
    enum { PATTERN_MAX = 64 };
    an_strings list;
    char *json, *cls, pattern[PATTERN_MAX + 1] = "";
    memcpy(pattern, bytes, length < PATTERN_MAX ? length : PATTERN_MAX);
    if (an_pattern_expand(&list, pattern) == ALEXNET_OK && list.count < 1)
        abort();
    an_strings_free(&list);
    if (an_tar_label_cls(&cls, (const char *)bytes, length < 1024 ? length : 1024) == ALEXNET_OK)
        an_free(cls);
    if (an_tar_label_json(&json, (const char *)bytes, length) == ALEXNET_OK)
        an_free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    uint8_t *copy = malloc(length ? length : 1);
    if (!copy)
        return 0;
    try_archive(bytes, length);
    if (length)
        memcpy(copy, bytes, length);
    mend(copy, length);
    try_archive(copy, length);
    free(copy);
    try_index(bytes, length);
    if (length)
        try_text(bytes, length);
    return 0;
}
