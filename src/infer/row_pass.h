/*
 * Rows of numbers for the pictures of a data set, such as probabilities or features: pictures are
 * loaded ahead, and computed a batch at a time. Streams, the index of a folder and the search for
 * patches share this code.
 */
#ifndef AN_INFER_ROW_PASS_H
#define AN_INFER_ROW_PASS_H

#include "data/loader/loader.h"

/** What computes rows; its functions and `self` are borrowed. */
typedef struct an_row_maker {
    an_fit fit;
    int batch;
    int64_t length; /* of a row */
    /** @param rows  out, float [count][length] */
    alexnet_status (*compute)(void *self, const uint8_t *pixels, int count, float *rows);
    /** Fails if a row is none to use; the error names `picture`. NULL: every row is used */
    alexnet_status (*check)(void *self, const float *row, const char *picture);
    void *self;
} an_row_maker;

typedef struct an_row_pass {
    an_row_maker maker;
    alexnet_ctx *ctx; /* not owned */
    alexnet_dataset *pictures;
    an_loader *loader; /* NULL: not started */
    an_batch batch;    /* the latest */
    int taken;         /* how many of its pictures the caller is done with, which the caller sets */
    bool computed;     /* whether its rows are */
    float *rows;       /* [batch][length], a copy: the maker may compute others meanwhile */
} an_row_pass;

/** @param pass    all zero, and again so after a failure
 *  @param memory  for the loader's batches; NULL: the host's */
alexnet_status an_row_pass_start(an_row_pass *pass, alexnet_ctx *ctx,
                                 const alexnet_dataset *pictures, const an_row_maker *maker,
                                 const an_loader_memory *memory, const an_pass *of);
/** Once all pictures of a batch are taken, load and compute the next; *more is false past the last.
 *  A batch that could not be computed is not loaded again: the next call computes it. */
alexnet_status an_row_pass_fill(an_row_pass *pass, bool *more);
/** The row of a picture of the batch, checked; NULL if the picture could not be read. */
alexnet_status an_row_pass_row(const an_row_pass *pass, int index, const float **row);
void an_row_pass_end(an_row_pass *pass); /* all zero afterwards */

#endif
