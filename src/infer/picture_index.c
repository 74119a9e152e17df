#include "infer/picture_index.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "infer/index_files.h"
#include "infer/picture_index_impl.h"

/* A file is written once its rows have this many bytes. */
static const size_t SHARD_BYTES = (size_t)64 << 20;
enum { SHARD_ROWS_MAX = 1 << 16 };

/* ---- Opening --------------------------------------------------------------------------------- */

static alexnet_status make_buffers(an_picture_index *x)
{
    const size_t row_bytes = (size_t)x->maker.rows.length * sizeof *x->block;
    const size_t count = (size_t)x->pictures->count;
    size_t rows = SHARD_BYTES / row_bytes;
    if (x->maker.file_rows)
        rows = (size_t)x->maker.file_rows;
    rows = rows < 1 ? 1 : rows > SHARD_ROWS_MAX ? SHARD_ROWS_MAX : rows;
    rows = rows < count ? rows : count;
    x->fresh_room = (int)rows;
    x->row = an_calloc(count, sizeof *x->row);
    x->place = an_calloc(count, sizeof *x->place);
    x->pending = an_calloc(count, sizeof *x->pending);
    x->fresh = an_calloc(rows, sizeof *x->fresh);
    x->fresh_picture = an_calloc(rows, sizeof *x->fresh_picture);
    x->block = an_calloc(rows, row_bytes);
    if (x->row && x->place && x->pending && x->fresh && x->fresh_picture && x->block)
        return ALEXNET_OK;
    return an_index_no_memory(count * (sizeof *x->row + sizeof *x->place) + rows * row_bytes);
}

static alexnet_status check_folder(const char *folder)
{
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return an_file_fail("open the folder", folder);
    close(fd);
    return ALEXNET_OK;
}

/* An index that cannot be written is found out before anything is computed. One that is complete
 * may be on a disk that is only read. */
static alexnet_status check_home(const an_picture_index *x)
{
    return x->n_pending || x->n_fresh ? an_index_home_check(x->home, x->maker.identity)
                                      : ALEXNET_OK;
}

alexnet_status an_picture_index_open(an_picture_index **out, alexnet_ctx *ctx, const char *folder,
                                     const char *home, const an_feature_maker *maker)
{
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    an_picture_index *x = an_calloc(1, sizeof *x);
    if (!x)
        return an_index_no_memory(sizeof *x);
    x->ctx = an_ctx_retain(ctx);
    x->maker = *maker;
    x->folder = an_strdup(folder);
    x->home = an_strdup(home);
    if (!x->folder || !x->home) {
        rc = an_index_no_memory(strlen(folder));
        goto cleanup;
    }
    AN_TRY(check_folder(folder));
    AN_TRY(an_dataset_of_files(&x->pictures, ctx, &folder, 1));
    AN_TRY(an_dataset_stamps(&x->stamp, ctx, x->pictures, true));
    AN_TRY(make_buffers(x));
    AN_TRY(an_index_open_shards(x));
    AN_TRY(an_index_find_rows(x));
    AN_TRY(an_index_save_rest(x));
    AN_TRY(check_home(x));
    *out = x;
    x = NULL;
cleanup:
    an_picture_index_free(x);
    return rc;
}

/* ---- Computing ------------------------------------------------------------------------------- */

/* A picture whose content cannot be read is recorded in the index as unreadable. One that failed by
 * an I/O error is not recorded, so it is tried again the next time. */
static alexnet_status take_bad(an_picture_index *x, const an_loaded *picture)
{
    if (picture->status != ALEXNET_ERROR_IO)
        AN_CHECK(an_index_add_row(x, picture->sample, NULL));
    an_log(x->ctx, ALEXNET_LOG_WARNING, "left out: %s", picture->error);
    x->bad++;
    return ALEXNET_OK;
}

/* Load and compute the next batch, from what is not done yet on, unless a step that failed has left
 * one. */
static alexnet_status make_batch(an_picture_index *x)
{
    bool more;
    if (!x->pass.loader)
        AN_CHECK(an_row_pass_start(&x->pass, x->ctx, x->pictures, &x->maker.rows, NULL,
                                   &(an_pass){.order = x->pending, .count = x->n_pending}));
    AN_CHECK(an_row_pass_fill(&x->pass, &more));
    assert(more);
    return ALEXNET_OK;
}

static alexnet_status take_picture(an_picture_index *x, int place)
{
    const an_loaded *picture = &x->pass.batch.pictures[place];
    const float *row;
    AN_CHECK(an_row_pass_row(&x->pass, place, &row));
    return row ? an_index_add_row(x, picture->sample, row) : take_bad(x, picture);
}

alexnet_status an_picture_index_step(an_picture_index *x, bool *more)
{
    *more = true;
    AN_CHECK(an_ctx_check(x->ctx));
    if (x->done < x->n_pending) {
        AN_CHECK(make_batch(x));
        for (; x->pass.taken < x->pass.batch.count; x->pass.taken++, x->done++)
            AN_CHECK(take_picture(x, x->pass.taken));
    }
    if (x->done < x->n_pending)
        return ALEXNET_OK;
    AN_CHECK(an_index_write_fresh(x));
    an_index_remove_waste(x);
    *more = false;
    return ALEXNET_OK;
}

alexnet_status an_picture_index_flush(an_picture_index *x)
{
    return an_index_write_fresh(x);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static alexnet_status fail_damaged(const void *index, int64_t picture)
{
    const an_picture_index *x = index;
    const an_index_place *place = &x->place[picture];
    const an_index_shard *shard = &x->shards[place->shard];
    if (an_index_shard_check(shard, place->row) == ALEXNET_OK)
        return AN_FAIL(ALEXNET_ERROR_IO, "%s: each time that it is read, it is another",
                       shard->path);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s; delete the file, and its pictures are computed again",
                   an_error_text());
}

/* Threads that compare the same row at once come to the same result. */
static bool is_whole(const void *index, int64_t picture)
{
    const an_picture_index *x = index;
    an_index_place *place = &x->place[picture];
    if (!atomic_load_explicit(&place->due, memory_order_relaxed))
        return true;
    if (an_index_shard_check(&x->shards[place->shard], place->row) != ALEXNET_OK)
        return false;
    atomic_store_explicit(&place->due, false, memory_order_relaxed);
    return true;
}

an_rows an_picture_index_rows(const an_picture_index *x)
{
    return (an_rows){x->row,   x->pictures->count, (int)x->maker.rows.length,
                     is_whole, fail_damaged,       x};
}

alexnet_status an_picture_index_row(const an_picture_index *x, int64_t picture, const float **row)
{
    *row = x->row[picture];
    return !*row || is_whole(x, picture) ? ALEXNET_OK : fail_damaged(x, picture);
}

void an_picture_index_free(an_picture_index *x)
{
    if (!x)
        return;
    an_row_pass_end(&x->pass);
    for (int s = 0; s < x->n_shards; s++)
        an_index_shard_close(&x->shards[s]);
    an_dataset_release(x->pictures);
    an_free(x->shards);
    an_free(x->stamp);
    an_free(x->row);
    an_free(x->place);
    an_free(x->pending);
    an_free(x->fresh);
    an_free(x->fresh_picture);
    an_free(x->block);
    an_free(x->folder);
    an_free(x->home);
    an_ctx_release(x->ctx);
    an_free(x);
}
