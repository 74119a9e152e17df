#include "infer/evaluation.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/loader/bad_pictures.h"

static bool same_fit(const an_runner *a, const an_runner *b)
{
    return a->fit.rule == b->fit.rule && a->fit.side == b->fit.side &&
           a->fit.smaller == b->fit.smaller;
}

/* Members that see pictures in the same size share the decoding. */
static alexnet_status add_member(an_evaluation *e, an_runner *runner)
{
    an_member *member = &e->members[e->count++];
    member->runner = runner;
    for (int i = 0; i < e->count - 1; i++)
        if (same_fit(e->members[i].runner, runner))
            return ALEXNET_OK;
    return an_loader_new(&member->loader, e->dataset, runner->fit, e->batch, e->ctx->threads,
                         &runner->memory);
}

static alexnet_status make_mixture(an_evaluation *e)
{
    size_t batch = (size_t)e->batch, classes = (size_t)e->classes;
    if (e->sums)
        return ALEXNET_OK;
    e->sums = an_calloc(batch, classes * sizeof *e->sums);
    e->mixed = an_calloc(batch, classes * sizeof *e->mixed);
    e->mixed_scores = an_calloc(batch, sizeof *e->mixed_scores);
    if (e->sums && e->mixed && e->mixed_scores)
        return ALEXNET_OK;
    return AN_FAIL_MEMORY(batch * classes * sizeof *e->sums, "an ensemble");
}

static alexnet_status make_buffers(an_evaluation *e, int count, bool detail)
{
    size_t batch = (size_t)e->batch;
    e->labels = an_calloc(batch, sizeof *e->labels);
    e->pictures = an_calloc(batch, sizeof *e->pictures);
    e->members = an_calloc((size_t)count, sizeof *e->members);
    if (!e->labels || !e->pictures || !e->members)
        return AN_FAIL_MEMORY(batch * sizeof *e->pictures, "an evaluation");
    if (detail)
        AN_CHECK(an_confusion_new(&e->confusion, e->classes));
    return count > 1 ? make_mixture(e) : ALEXNET_OK;
}

alexnet_status an_evaluation_new(an_evaluation **out, alexnet_ctx *ctx, an_runner *const *runners,
                                 int count, const alexnet_dataset *dataset, bool detail)
{
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    an_evaluation *e = an_calloc(1, sizeof *e);
    if (!e)
        return AN_FAIL_MEMORY(sizeof *e, "an evaluation");
    e->ctx = an_ctx_retain(ctx);
    e->dataset = an_dataset_retain((alexnet_dataset *)dataset);
    e->batch = runners[0]->batch;
    e->classes = runners[0]->classes;
    AN_TRY(make_buffers(e, count, detail));
    for (int i = 0; i < count; i++) {
        AN_TRY(add_member(e, runners[i]));
        e->members[i].weight = 1.0 / count;
    }
    *out = e;
    e = NULL;
cleanup:
    an_evaluation_free(e);
    return rc;
}

alexnet_status an_evaluation_keep(an_evaluation *e)
{
    size_t pictures = (size_t)e->dataset->count, row = (size_t)e->classes * sizeof(float);
    AN_CHECK(make_mixture(e));
    e->statuses = an_calloc(pictures, sizeof *e->statuses);
    if (!e->statuses)
        return AN_FAIL_MEMORY(pictures * sizeof *e->statuses, "the probabilities of all pictures");
    for (int i = 0; i < e->count; i++) {
        e->members[i].kept = an_calloc(pictures, row);
        if (!e->members[i].kept)
            return AN_FAIL_MEMORY((size_t)e->count * pictures * row,
                                  "the probabilities of all pictures");
    }
    return ALEXNET_OK;
}

bool an_evaluation_kept(const an_evaluation *e)
{
    return e->statuses && (e->recalling || (e->started && e->done == e->dataset->count));
}

