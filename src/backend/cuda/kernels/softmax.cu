/*
 * Softmax with its loss (op/softmax.c), and the scores: one block for each slot, then one block for
 * the sums. Exponentials are float32, and are summed by 256 threads, then by 16.
 */
#include "backend/cuda/kernels/kernels.h"
#include "backend/cuda/kernels/values.h"

enum { GROUPS = 16, IN_GROUP = AN_THREADS / GROUPS };

typedef struct softmax_shared {
    float value[AN_THREADS], group[GROUPS];
    float label; /* probability of the label */
    int above[AN_THREADS], level[AN_THREADS];
    double logits[GROUPS];
} softmax_shared;

typedef struct softmax_own {
    float top, sum;
} softmax_own;

AN_BODY float softmax_larger(float a, float b)
{
    return b > a ? b : a; /* a NaN that is lost here still reaches the sum */
}

/* The label to rank: the one with the larger share (op/augment.h). */
AN_BODY int softmax_label(const an_cuda_softmax_run *run, an_thread t)
{
    if (!run->slots || !run->scores)
        return -1;
    const an_slot *slot = &run->slots[t.block];
    return slot->label >= 0 && slot->second_share > 0.5f ? slot->second : slot->label;
}

/* The largest logit, in two steps. */
AN_BODY void softmax_top(const an_cuda_softmax_run *run, an_thread t, softmax_shared *shared,
                         softmax_own *own)
{
    int64_t row = (int64_t)t.block * run->c;
    float top = an_load(run->x, row, run->x_bf16);
    (void)own;
    for (int c = t.index; c < run->c; c += AN_THREADS)
        top = softmax_larger(top, an_load(run->x, row + c, run->x_bf16));
    shared->value[t.index] = top;
}

AN_BODY void softmax_group_top(const an_cuda_softmax_run *run, an_thread t, softmax_shared *shared,
                               softmax_own *own)
{
    (void)run, (void)own;
    if (t.index >= GROUPS)
        return;
    float top = shared->value[t.index];
    for (int i = 1; i < IN_GROUP; i++)
        top = softmax_larger(top, shared->value[i * GROUPS + t.index]);
    shared->group[t.index] = top;
}

/* The sum of exponentials, in three. */
AN_BODY void softmax_sum(const an_cuda_softmax_run *run, an_thread t, softmax_shared *shared,
                         softmax_own *own)
{
    int64_t row = (int64_t)t.block * run->c;
    float top = shared->group[0], sum = 0;
    for (int i = 1; i < GROUPS; i++)
        top = softmax_larger(top, shared->group[i]);
    for (int c = t.index; c < run->c; c += AN_THREADS) {
        float power = expf(an_load(run->x, row + c, run->x_bf16) - top);
        run->y[row + c] = power;
        sum += power;
    }
    shared->value[t.index] = sum;
    own->top = top;
}

AN_BODY void softmax_group_sum(const an_cuda_softmax_run *run, an_thread t, softmax_shared *shared,
                               softmax_own *own)
{
    (void)run, (void)own;
    if (t.index >= GROUPS)
        return;
    float sum = 0;
    for (int i = 0; i < IN_GROUP; i++)
        sum += shared->value[i * GROUPS + t.index];
    shared->group[t.index] = sum;
}

AN_BODY void softmax_divide(const an_cuda_softmax_run *run, an_thread t, softmax_shared *shared,
                            softmax_own *own)
{
    int64_t row = (int64_t)t.block * run->c;
    int label = softmax_label(run, t);
    own->sum = 0;
    for (int i = 0; i < GROUPS; i++)
        own->sum += shared->group[i];
    for (int c = t.index; c < run->c; c += AN_THREADS) {
        float y = run->y[row + c] / own->sum;
        run->y[row + c] = y;
        if (c == label)
            shared->label = y;
    }
}

