/*
 * The search for the weights by which the probabilities of several models are averaged: one weight
 * after the other over a grid, as avg-valid.py of 2012 (find_coeffs) does it. All begin at 1/2; a
 * value is taken if it lowers the error; the search ends when no weight changes any more.
 */
#ifndef AN_INFER_WEIGHT_SEARCH_H
#define AN_INFER_WEIGHT_SEARCH_H

#include "infer/evaluation.h"

struct alexnet_weight_search {
    const an_evaluation *evaluation; /* borrowed; with the probabilities of all pictures */
    alexnet_weight_measure measure;
    int steps, passes; /* of the grid from 0 to 1; how often each weight is tried at most */
    double *weights;   /* [members] */
    double lowest;     /* the mean error or loss with these */
    int tried;         /* weights so far */
    int unchanged;     /* how many weights in a row are at their best */
    double *base;      /* [classes], the sum of the other members */
    double *errors;    /* [steps + 1] */
};

alexnet_status an_weight_search_new(alexnet_weight_search **out, const an_evaluation *evaluation,
                                    const alexnet_weight_search_options *options);
/** Try all values of the next weight. *more is false after the last. */
alexnet_status an_weight_search_step(alexnet_weight_search *search, bool *more);
void an_weight_search_free(alexnet_weight_search *search); /* NULL allowed */

#endif
