/*
 * Sums over a row and several others, for nearest.c and pairs.c.
 */
#ifndef AN_INFER_NEAREST_MEASURE_H
#define AN_INFER_NEAREST_MEASURE_H

#include "infer/nearest.h"

/** Squares of all values of a row. */
double an_row_squares(const float *row, int dims);

/**
 * Distances of one row to `n` others.
 * @param others   [n] rows, none of them NULL
 * @param squares  an_row_squares() of `row`, and of each of `others`: of cosine only
 * @param out      [n]
 */
void an_row_distances(const float *row, double squares, const float *const *others,
                      const double *others_squares, int n, int dims, alexnet_metric metric,
                      double *out);

#endif