alexnet_status an_evaluation_weigh(an_evaluation *e, const double *weights)
{
    double sum = 0;
    for (int i = 0; i < e->count; i++) {
        if (!(weights[i] >= 0 && isfinite(weights[i])))
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                           "weight %d of %d is %g: expected 0 or more", i + 1, e->count,
                           weights[i]);
        sum += weights[i];
    }
    if (!(sum > 0 && isfinite(sum)))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "the weights of the models sum to %g: expected a number above 0", sum);
    for (int i = 0; i < e->count; i++)
        e->members[i].weight = weights[i] / sum;
    e->recalling = an_evaluation_kept(e);
    return e->started ? an_evaluation_start(e) : ALEXNET_OK;
}

alexnet_status an_evaluation_start(an_evaluation *e)
{
    e->tally = (an_tally){0};
    e->calibration = (an_calibration){0};
    e->loss_squares = 0;
    e->done = 0;
    e->latest = 0;
    an_confusion_clear(&e->confusion);
    for (int i = 0; i < e->count && !e->recalling; i++)
        if (e->members[i].loader)
            AN_CHECK(an_loader_start(e->members[i].loader, NULL, 0, 0));
    e->started = true;
    return ALEXNET_OK;
}

/* A picture counts only if every member could read it. Each loader opens it by itself, and the file
 * may change in between. */
static void merge(an_evaluation *e, const an_batch *batch)
{
    for (int i = 0; i < batch->count; i++)
        if (e->pictures[i].status == ALEXNET_OK && batch->pictures[i].status != ALEXNET_OK)
            e->pictures[i] = batch->pictures[i];
}

/* Load the next pictures of every member; what became of them goes to `e->pictures`. */
static alexnet_status load_batch(an_evaluation *e, bool *more)
{
    for (int i = 0; i < e->count; i++) {
        an_member *member = &e->members[i];
        if (member->loader)
            AN_CHECK(an_loader_next(member->loader, e->ctx, &member->batch, more));
        for (int j = 0; j < i && !member->loader; j++)
            if (same_fit(e->members[j].runner, member->runner)) {
                member->batch = e->members[j].batch;
                break;
            }
        if (!*more)
            return ALEXNET_OK;
    }
    e->latest = e->members[0].batch.count;
    memcpy(e->pictures, e->members[0].batch.pictures, (size_t)e->latest * sizeof *e->pictures);
    for (int i = 1; i < e->count; i++)
        merge(e, &e->members[i].batch);
    return ALEXNET_OK;
}

/* The same for pictures whose probabilities are kept: nothing is loaded. */
static void recall_batch(an_evaluation *e, bool *more)
{
    int64_t left = e->dataset->count - e->done;
    *more = left > 0;
    e->latest = left < e->batch ? (int)left : e->batch;
    for (int i = 0; i < e->latest; i++) {
        int64_t sample = e->done + i;
        e->pictures[i] = (an_loaded){.sample = sample,
                                     .label = e->dataset->samples[sample].label,
                                     .status = e->statuses[sample]};
    }
}

static void keep(an_evaluation *e, an_member *member)
{
    size_t classes = (size_t)e->classes;
    memcpy(member->kept + (size_t)e->done * classes, member->runner->probabilities,
           (size_t)e->latest * classes * sizeof(float));
    for (int i = 0; i < e->latest; i++)
        e->statuses[e->done + i] = e->pictures[i].status;
}

/* Add a member's share to the weighted sums. */
static void mix(an_evaluation *e, const an_member *member)
{
    size_t classes = (size_t)e->classes, values = (size_t)e->latest * classes;
    const float *p =
        member->kept ? member->kept + (size_t)e->done * classes : member->runner->probabilities;
    for (size_t i = 0; i < values; i++)
        e->sums[i] += member->weight * (double)p[i];
}

static void finish_mixture(an_evaluation *e)
{
    size_t classes = (size_t)e->classes;
    for (size_t i = 0; i < (size_t)e->latest * classes; i++)
        e->mixed[i] = (float)e->sums[i];
    for (int i = 0; i < e->latest; i++)
        e->mixed_scores[i] =
            an_score_mean(e->mixed + (size_t)i * classes, e->classes, e->labels[i]);
    e->probabilities = e->mixed;
    e->scores = e->mixed_scores;
}

