#include "infer/picture_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"

/* A file is written once its rows have this many bytes. */
static const size_t SHARD_BYTES = (size_t)64 << 20;
enum { SHARD_ROWS_MAX = 1 << 16 };

static alexnet_status no_memory(size_t bytes)
{
    return AN_FAIL_MEMORY(bytes, "the index of a folder");
}

/* ---- Reading the index ----------------------------------------------------------------------- */

/* "fc7-0123456789abcdef-000012.safetensors"; @return its number, or -1 */
static int number_of(const an_picture_index *x, const char *name)
{
    const size_t length = strlen(x->maker.identity);
    int number = -1, end = 0;
    if (strncmp(name, x->maker.identity, length) != 0)
        return -1;
    if (sscanf(name + length, "-%6d.safetensors%n", &number, &end) != 1 || end == 0 ||
        name[length + (size_t)end] != '\0')
        return -1;
    return number;
}

static alexnet_status make_shard_room(an_picture_index *x)
{
    an_index_shard *grown = an_grow(x->shards, x->n_shards, sizeof *grown);
    if (!grown)
        return no_memory(2 * (size_t)x->n_shards * sizeof *grown);
    x->shards = grown;
    return ALEXNET_OK;
}

/* A damaged file is logged, and later removed like one without used rows. */
static alexnet_status open_shard(an_picture_index *x, const char *name)
{
    char *path = an_path_join(x->home, name);
    if (!path)
        return no_memory(strlen(name));
    an_index_shard *shard = NULL;
    alexnet_status rc = make_shard_room(x);
    if (rc == ALEXNET_OK) {
        shard = &x->shards[x->n_shards];
        rc = an_index_shard_open(shard, path, x->maker.identity, x->maker.dims);
    }
    if (rc == ALEXNET_ERROR_FORMAT || rc == ALEXNET_ERROR_UNSUPPORTED) {
        an_log(x->ctx, ALEXNET_LOG_WARNING, "%s; its pictures are computed again",
               alexnet_error_text());
        *shard = (an_index_shard){.path = an_strdup(path)};
        rc = shard->path ? ALEXNET_OK : no_memory(strlen(path));
    }
    x->n_shards += rc == ALEXNET_OK;
    an_free(path);
    return rc;
}