/* The rank of the label, and the sum of the logits for smoothed targets. */
AN_BODY void softmax_rank(const an_cuda_softmax_run *run, an_thread t, softmax_shared *shared,
                          softmax_own *own)
{
    int64_t row = (int64_t)t.block * run->c;
    int above = 0, level = 0;
    float logits = 0;
    (void)own;
    if (softmax_label(run, t) >= 0) {
        bool smooth = *run->smoothing > 0;
        for (int c = t.index; c < run->c; c += AN_THREADS) {
            float y = run->y[row + c];
            above += !(y <= shared->label); /* a NaN counts as larger */
            level += y == shared->label;
            logits += smooth ? an_load(run->x, row + c, run->x_bf16) : 0;
        }
    }
    shared->above[t.index] = above;
    shared->level[t.index] = level;
    shared->value[t.index] = logits;
}

/* The sums of 16 threads each: thread t reads elements t, t + 16, ... and writes element t. */
AN_BODY void softmax_group_rank(const an_cuda_softmax_run *run, an_thread t, softmax_shared *shared,
                                softmax_own *own)
{
    double logits = 0;
    int above = 0, level = 0;
    (void)run, (void)own;
    if (t.index >= GROUPS)
        return;
    for (int i = 0; i < IN_GROUP; i++) {
        logits += (double)shared->value[i * GROUPS + t.index];
        above += shared->above[i * GROUPS + t.index];
        level += shared->level[i * GROUPS + t.index];
    }
    shared->logits[t.index] = logits;
    shared->above[t.index] = above;
    shared->level[t.index] = level;
}

/* SUM t x over the classes with a share in the target. */
AN_BODY double softmax_target_logit(const an_cuda_softmax_run *run, const an_slot *slot,
                                    int64_t row, const softmax_shared *shared)
{
    double share = slot->second_share, smoothing = *run->smoothing, all = 0;
    double hard = an_load(run->x, row + slot->label, run->x_bf16);
    if (share > 0)
        hard =
            (1 - share) * hard + share * (double)an_load(run->x, row + slot->second, run->x_bf16);
    if (smoothing == 0)
        return hard;
    for (int i = 0; i < GROUPS; i++)
        all += shared->logits[i];
    return (1 - smoothing) * hard + smoothing * (all / run->c);
}

AN_BODY void softmax_score(const an_cuda_softmax_run *run, an_thread t, softmax_shared *shared,
                           softmax_own *own)
{
    int label = softmax_label(run, t);
    an_score score = {0, 0, 0};
    if (t.index != 0 || !run->slots || !run->scores)
        return;
    if (label >= 0) {
        double x =
            softmax_target_logit(run, &run->slots[t.block], (int64_t)t.block * run->c, shared);
        score.loss = (double)own->top - x + log((double)own->sum);
        for (int i = 0; i < GROUPS; i++) {
            score.above += shared->above[i];
            score.level += shared->level[i];
        }
    }
    run->scores[t.block] = score;
}

#define SOFTMAX_PHASES                                                                             \
    softmax_top, softmax_group_top, softmax_sum, softmax_group_sum, softmax_divide, softmax_rank,  \
        softmax_group_rank, softmax_score
AN_PHASES(softmax_row, an_cuda_softmax_run, softmax_shared, softmax_own, SOFTMAX_PHASES)

/* ---- Sums over the slots, in order ----------------------------------------------------------- */

typedef struct totals_shared {
    an_results part[AN_THREADS];
} totals_shared;

/* The probability that the label is not among the k best, with ties broken at random. */
AN_BODY double totals_miss(const an_score *s, int k)
{
    if (s->above >= k)
        return 1;
    if (s->above + s->level <= k)
        return 0;
    return 1 - (double)(k - s->above) / s->level;
}

AN_BODY void totals_add(an_results *sum, const an_results *part)
{
    sum->loss += part->loss;
    sum->top1 += part->top1;
    sum->top5 += part->top5;
    sum->images += part->images;
    sum->not_finite += part->not_finite;
}

