/*
 * Sums over rows and others, for nearest.c and pairs.c.
 */
#ifndef AN_INFER_NEAREST_MEASURE_H
#define AN_INFER_NEAREST_MEASURE_H

#include "infer/nearest.h"

/** A row, and for cosine the sum of its squares. */
typedef struct an_row {
    const float *values;
    double squares;
} an_row;

/** The sum of squares of a row. */
double an_row_squares(const float *row, int dims);

/**
 * Distances of rows to others. Each has the same bits whatever is measured with it.
 * @param rows    [m]
 * @param others  [n]
 * @param out     [m][n]
 */
void an_row_distances(const an_row *rows, int m, const an_row *others, int n, int dims,
                      alexnet_metric metric, double *out);

#endif
