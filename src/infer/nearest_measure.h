/*
 * Sums over a row and several others, for nearest.c and pairs.c.
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
 * Distances of one row to others.
 * @param others  [n]
 * @param out     [n]
 */
void an_row_distances(const an_row *row, const an_row *others, int n, int dims,
                      alexnet_metric metric, double *out);

#endif
