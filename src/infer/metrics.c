#include "infer/metrics.h"

#include <math.h>

#include "base/status.h"
#include "tensor/tensor.h"

void an_tally_add(an_tally *tally, const an_score *score)
{
    tally->images++;
    tally->loss += score->loss;
    tally->top1 += an_score_error(score, 1);
    tally->top5 += an_score_error(score, 5);
}

an_score an_score_mean(const float *mean, int classes, int label)
{
    if (label < 0)
        return (an_score){0};
    double p = (double)mean[label];
    return an_score_of(mean, classes, label, isnan(p) ? NAN : -log(fmax(p, 1e-38)));
}

void an_tally_add_results(an_tally *tally, const an_results *results)
{
    tally->images += results->images;
    tally->loss += results->loss;
    tally->top1 += results->top1;
    tally->top5 += results->top5;
}

void an_tally_join(an_tally *tally, const an_tally *other)
{
    tally->images += other->images;
    tally->skipped += other->skipped;
    tally->loss += other->loss;
    tally->top1 += other->top1;
    tally->top5 += other->top5;
}

alexnet_metrics an_tally_metrics(const an_tally *tally)
{
    double n = tally->images ? (double)tally->images : 1;
    return (alexnet_metrics){tally->images, tally->skipped, tally->loss / n, tally->top1 / n,
                             tally->top5 / n};
}

static alexnet_status not_numbers(const char *picture)
{
    return AN_FAIL(ALEXNET_ERROR_BAD_MODEL,
                   "%s: the probabilities that the model computes are not numbers: its weights are "
                   "damaged, or too large",
                   picture);
}

alexnet_status an_check_probabilities(const float *probabilities, int classes, const char *picture)
{
    return an_all_finite(probabilities, classes, AN_F32) ? ALEXNET_OK : not_numbers(picture);
}

alexnet_status an_check_score(const an_score *score, const char *picture)
{
    return isfinite(score->loss) ? ALEXNET_OK : not_numbers(picture);
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