static alexnet_status open_shards(an_picture_index *x)
{
    an_folder folder;
    if (!an_is_folder(x->home))
        return ALEXNET_OK;
    AN_CHECK(an_folder_read(&folder, x->ctx, x->home));
    alexnet_status rc = ALEXNET_OK;
    for (int64_t i = 0; i < folder.files.count && rc == ALEXNET_OK; i++) {
        const int number = number_of(x, folder.files.at[i]);
        if (number < 0)
            continue;
        if (number >= x->next_number)
            x->next_number = number + 1;
        rc = open_shard(x, folder.files.at[i]);
    }
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

/* The name of a picture within the folder, which stays the same if the folder is moved. */
static const char *key_of(const an_picture_index *x, int64_t picture)
{
    const char *name = x->pictures->samples[picture].name;
    const size_t length = strlen(x->folder);
    if (strncmp(name, x->folder, length) != 0)
        return name;
    return name + length + strspn(name + length, "/");
}

/* Find every picture among the known rows. @param at  out, the shard of its row; -1: none */
static void match(an_picture_index *x, const known *list, int64_t count, int *at)
{
    x->n_pending = x->bad = 0;
    for (int64_t p = 0; p < x->pictures->count; p++) {
        const known *k = look_up(list, count, key_of(x, p));
        const int64_t stamp = x->stamp[p];
        at[p] = -1;
        if (!k || stamp == -1 || x->shards[k->shard].stamps[k->row] != stamp) {
            x->pending[x->n_pending++] = (uint32_t)p;
            continue;
        }
        at[p] = k->shard;
        x->shards[k->shard].used++;
        x->row[p] = an_index_shard_row(&x->shards[k->shard], k->row);
        x->bad += !x->row[p];
    }
}

/* ---- Writing new rows ------------------------------------------------------------------------ */

static alexnet_status write_fresh(an_picture_index *x)
{
    if (!x->n_fresh)
        return ALEXNET_OK;
    AN_CHECK(an_make_folder(x->home));
    AN_CHECK(make_shard_room(x));
    char *path = an_format("%s/%s-%06d.safetensors", x->home, x->maker.identity, x->next_number);
    if (!path)
        return no_memory(strlen(x->home));
    alexnet_status rc =
        an_index_shard_write(path, x->maker.identity, x->fresh, x->n_fresh, x->maker.dims);
    an_index_shard *shard = &x->shards[x->n_shards];
    if (rc == ALEXNET_OK)
        rc = an_index_shard_open(shard, path, x->maker.identity, x->maker.dims);
    an_free(path);
    AN_CHECK(rc);
    for (int i = 0; i < x->n_fresh; i++)
        x->row[x->fresh_picture[i]] = an_index_shard_row(shard, i);
    shard->used = shard->count;
    x->n_shards++;
    x->next_number++;
    x->n_fresh = 0;
    return ALEXNET_OK;
}

/* @param row  copied; NULL: the picture could not be read */
static alexnet_status add_fresh(an_picture_index *x, int64_t picture, const float *row)
{
    if (x->n_fresh == x->fresh_room)
        AN_CHECK(write_fresh(x));
    float *place = x->block + (size_t)x->n_fresh * (size_t)x->maker.dims;
    if (row)
        memcpy(place, row, (size_t)x->maker.dims * sizeof *row);
    x->fresh_picture[x->n_fresh] = picture;
    x->fresh[x->n_fresh++] =
        (an_index_row){key_of(x, picture), x->stamp[picture], row ? place : NULL};
    return ALEXNET_OK;
}

/* Choose the shards to write again: those with less than half of their rows in use, and those that
 * fill less than half a file, if there are several of these or new rows to write with them. */
static void find_waste(an_picture_index *x)
{
    int small = x->n_pending > 0;
    for (int s = 0; s < x->n_shards; s++)
        small += x->shards[s].used * 2 < x->fresh_room;
    for (int s = 0; s < x->n_shards; s++) {
        an_index_shard *shard = &x->shards[s];
        shard->waste = shard->used == 0 || shard->used * 2 < shard->count ||
                       (small > 1 && shard->used * 2 < x->fresh_room);
    }
}

/* Add the used rows of these shards to the new rows. @param at  from match() */
static alexnet_status save_rest(an_picture_index *x, const int *at)
{
    find_waste(x);
    for (int64_t p = 0; p < x->pictures->count; p++)
        if (at[p] >= 0 && x->shards[at[p]].waste)
            AN_CHECK(add_fresh(x, p, x->row[p]));
    return ALEXNET_OK;
}

/* Remove these shards. Their used rows must be in other files by then. */
static void remove_waste(an_picture_index *x)
{
    int kept = 0;
    for (int s = 0; s < x->n_shards; s++) {
        if (!x->shards[s].waste) {
            x->shards[kept++] = x->shards[s];
            continue;
        }
        unlink(x->shards[s].path);
        an_index_shard_close(&x->shards[s]);
    }
    x->n_shards = kept;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static alexnet_status make_buffers(an_picture_index *x)
{
    const size_t row_bytes = (size_t)x->maker.dims * sizeof *x->block;
    const size_t count = (size_t)x->pictures->count;
    size_t rows = SHARD_BYTES / row_bytes;
    if (x->maker.file_rows)
        rows = (size_t)x->maker.file_rows;
    rows = rows < 1 ? 1 : rows > SHARD_ROWS_MAX ? SHARD_ROWS_MAX : rows;
    rows = rows < count ? rows : count;
    x->fresh_room = (int)rows;
    x->row = an_calloc(count, sizeof *x->row);
    x->pending = an_calloc(count, sizeof *x->pending);
    x->fresh = an_calloc(rows, sizeof *x->fresh);
    x->fresh_picture = an_calloc(rows, sizeof *x->fresh_picture);
    x->block = an_calloc(rows, row_bytes);
    x->batch_rows = an_calloc((size_t)x->maker.batch, row_bytes);
    if (x->row && x->pending && x->fresh && x->fresh_picture && x->block && x->batch_rows)
        return ALEXNET_OK;
    return no_memory(count * sizeof *x->row + rows * row_bytes);
}

static alexnet_status find_rows(an_picture_index *x)
{
    int64_t count = 0, n = 0;
    for (int s = 0; s < x->n_shards; s++)
        count += x->shards[s].count;
    known *list = an_calloc((size_t)count + 1, sizeof *list);
    int *at = an_calloc((size_t)x->pictures->count + 1, sizeof *at);
    alexnet_status rc = ALEXNET_OK;
    if (!list || !at)
        rc = no_memory((size_t)count * sizeof *list);
    for (int s = 0; rc == ALEXNET_OK && s < x->n_shards; s++)
        for (int64_t i = 0; i < x->shards[s].count; i++)
            list[n++] = (known){x->shards[s].key[i], s, i};
    if (rc == ALEXNET_OK) {
        qsort(list, (size_t)n, sizeof *list, compare_known);
        match(x, list, n, at);
        rc = save_rest(x, at);
    }
    an_free(list);
    an_free(at);
    return rc;
}

alexnet_status an_picture_index_open(an_picture_index **out, alexnet_ctx *ctx, const char *folder,
                                     const char *home, const an_feature_maker *maker)
{
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    an_picture_index *x = an_calloc(1, sizeof *x);
    if (!x)
        return no_memory(sizeof *x);
    x->ctx = an_ctx_retain(ctx);
    x->maker = *maker;
    x->folder = an_strdup(folder);
    x->home = an_strdup(home);
    if (!x->folder || !x->home) {
        rc = no_memory(strlen(folder));
        goto cleanup;
    }
    AN_TRY(an_dataset_of_files(&x->pictures, ctx, &folder, 1));
    AN_TRY(an_dataset_stamps(&x->stamp, ctx, x->pictures));
    AN_TRY(make_buffers(x));
    AN_TRY(open_shards(x));
    AN_TRY(find_rows(x));
    *out = x;
    x = NULL;
cleanup:
    an_picture_index_free(x);
    return rc;
}

/* ---- Computing ------------------------------------------------------------------------------- */

static alexnet_status start(an_picture_index *x)
{
    AN_CHECK(an_loader_new(&x->loader, x->pictures, x->maker.fit, x->maker.batch, x->ctx->threads,
                           NULL));
    return an_loader_start(x->loader, x->pending, x->n_pending, 0);
}

/* A picture whose content cannot be read is recorded in the index as unreadable. One that failed by
 * an I/O error is not recorded, so it is tried again the next time. */
static alexnet_status take_bad(an_picture_index *x, const an_loaded *picture)
{
    if (picture->status == ALEXNET_ERROR_NO_MEMORY)
        return AN_FAIL(picture->status, "%s", picture->error);
    an_log(x->ctx, ALEXNET_LOG_WARNING, "left out: %s", picture->error);
    x->bad++;
    return picture->status == ALEXNET_ERROR_IO ? ALEXNET_OK : add_fresh(x, picture->sample, NULL);
}

static alexnet_status take_batch(an_picture_index *x, const an_batch *batch)
{
    AN_CHECK(x->maker.compute(x->maker.self, batch->pixels, batch->count, x->batch_rows));
    for (int i = 0; i < batch->count; i++) {
        const an_loaded *picture = &batch->pictures[i];
        const float *row = x->batch_rows + (size_t)i * (size_t)x->maker.dims;
        AN_CHECK(picture->status == ALEXNET_OK ? add_fresh(x, picture->sample, row)
                                               : take_bad(x, picture));
    }
    x->done += batch->count;
    return ALEXNET_OK;
}

alexnet_status an_picture_index_step(an_picture_index *x, bool *more)
{
    an_batch batch;
    bool got = false;
    AN_CHECK(an_ctx_check(x->ctx));
    if (x->done < x->n_pending) {
        if (!x->loader)
            AN_CHECK(start(x));
        AN_CHECK(an_loader_next(x->loader, &batch, &got));
        if (got)
            AN_CHECK(take_batch(x, &batch));
    }
    *more = got && x->done < x->n_pending;
    if (*more)
        return ALEXNET_OK;
    AN_CHECK(write_fresh(x));
    remove_waste(x);
    return ALEXNET_OK;
}

alexnet_status an_picture_index_flush(an_picture_index *x)
{
    return write_fresh(x);
}

an_rows an_picture_index_rows(const an_picture_index *x)
{
    return (an_rows){x->row, x->pictures->count, x->maker.dims};
}

void an_picture_index_free(an_picture_index *x)
{
    if (!x)
        return;
    an_loader_free(x->loader);
    for (int s = 0; s < x->n_shards; s++)
        an_index_shard_close(&x->shards[s]);
    an_dataset_release(x->pictures);
    an_free(x->shards);
    an_free(x->stamp);
    an_free(x->row);
    an_free(x->pending);
    an_free(x->fresh);
    an_free(x->fresh_picture);
    an_free(x->block);
    an_free(x->batch_rows);
    an_free(x->folder);
    an_free(x->home);
    an_ctx_release(x->ctx);
    an_free(x);
}
