/*
 * Products of a fully connected layer in bfloat16, on a processor that multiplies pairs of them
 * (AVX-512 BF16). A kernel is serial, and the order of its sums is always the same.
 *
 * Forward and gradients of the data have images in the lanes of vectors. A row of weights is read
 * from memory in its own order, a pair at a time, and multiplied by the pairs of all images, which
 * stay in cache. Gradients of weights have columns of the input in the lanes, and pair images.
 *
 * Matrices of bfloat16, [images][columns], are laid out as
 *
 *     pairs of columns    [columns / 2][lanes][2], lanes: the images rounded up to AN_FC_VECTOR
 *     panels              [columns / AN_FC_PANEL][images / 2][AN_FC_PANEL][2], pairs of images
 *     strips              [columns / AN_FC_STRIP][images / 2][AN_FC_STRIP][2], the same
 *
 * with all quotients rounded up, and padded with zeros.
 */
#ifndef AN_BACKEND_CPU_KERNELS_FC_PRODUCTS_H
#define AN_BACKEND_CPU_KERNELS_FC_PRODUCTS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    AN_FC_VECTOR = 16,
    AN_FC_ROWS = 7, /* computed together: 28 accumulators with 64 lanes */
    AN_FC_PANEL = 32,
    AN_FC_STRIP = 14, /* 28 accumulators with a panel */
    AN_FC_LINE = 32   /* elements in a line of the caches */
};

/** Weights to prefetch from memory while others are used: `lines` cache lines of each of `rows`
 * rows, or as many as time allows. Kernels advance it. */
typedef struct an_fc_fetch {
    const uint16_t *row;
    int64_t row_step; /* elements */
    int rows, lines, line;
} an_fc_fetch;

/** sums[row][lane] += SUM over p of (pair p of the row) times (pair p of the lane). */
typedef struct an_fc_product_run {
    const uint16_t *weights; /* pair p of row j: at j * row_step + p * pair_step */
    int64_t row_step, pair_step;
    const uint16_t *columns; /* pairs of columns */
    int rows, pairs, lanes;  /* rows: at most AN_FC_ROWS; lanes: a multiple of AN_FC_VECTOR */
    bool begin;              /* sums start at zero */
    float *sums;
    an_fc_fetch *fetch; /* not NULL */
} an_fc_product_run;

/** Write sums [rows][lanes] to `rows` neighbouring columns of a matrix [images][columns]. */
typedef struct an_fc_write_run {
    const float *sums, *bias; /* bias: [rows], or NULL */
    int rows, lanes, images;
    int64_t columns;
    bool relu; /* NaN stays NaN */
    bool wide; /* to float32, else bfloat16 */
    void *to;  /* of image 0 */
} an_fc_write_run;

/** Some rows of a matrix to lay out differently. fc_pair_rows: weights become pairs of rows,
 * [rows / 2][columns, rounded up to AN_FC_VECTOR][2]. fc_panel: images become the panel that
 * begins at `from`, which has all of its AN_FC_PANEL columns. */
typedef struct an_fc_layout_run {
    const uint16_t *from;
    int64_t row_step; /* elements */
    int rows, columns;
    uint16_t *to;
} an_fc_layout_run;

/** Lay out pair `pair` of the columns of a matrix as [lanes][2]. */
void an_fc_pair_columns(const uint16_t *matrix, int images, int64_t columns, int64_t pair,
                        uint16_t *to);
/** Lay out one strip. */
void an_fc_strip(const uint16_t *matrix, int images, int64_t columns, int64_t strip, uint16_t *to);

/** dweights[rows][columns] = SUM over images of a strip times all panels. */
typedef struct an_fc_gradients_run {
    const uint16_t *strip, *panels;
    int images, rows; /* rows: at most AN_FC_STRIP */
    int64_t columns;  /* a multiple of AN_FC_PANEL */
    float *dweights;  /* if aligned to 64 bytes, written bypassing the caches; complete on return */
} an_fc_gradients_run;

#endif