/* Each thread sums the slots of one stretch. */
AN_BODY void totals_part(const an_cuda_softmax_run *run, an_thread t, totals_shared *shared,
                         an_nothing *own)
{
    int stretch = (run->n + AN_THREADS - 1) / AN_THREADS;
    int first = t.index * stretch, end = first + stretch < run->n ? first + stretch : run->n;
    an_results sum = {0, 0, 0, 0, 0};
    (void)own;
    for (int i = first; i < end; i++) {
        an_score score = run->scores[i];
        if (run->slots[i].label < 0)
            continue;
        bool finite = score.loss - score.loss == 0;
        an_results part = {finite ? score.loss : 0, totals_miss(&score, 1), totals_miss(&score, 5),
                           1, !finite};
        totals_add(&sum, &part);
    }
    shared->part[t.index] = sum;
}

/* Sums of 16 neighbouring stretches each. */
AN_BODY void totals_group(const an_cuda_softmax_run *run, an_thread t, totals_shared *shared,
                          an_nothing *own)
{
    (void)run, (void)own;
    if (t.index >= GROUPS)
        return;
    an_results *sum = &shared->part[t.index * IN_GROUP];
    for (int i = 1; i < IN_GROUP; i++)
        totals_add(sum, sum + i);
}

AN_BODY void totals_finish(const an_cuda_softmax_run *run, an_thread t, totals_shared *shared,
                           an_nothing *own)
{
    an_results sum = {0, 0, 0, 0, 0};
    (void)own;
    if (t.index != 0)
        return;
    for (int i = 0; i < GROUPS; i++)
        totals_add(&sum, &shared->part[i * IN_GROUP]);
    *run->results = sum;
}

AN_PHASES(softmax_totals, an_cuda_softmax_run, totals_shared, an_nothing, totals_part, totals_group,
          totals_finish)

/* ---- Gradient -------------------------------------------------------------------------------- */

typedef struct softmax_gradient_run {
    an_cuda_softmax_run run;
    an_divisor classes;
} softmax_gradient_run;

AN_BODY void softmax_gradient(const softmax_gradient_run *plan, an_thread t)
{
    const an_cuda_softmax_run *run = &plan->run;
    int64_t i = AN_NUMBER(t);
    if (i >= (int64_t)run->n * run->c)
        return;
    uint32_t slot = (uint32_t)i;
    int c = an_split(&slot, plan->classes);
    const an_slot *of = &run->slots[slot];
    float all = *run->weight > 0 ? (float)*run->weight : 1;
    float smoothing = (float)*run->smoothing, share = of->second_share;
    float target = (c == of->label ? (1 - smoothing) * (1 - share) : 0) +
                   (c == of->second ? (1 - smoothing) * share : 0) + smoothing / (float)run->c;
    an_store(run->dx, i, run->dx_bf16, of->label < 0 ? 0 : of->weight * (run->y[i] - target) / all);
}

AN_KERNEL(softmax_backward, softmax_gradient_run, softmax_gradient(run, t))

/* ---- Launches -------------------------------------------------------------------------------- */

int an_cuda_softmax_forward(const an_cuda_softmax_run *run, an_cuda_stream *stream)
{
    int rc = AN_LAUNCH(softmax_row, an_cuda_softmax_run, run, run->n, stream);
    if (rc || !run->slots || !run->scores || !run->results)
        return rc;
    return AN_LAUNCH(softmax_totals, an_cuda_softmax_run, run, 1, stream);
}

int an_cuda_softmax_backward(const an_cuda_softmax_run *run, an_cuda_stream *stream)
{
    softmax_gradient_run plan = {*run, an_divisor_of(run->c)};
    int64_t blocks = an_blocks_for((int64_t)run->n * run->c);
    return AN_LAUNCH(softmax_backward, softmax_gradient_run, &plan, blocks, stream);
}
