#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "data/tar_build.h"

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

/* Whether a picture is KEY.jpg, not KEY.mask.png or an array. */
static bool is_plain(const an_tar_builder *b, const an_tar_picture *picture)
{
    const char *tail = an_tar_tail(b->index->names + picture->name);
    return strchr(tail, '.') == strrchr(tail, '.') && strcasecmp(tail, ".npy") != 0;
}

alexnet_status an_tar_join(an_tar_builder *b)
{
    an_tar_index *index = b->index;
    int64_t kept = 0;
    AN_CHECK(spread_packed(b));
    int64_t *keys =
        an_calloc((size_t)index->count + 1, sizeof *keys); /* of each picture; -1: none */
    alexnet_status rc = keys ? ALEXNET_OK : AN_FAIL_MEMORY(index->count * sizeof *keys, "keys");
    for (int64_t i = 0; i < index->count && rc == ALEXNET_OK; i++) {
        rc = key_of(b, &index->pictures[i], &keys[i]);
        if (rc == ALEXNET_OK && keys[i] >= 0)
            b->keyed[keys[i]].plain |= is_plain(b, &index->pictures[i]);
    }
    for (int64_t i = 0; i < index->count && rc == ALEXNET_OK; i++) {
        an_tar_picture picture = index->pictures[i];
        const an_tar_keyed *k = keys[i] >= 0 ? &b->keyed[keys[i]] : NULL;
        if (k && k->plain && !is_plain(b, &picture)) {
            an_endings_add(&index->left_out, index->names + picture.name);
            continue;
        }
        picture.label = k ? k->label : -1;
        if (k && k->packed_from)
            rc = an_tar_add_name(index, k->packed_from, &picture.key);
        index->pictures[kept++] = picture;
    }
    an_free(keys);
    if (rc == ALEXNET_OK)
        index->count = kept;
    return rc;
}
