/*
 * Features of the pictures of a folder, kept in files beside it. A refresh computes only what has
 * changed.
 *
 * The files (index_shard.h) are in one folder, the index, and never change. Rows of new and changed
 * pictures go to new files, and so do the used rows of a file that has few of them. The cost of a
 * refresh therefore depends on what has changed, and an interruption loses only the last file.
 * Indices of several models and layers share the folder; the name of a file begins with the
 * identity of model and layer. Several programs and threads may build an index at once
 * (index_files.h).
 */
#ifndef AN_INFER_PICTURE_INDEX_H
#define AN_INFER_PICTURE_INDEX_H

#include <stdatomic.h>

#include "infer/index_shard.h"
#include "infer/nearest.h"
#include "infer/row_pass.h"

/** What computes features. */
typedef struct an_feature_maker {
    an_row_maker rows;
    int file_rows;     /* rows of a file at most; 0: as many as 64 MiB hold */
    char identity[96]; /* of model and layer; file names begin with it */
} an_feature_maker;

/** Where the row of a picture is. */
typedef struct an_index_place {
    int64_t row;     /* of the shard */
    int shard;       /* -1: in `block`, or nowhere */
    atomic_bool due; /* it is still to be compared with its checksum */
} an_index_place;

struct alexnet_index {
    alexnet_ctx *ctx;
    alexnet_dataset *pictures;
    char *folder, *home; /* of the pictures; of the index */
    an_feature_maker maker;
    int64_t *stamp;    /* per picture, taken before it is read */
    const float **row; /* per picture, in a shard or in `block`; NULL: not computed yet, or bad */
    an_index_place *place; /* per picture */
    int n_shards, next_number;
    an_index_shard *shards; /* all zero: removed */
    uint32_t *pending;      /* pictures to compute, in order */
    int64_t n_pending, done, bad;
    an_row_pass pass;    /* over what is pending */
    an_index_row *fresh; /* [n_fresh]: not written yet; their rows are in `block` */
    int64_t *fresh_picture;
    int n_fresh, fresh_room;
    float *block;
};
typedef struct alexnet_index an_picture_index;

/**
 * Open the files that the index has, and find out which pictures are missing.
 * @param folder  of the pictures
 * @param home    of the index; made if there is something to write
 * @return ALEXNET_ERROR_IO for a folder that is none, or a home that cannot be written
 */
alexnet_status an_picture_index_open(an_picture_index **out, alexnet_ctx *ctx, const char *folder,
                                     const char *home, const an_feature_maker *maker);
/** Compute the next batch of missing pictures; *more is false once all are computed and written.
 *  Pictures that cannot be read are warnings in the log, and counted in `bad`. A step that failed
 *  can be tried again: nothing is left out or computed twice. */
alexnet_status an_picture_index_step(an_picture_index *index, bool *more);
/** Write the rows computed so far; for a caller who stops before the end. */
alexnet_status an_picture_index_flush(an_picture_index *index);
/** The rows, to be searched: each is compared with its checksum before it is first used. */
an_rows an_picture_index_rows(const an_picture_index *index);
/**
 * The row of a picture, compared likewise; NULL if there is none.
 * @return ALEXNET_ERROR_FORMAT for a row that is damaged: the text says what to do
 */
alexnet_status an_picture_index_row(const an_picture_index *index, int64_t picture,
                                    const float **row);
void an_picture_index_free(an_picture_index *index); /* NULL allowed */

#endif
