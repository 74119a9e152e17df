/*
 * Loss, top-1 and top-5 error. Ties count as the expected value of a random tie-break, as in
 * layer.cu of 2012 (LogregCostLayer).
 */
#ifndef AN_INFER_METRICS_H
#define AN_INFER_METRICS_H

#include "alexnet/alexnet.h"
#include "op/softmax.h"

/** Sums over pictures. */
typedef struct an_tally {
    int64_t images, skipped;
    double loss, top1, top5; /* sums; top1 and top5 of errors */
} an_tally;

/** Add a picture that has a label. */
void an_tally_add(an_tally *tally, const an_score *score);
/** The score of probabilities that are a mean over views or models; all zero without a label (-1).
 */
an_score an_score_mean(const float *mean, int classes, int label);
/** Add the sums of a batch. */
void an_tally_add_results(an_tally *tally, const an_results *results);
/** Add the sums of other pictures. */
void an_tally_join(an_tally *tally, const an_tally *other);
/** Means of the sums; zeros without pictures. */
alexnet_metrics an_tally_metrics(const an_tally *tally);

/**
 * Refuse probabilities that are not numbers: a ranking of them would look like a valid result.
 * @param picture  for the text
 * @return ALEXNET_ERROR_BAD_MODEL
 */
alexnet_status an_check_probabilities(const float *probabilities, int classes, const char *picture);

/** The same for a score: its loss is not a number exactly if the probabilities are not. */
alexnet_status an_check_score(const an_score *score, const char *picture);

/** The `top` best classes, best first; of equal ones the lower index first. top <= classes. */
void an_best_classes(const float *probabilities, int classes, int top, int *best);

#endif
