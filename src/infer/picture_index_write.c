/*
 * The writing of an index: rows that are new, and those of files that hold few.
 */
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/work.h"
#include "infer/index_files.h"
#include "infer/picture_index_impl.h"

enum { WRITES_MAX = 10 }; /* attempts to write a file that disappears */

/* Write the new rows to a file of their own, and open it. *there is false if another builder, which
 * has these rows in a file of its own, has removed it meanwhile. */
static alexnet_status write_file(an_picture_index *x, an_index_shard *shard, bool *there)
{
    char *path;
    AN_CHECK(an_index_file_new(&path, x->home, x->maker.identity, x->next_number));
    alexnet_status rc = an_index_shard_write(path, x->maker.identity, x->fresh, x->n_fresh,
                                             (int)x->maker.rows.length);
    if (rc == ALEXNET_OK)
        rc = an_index_open_file(x, path, shard, there);
    an_free(path);
    return rc;
}

alexnet_status an_index_write_fresh(an_picture_index *x)
{
    bool there = false;
    if (!x->n_fresh)
        return ALEXNET_OK;
    AN_CHECK(an_make_folder(x->home)); /* it may have been deleted */
    AN_CHECK(an_index_make_room(x));
    an_index_shard *shard = &x->shards[x->n_shards];
    for (int i = 0; i < WRITES_MAX && !there; i++)
        AN_CHECK(write_file(x, shard, &there));
    if (!there)
        return AN_FAIL(ALEXNET_ERROR_IO, "%s: each file that is written here disappears", x->home);
    for (int i = 0; i < x->n_fresh; i++)
        an_index_place_row(x, x->fresh_picture[i], x->n_shards, i);
    x->n_shards++;
    x->next_number++;
    x->n_fresh = 0;
    return ALEXNET_OK;
}

/* @param row  copied; NULL: the picture could not be read */
alexnet_status an_index_add_row(an_picture_index *x, int64_t picture, const float *row)
{
    if (x->n_fresh == x->fresh_room)
        AN_CHECK(an_index_write_fresh(x));
    float *place = x->block + (size_t)x->n_fresh * (size_t)x->maker.rows.length;
    if (row)
        memcpy(place, row, (size_t)x->maker.rows.length * sizeof *row);
    x->row[picture] = row ? place : NULL;
    x->place[picture] = (an_index_place){.shard = -1};
    x->fresh_picture[x->n_fresh] = picture;
    x->fresh[x->n_fresh++] =
        (an_index_row){an_index_key(x, picture), x->stamp[picture], row ? place : NULL};
    return ALEXNET_OK;
}

/* Choose the shards to write again: those with less than half of their rows in use, those of
 * earlier versions, which have no checksums, and those that fill less than half a file, if there
 * are several of these or new rows to write with them. */
static void find_waste(an_picture_index *x)
{
    int small = x->n_pending > 0;
    for (int s = 0; s < x->n_shards; s++)
        small += x->shards[s].used * 2 < x->fresh_room;
    for (int s = 0; s < x->n_shards; s++) {
        an_index_shard *shard = &x->shards[s];
        shard->waste = shard->used == 0 || shard->used * 2 < shard->count || !shard->sums ||
                       (small > 1 && shard->used * 2 < x->fresh_room);
    }
}

/* A row that is damaged is not given a new checksum, but computed again. */
static alexnet_status save_row(an_picture_index *x, int64_t p)
{
    const an_index_place *place = &x->place[p];
    if (an_index_is_whole(x, &x->shards[place->shard], place->row))
        return an_index_add_row(x, p, x->row[p]);
    an_index_miss(x, p);
    return ALEXNET_OK;
}

static bool is_in_waste(const an_picture_index *x, int64_t p)
{
    return x->place[p].shard >= 0 && x->shards[x->place[p].shard].waste;
}

static int64_t count_to_save(const an_picture_index *x)
{
    int64_t count = 0;
    for (int s = 0; s < x->n_shards; s++)
        count += x->shards[s].waste ? x->shards[s].used : 0;
    return count;
}

alexnet_status an_index_save_rest(an_picture_index *x)
{
    alexnet_status rc = ALEXNET_OK;
    if (access(x->home, W_OK) != 0)
        return ALEXNET_OK; /* on a disk that is only read, files are used as they are */
    find_waste(x);
    an_work work = an_work_begin(x->ctx, "copied", "rows", count_to_save(x));
    for (int64_t p = 0; p < x->pictures->count && rc == ALEXNET_OK; p++)
        if (is_in_waste(x, p)) {
            rc = save_row(x, p);
            if (rc == ALEXNET_OK)
                rc = an_work_add(&work, 1);
        }
    an_work_end(&work);
    return rc;
}

/* Remove these shards. Their used rows must be in other files by then. */
void an_index_remove_waste(an_picture_index *x)
{
    for (int s = 0; s < x->n_shards; s++)
        if (x->shards[s].waste) {
            unlink(x->shards[s].path);
            an_index_shard_close(&x->shards[s]);
        }
}
