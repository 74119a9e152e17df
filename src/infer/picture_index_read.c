/*
 * The reading of an index: its files, and which pictures have a row in them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "infer/index_files.h"
#include "infer/picture_index_impl.h"

alexnet_status an_index_make_room(an_picture_index *x)
{
    an_index_shard *grown = an_grow(x->shards, x->n_shards, sizeof *grown);
    if (!grown)
        return an_index_no_memory(2 * (size_t)x->n_shards * sizeof *grown);
    x->shards = grown;
    return ALEXNET_OK;
}

alexnet_status an_index_open_file(an_picture_index *x, const char *path, an_index_shard *shard,
                                  bool *there)
{
    const alexnet_status rc =
        an_index_shard_open(shard, path, x->maker.identity, (int)x->maker.rows.length);
    *there = true;
    if (rc != ALEXNET_ERROR_IO || access(path, F_OK) == 0 || errno != ENOENT)
        return rc;
    *there = false;
    return ALEXNET_OK;
}

/* Of a file whose rows cannot be used, only the name is kept: it is removed like one without used
 * rows. */
static alexnet_status keep_name(const char *path, an_index_shard *shard)
{
    *shard = (an_index_shard){.path = an_strdup(path)};
    return shard->path ? ALEXNET_OK : an_index_no_memory(strlen(path));
}

static alexnet_status open_shard(an_picture_index *x, const char *path)
{
    bool there;
    AN_CHECK(an_index_make_room(x));
    an_index_shard *shard = &x->shards[x->n_shards];
    alexnet_status rc = an_index_open_file(x, path, shard, &there);
    if (rc == ALEXNET_ERROR_FORMAT || rc == ALEXNET_ERROR_UNSUPPORTED) {
        an_log(x->ctx, ALEXNET_LOG_WARNING, "%s; its pictures are computed again", an_error_text());
        rc = keep_name(path, shard);
    }
    x->n_shards += rc == ALEXNET_OK && there;
    return rc;
}

static alexnet_status add_leftover(an_picture_index *x, const char *path)
{
    AN_CHECK(an_index_make_room(x));
    AN_CHECK(keep_name(path, &x->shards[x->n_shards]));
    x->n_shards++;
    return ALEXNET_OK;
}

/* Take one of the files in the folder of the index, if it is ours. */
static alexnet_status take_file(an_picture_index *x, const char *name)
{
    const int number = an_index_file_number(x->maker.identity, name);
    const bool left = an_index_file_is_left(x->home, x->maker.identity, name);
    if (number < 0 && !left)
        return ALEXNET_OK;
    if (number >= x->next_number)
        x->next_number = number + 1;
    char *path = an_path_join(x->home, name);
    if (!path)
        return an_index_no_memory(strlen(name));
    const alexnet_status rc = left ? add_leftover(x, path) : open_shard(x, path);
    an_free(path);
    return rc;
}

alexnet_status an_index_open_shards(an_picture_index *x)
{
    an_folder folder;
    if (!an_is_folder(x->home))
        return ALEXNET_OK;
    AN_CHECK(an_folder_read(&folder, x->ctx, x->home));
    alexnet_status rc = ALEXNET_OK;
    for (int64_t i = 0; i < folder.files.count && rc == ALEXNET_OK; i++)
        rc = take_file(x, folder.files.at[i]);
    an_folder_free(&folder);
    return rc;
}

/* A row of a shard, to be looked up by its key; of equal keys the later shard's counts. */
typedef struct known {
    const char *key;
    int shard;
    int64_t row;
} known;

static int compare_known(const void *a, const void *b)
{
    const known *x = a, *y = b;
    const int order = strcmp(x->key, y->key);
    return order ? order : x->shard - y->shard;
}

static const known *look_up(const known *list, int64_t count, const char *key)
{
    int64_t low = 0, high = count; /* the first that is greater */
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (strcmp(list[middle].key, key) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && strcmp(list[low - 1].key, key) == 0 ? &list[low - 1] : NULL;
}

const char *an_index_key(const an_picture_index *x, int64_t picture)
{
    const char *name = x->pictures->samples[picture].name;
    const size_t length = strlen(x->folder);
    if (strncmp(name, x->folder, length) != 0)
        return name;
    return name + length + strspn(name + length, "/");
}

void an_index_place_row(an_picture_index *x, int64_t picture, int shard, int64_t row)
{
    x->place[picture] = (an_index_place){row, shard, true};
    x->row[picture] = an_index_shard_row(&x->shards[shard], row);
    x->shards[shard].used++;
}

void an_index_miss(an_picture_index *x, int64_t picture)
{
    x->place[picture] = (an_index_place){.shard = -1};
    x->row[picture] = NULL;
    x->pending[x->n_pending++] = (uint32_t)picture;
}

bool an_index_is_whole(const an_picture_index *x, const an_index_shard *shard, int64_t row)
{
    if (an_index_shard_check(shard, row) == ALEXNET_OK)
        return true;
    an_log(x->ctx, ALEXNET_LOG_WARNING, "%s; its picture is computed again", an_error_text());
    return false;
}

static bool is_known(const an_picture_index *x, int64_t picture, const known *k)
{
    const int64_t stamp = x->stamp[picture];
    return k && stamp != -1 && x->shards[k->shard].stamps[k->row] == stamp;
}

/* Use a row that the index has, unless it says that the picture could not be read, and is damaged:
 * no search would look at it, and find that out. */
static void take_row(an_picture_index *x, int64_t picture, const known *k)
{
    const an_index_shard *shard = &x->shards[k->shard];
    const bool readable = an_index_shard_row(shard, k->row) != NULL;
    if (!readable && !an_index_is_whole(x, shard, k->row)) {
        an_index_miss(x, picture);
        return;
    }
    an_index_place_row(x, picture, k->shard, k->row);
    if (readable)
        return;
    an_log(x->ctx, ALEXNET_LOG_WARNING,
           "left out: %s could not be read in an earlier search, and has not changed since",
           x->pictures->samples[picture].name);
    x->bad++;
}

/* Find every picture among the known rows. */
static void match(an_picture_index *x, const known *list, int64_t count)
{
    x->n_pending = x->bad = 0;
    for (int64_t p = 0; p < x->pictures->count; p++) {
        const known *k = look_up(list, count, an_index_key(x, p));
        if (is_known(x, p, k))
            take_row(x, p, k);
        else
            an_index_miss(x, p);
    }
}

alexnet_status an_index_find_rows(an_picture_index *x)
{
    int64_t count = 0, n = 0;
    for (int s = 0; s < x->n_shards; s++)
        count += x->shards[s].count;
    known *list = an_calloc((size_t)count + 1, sizeof *list);
    if (!list)
        return an_index_no_memory((size_t)count * sizeof *list);
    for (int s = 0; s < x->n_shards; s++)
        for (int64_t i = 0; i < x->shards[s].count; i++)
            list[n++] = (known){x->shards[s].key[i], s, i};
    qsort(list, (size_t)n, sizeof *list, compare_known);
    match(x, list, n);
    an_free(list);
    return ALEXNET_OK;
}
