/*
 * Nearest neighbours among rows of features, exact: every row is compared. A row is read once for
 * all queries; one query is bound by memory, several by arithmetic (docs/performance.md).
 *
 *     Euclidean  sqrt(SUM (x - q)^2)
 *     cosine     1 - SUM x q / sqrt(SUM x^2 SUM q^2); 1 where either is zero
 *
 * Sums are in float32 over at most 512 products, then in double. A row that is NULL is skipped. Of
 * equal distances the lower row comes first, so that results do not depend on the number of
 * threads. The paper uses nearest neighbours in section 6.1.
 */
#ifndef AN_INFER_NEAREST_H
#define AN_INFER_NEAREST_H

#include "base/context.h"

/** Rows of `dims` values each, which may lie anywhere. Borrowed. */
typedef struct an_rows {
    const float *const *row; /* [count] */
    int64_t count;
    int dims;
    /* Whether a row that is not NULL is as it was written; any thread asks before it uses one.
     * NULL: all are. */
    bool (*is_whole)(const void *of, int64_t row);
    alexnet_status (*fail)(const void *of, int64_t row); /* makes the error for one that is not */
    const void *of;
} an_rows;

/** Whether a search may use a row: there is one, and it is as it was written. */
static inline bool an_rows_is_whole(const an_rows *rows, int64_t row)
{
    return !rows->is_whole || !rows->row[row] || rows->is_whole(rows->of, row);
}

/**
 * @param queries  float [n][dims], finite
 * @param top      at least 1
 * @param out      [n][top], nearest first; places that no row fills are {-1, INFINITY}
 * @return ALEXNET_ERROR_CANCELLED by the context; ALEXNET_ERROR_NO_MEMORY; the error of a row that
 *         is not whole
 */
alexnet_status an_nearest(alexnet_ctx *ctx, const an_rows *rows, const float *queries, int n,
                          alexnet_metric metric, int top, alexnet_neighbour *out);

/** A search for the nearest pairs of rows, some rows at a time. */
typedef struct alexnet_pairs an_pairs;

/**
 * @param limit  how many pairs to keep, at least 1
 * @param most   the largest distance of a pair; INFINITY: any
 */
alexnet_status an_pairs_new(an_pairs **out, alexnet_ctx *ctx, const an_rows *rows,
                            alexnet_metric metric, int64_t limit, double most);
/** Compare some more rows with all later ones. *fraction of the work is done, 0 to 1. */
alexnet_status an_pairs_step(an_pairs *pairs, double *fraction, bool *more);
/** Get one of the pairs found so far; the nearest is 0. @return false past the last */
bool an_pairs_get(an_pairs *pairs, int64_t index, alexnet_pair *out);
void an_pairs_free(an_pairs *pairs); /* NULL allowed */

#endif
