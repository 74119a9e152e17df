/*
 * Shared by the sources of picture_index.h.
 */
#ifndef AN_INFER_PICTURE_INDEX_IMPL_H
#define AN_INFER_PICTURE_INDEX_IMPL_H

#include "base/status.h"
#include "infer/picture_index.h"

static inline alexnet_status an_index_no_memory(size_t bytes)
{
    return AN_FAIL_MEMORY(bytes, "the index of a folder");
}

/* ---- picture_index_read.c ---- */

/** Make room for one more shard. */
alexnet_status an_index_make_room(an_picture_index *x);
/** Open a file of the index. *there is false if another builder has removed it meanwhile. */
alexnet_status an_index_open_file(an_picture_index *x, const char *path, an_index_shard *shard,
                                  bool *there);
/** The name of a picture within the folder, which stays the same if the folder is moved. */
const char *an_index_key(const an_picture_index *x, int64_t picture);
/** Open the files that the index has. */
alexnet_status an_index_open_shards(an_picture_index *x);
/** A picture has this row of a shard. */
void an_index_place_row(an_picture_index *x, int64_t picture, int shard, int64_t row);
/** A picture has no row that can be used: compute it. */
void an_index_miss(an_picture_index *x, int64_t picture);
/** Compare a row with its checksum. One that is damaged is reported as a warning. */
bool an_index_is_whole(const an_picture_index *x, const an_index_shard *shard, int64_t row);
/** Find the rows of the pictures, and which pictures are missing. */
alexnet_status an_index_find_rows(an_picture_index *x);

/* ---- picture_index_write.c ---- */

/** Add a new row; the others are written before if there are enough for a file.
 * @param row  copied; NULL: the picture could not be read */
alexnet_status an_index_add_row(an_picture_index *x, int64_t picture, const float *row);
/** Write the new rows. */
alexnet_status an_index_write_fresh(an_picture_index *x);
/** Choose the shards that are a waste, and add their used rows to the new ones. */
alexnet_status an_index_save_rest(an_picture_index *x);
/** Remove these shards. Their used rows must be in other files by then. */
void an_index_remove_waste(an_picture_index *x);

#endif
