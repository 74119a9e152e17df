/*
 * The scores that softmax with cross-entropy gives, for metrics. softmax.c defines the operator.
 */
#ifndef AN_OP_SOFTMAX_H
#define AN_OP_SOFTMAX_H

#include <stdbool.h>
#include <stdint.h>

/** The score of a slot; all zero for a slot without a label. */
typedef struct an_score {
    double loss; /* -SUM t log p over the classes; with one label -log p(label) */
    int32_t
        above; /* classes more probable than the label; a NaN counts as more probable than any */
    int32_t level; /* classes that are equally probable, including the label */
} an_score;

/** Sums over the slots with a label, in the order of the slots. */
typedef struct an_results {
    double loss;        /* sum of the finite losses */
    double top1, top5;  /* sums of errors, see an_score_error() */
    int64_t images;     /* slots with a label */
    int64_t not_finite; /* losses that are not finite */
} an_results;

static inline bool an_score_labelled(const an_score *score)
{
    return score->above + score->level > 0;
}

/**
 * The error of a slot with a label: 1 if the label is not among the k most probable classes, else
 * 0. If equally probable classes straddle place k, it is the probability of a miss when they are
 * ordered at random.
 */
static inline double an_score_error(const an_score *score, int k)
{
    if (score->above >= k)
        return 1;
    if (score->above + score->level <= k)
        return 0;
    return 1 - (double)(k - score->above) / score->level;
}

/** The score of a label >= 0 among float32 probabilities. */
an_score an_score_of(const float *probabilities, int classes, int label, double loss);

/** Sum up the scores of n slots. */
void an_results_sum(an_results *out, const an_score *scores, int n);

#endif