static alexnet_status compute_batch(an_evaluation *e)
{
    if (e->sums)
        memset(e->sums, 0, (size_t)e->batch * (size_t)e->classes * sizeof *e->sums);
    for (int i = 0; i < e->count; i++) {
        an_member *member = &e->members[i];
        if (!e->recalling)
            AN_CHECK(an_runner_compute(member->runner, member->batch.pixels, e->labels, e->latest,
                                       e->confusion.of != NULL));
        if (member->kept && !e->recalling)
            keep(e, member);
        if (e->sums)
            mix(e, member);
    }
    if (e->sums) {
        finish_mixture(e);
    } else {
        e->probabilities = e->members[0].runner->probabilities;
        e->scores = e->members[0].runner->scores;
    }
    return ALEXNET_OK;
}

/* Count what is reported besides the errors. */
static alexnet_status count_details(an_evaluation *e, int i)
{
    const float *p = e->probabilities + (size_t)i * (size_t)e->classes;
    const an_score *score = &e->scores[i];
    int best;
    an_best_classes(p, e->classes, 1, &best);
    AN_CHECK(an_confusion_add(&e->confusion, e->labels[i], best));
    e->loss_squares += score->loss * score->loss;
    an_calibration_add(&e->calibration, (double)p[best], 1 - an_score_error(score, 1));
    return ALEXNET_OK;
}

static alexnet_status count_batch(an_evaluation *e)
{
    e->answers = ALEXNET_OK;
    for (int i = 0; i < e->latest; i++) {
        const an_loaded *picture = &e->pictures[i];
        if (picture->status != ALEXNET_OK) {
            e->tally.skipped++;
            if (e->done + i >= e->reported)
                an_bad_picture_name(e->ctx, &e->named, picture->error, e->list ? *e->list : NULL);
            continue;
        }
        if (e->answers == ALEXNET_OK)
            e->answers = an_check_score(&e->scores[i], e->dataset->samples[picture->sample].name);
        an_tally_add(&e->tally, &e->scores[i]);
        if (e->confusion.of)
            AN_CHECK(count_details(e, i));
    }
    e->done += e->latest;
    e->reported = e->done > e->reported ? e->done : e->reported;
    return ALEXNET_OK;
}

static alexnet_status take_step(an_evaluation *e, bool *more)
{
    if (!e->started)
        AN_CHECK(an_evaluation_start(e));
    *more = true;
    e->latest = 0;
    if (e->recalling)
        recall_batch(e, more);
    else
        AN_CHECK(load_batch(e, more));
    if (!*more)
        return ALEXNET_OK;
    for (int i = 0; i < e->latest; i++)
        e->labels[i] = e->pictures[i].label;
    AN_CHECK(compute_batch(e));
    AN_CHECK(count_batch(e));
    *more = e->done < e->dataset->count;
    return ALEXNET_OK;
}

/* A step that fails may leave the members at different pictures, so the next one starts again. */
alexnet_status an_evaluation_step(an_evaluation *e, bool *more)
{
    alexnet_status rc = take_step(e, more);
    if (rc != ALEXNET_OK) {
        e->started = false;
        e->latest = 0; /* nothing is known of these pictures */
    }
    return rc;
}

void an_evaluation_free(an_evaluation *e)
{
    if (!e)
        return;
    for (int i = 0; i < e->count; i++) {
        an_loader_free(e->members[i].loader);
        an_free(e->members[i].kept);
    }
    an_free(e->members);
    an_dataset_release(e->dataset);
    an_free(e->statuses);
    an_free(e->sums);
    an_free(e->mixed);
    an_free(e->mixed_scores);
    an_confusion_free(&e->confusion);
    an_free(e->pictures);
    an_free(e->labels);
    an_ctx_release(e->ctx);
    an_free(e);
}
