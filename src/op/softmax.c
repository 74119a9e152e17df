/*
 * Softmax with cross-entropy over the channels of an input of C x 1 x 1.
 *
 *     y[n,c] = exp(x[n,c]) / SUM_j exp(x[n,j])
 *     t[n,c] = (1 - smoothing) ((1 - s) [c = label] + s [c = second]) + smoothing / C
 *     loss[n] = log SUM_j exp(x[n,j]) - SUM_c t[n,c] x[n,c]   for a slot with a label, else 0
 *     dx[n,c] = weight[n] (y[n,c] - t[n,c]) / SUM weight      for a slot with a label, else 0
 *
 * s is the slot's second_share, usually 0; smoothing comes from the step state (Szegedy et al.
 * 2015, arXiv 1512.00567, as in PyTorch's CrossEntropyLoss). dx is the gradient of the weighted
 * mean loss over the labelled slots of the batch; for slots with one label it equals PyTorch's with
 * class weights. The losses themselves are not weighted. The rank is that of the label with the
 * larger share.
 */
#include "op/softmax.h"

#include <math.h>

#include "base/status.h"
#include "op/check.h"

static alexnet_status resolve(an_op_desc *desc)
{
    an_chw in = desc->in[0];
    if (in.h != 1 || in.w != 1)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "softmax reads C x 1 x 1, but its input is %d x %d x %d", in.c, in.h, in.w);
    desc->out = in;
    return ALEXNET_OK;
}

an_score an_score_of(const float *probabilities, int classes, int label, double loss)
{
    an_score score = {.loss = loss};
    for (int i = 0; i < classes; i++) {
        score.above += !(probabilities[i] <= probabilities[label]);
        score.level += probabilities[i] == probabilities[label];
    }
    return score;
}

void an_results_sum(an_results *out, const an_score *scores, int n)
{
    *out = (an_results){0};
    for (int i = 0; i < n; i++) {
        if (!an_score_labelled(&scores[i]))
            continue;
        bool finite = isfinite(scores[i].loss);
        out->images++;
        out->not_finite += !finite;
        out->loss += finite ? scores[i].loss : 0;
        out->top1 += an_score_error(&scores[i], 1);
        out->top5 += an_score_error(&scores[i], 5);
    }
}

const an_op_info an_op_softmax = {"softmax", 1, 1, resolve, NULL, NULL, NULL};
