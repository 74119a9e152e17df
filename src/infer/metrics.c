#include "infer/metrics.h"

#include <math.h>

#include "base/status.h"

/* Chance that the label is not among the k best, when `greater` classes beat it and `equal` ones,
 * itself among them, share its place. */
static double miss(int greater, int equal, int k)
{
    if (greater >= k)
        return 1;
    if (greater + equal <= k)
        return 0;
    return 1 - (double)(k - greater) / equal;
}

void an_tally_add(an_tally *tally, const float *probabilities, int classes, int label, double loss)
{
    int greater = 0, equal = 0;
    for (int i = 0; i < classes; i++) {
        greater += !(probabilities[i] <= probabilities[label]); /* NaN beats every label */
        equal += probabilities[i] == probabilities[label];
    }
    tally->images++;
    tally->loss += loss;
    tally->top1 += miss(greater, equal, 1);
    tally->top5 += miss(greater, equal, 5);
}

alexnet_metrics an_tally_metrics(const an_tally *tally)
{
    double n = tally->images ? (double)tally->images : 1;
    return (alexnet_metrics){tally->images, tally->skipped, tally->loss / n, tally->top1 / n,
                             tally->top5 / n};
}

alexnet_status an_check_probabilities(const float *probabilities, int classes, const char *picture)
{
    for (int i = 0; i < classes; i++)
        if (!isfinite(probabilities[i]))
            return AN_FAIL(ALEXNET_ERROR_BAD_MODEL,
                           "%s: the probabilities that the model computes are not numbers: its "
                           "weights are damaged, or too large",
                           picture);
    return ALEXNET_OK;
}

void an_best_classes(const float *probabilities, int classes, int top, int *best)
{
    int n = 0;
    for (int i = 0; i < classes; i++) {
        int at = n;
        while (at > 0 && probabilities[i] > probabilities[best[at - 1]])
            at--;
        if (at == top)
            continue;
        if (n < top)
            n++;
        for (int j = n - 1; j > at; j--)
            best[j] = best[j - 1];
        best[at] = i;
    }
}
