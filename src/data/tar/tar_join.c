#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "base/utf8.h"
#include "data/picture/endings.h"
#include "data/tar/tar_build.h"

/* Give keys the names in their lines. Lines for keys that do not exist are ignored. */
static alexnet_status spread_packed(an_tar_builder *b)
{
    char *next;
    for (char *line = b->packed; line && *line; line = next) {
        char *end = line + strcspn(line, "\n"), *tab = memchr(line, '\t', (size_t)(end - line));
        next = *end ? end + 1 : end;
        *end = '\0';
        if (!tab || !an_text_unpercent(tab + 1))
            continue;
        *tab = '\0';
        char *key = strchr(line, '/') ? an_strdup(line) : an_format("/%s", line);
        if (!key)
            return AN_FAIL_MEMORY(strlen(line), "a key");
        const int64_t number = an_interned_find(&b->keys, key);
        an_free(key);
        if (number >= 0)
            b->keyed[number].packed_from = tab + 1;
    }
    return ALEXNET_OK;
}

static alexnet_status key_of(const an_tar_builder *b, const an_tar_picture *picture, int64_t *key)
{
    char *text = an_tar_key(b->folders.list.at[picture->folder], b->index->names + picture->name);
    if (!text)
        return AN_FAIL_MEMORY(1, "a key");
    *key = an_interned_find(&b->keys, text);
    an_free(text);
    return ALEXNET_OK;
}

static const char *name_of(const an_tar_builder *b, int64_t picture)
{
    return b->index->names + b->index->pictures[picture].name;
}

/* 0: KEY.jpg; 1: an array, KEY.npy; 2: KEY.mask.png. */
static int level_of(const char *name)
{
    const char *tail = an_tar_tail(name);
    return strchr(tail, '.') != strrchr(tail, '.') ? 2 : an_text_same(tail, ".npy");
}

/* The place of a name's ending among those of pictures, of which JPEG's come first. */
static int rank_of(const char *name)
{
    int rank = 0;
    while (an_picture_endings[rank] && !an_text_same(an_picture_endings[rank], an_ending_of(name)))
        rank++;
    return rank;
}

/* Whether a picture is used in place of one that comes before it in the archive. */
static bool replaces(const char *name, const char *earlier)
{
    if (level_of(name) != level_of(earlier))
        return level_of(name) < level_of(earlier);
    return rank_of(name) < rank_of(earlier);
}

/* Find the key of each picture, -1 if none has a label, and the picture of each key. */
static alexnet_status choose(an_tar_builder *b, int64_t *keys)
{
    for (int64_t i = 0; i < b->index->count; i++) {
        AN_CHECK(key_of(b, &b->index->pictures[i], &keys[i]));
        an_tar_keyed *k = keys[i] >= 0 ? &b->keyed[keys[i]] : NULL;
        if (k && (k->picture < 0 || replaces(name_of(b, i), name_of(b, k->picture))))
            k->picture = i;
    }
    return ALEXNET_OK;
}

/* Leave a picture out. Only masks and other views, beside a plain picture, are expected. */
static void leave_out(an_tar_builder *b, int64_t picture, an_tar_keyed *k)
{
    an_tar_index *index = b->index;
    an_endings_add_as(&index->left_out, AN_ENDING_OTHER);
    if (k->doubtful || level_of(name_of(b, picture)) != level_of(name_of(b, k->picture)))
        return;
    k->doubtful = true;
    if (index->doubtful.keys++ == 0) {
        index->doubtful.used = index->pictures[k->picture].name;
        index->doubtful.other = index->pictures[picture].name;
    }
}

/* Keep the pictures without a label, and one of each key. */
static alexnet_status keep(an_tar_builder *b, const int64_t *keys)
{
    an_tar_index *index = b->index;
    int64_t kept = 0;
    for (int64_t i = 0; i < index->count; i++) {
        an_tar_keyed *k = keys[i] >= 0 ? &b->keyed[keys[i]] : NULL;
        if (k && k->picture != i)
            leave_out(b, i, k);
    }
    for (int64_t i = 0; i < index->count; i++) {
        an_tar_picture picture = index->pictures[i];
        const an_tar_keyed *k = keys[i] >= 0 ? &b->keyed[keys[i]] : NULL;
        if (k && k->picture != i)
            continue;
        picture.label = k ? k->label : -1;
        if (k && k->packed_from)
            AN_CHECK(an_tar_add_name(index, k->packed_from, &picture.key));
        index->pictures[kept++] = picture;
    }
    index->count = kept;
    return ALEXNET_OK;
}

alexnet_status an_tar_join(an_tar_builder *b)
{
    const size_t count = (size_t)b->index->count;
    AN_CHECK(spread_packed(b));
    int64_t *keys = an_calloc(count + 1, sizeof *keys);
    if (!keys)
        return AN_FAIL_MEMORY(count * sizeof *keys, "keys");
    alexnet_status rc = choose(b, keys);
    if (rc == ALEXNET_OK)
        rc = keep(b, keys);
    an_free(keys);
    return rc;
}
