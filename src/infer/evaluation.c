#include "infer/evaluation.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

alexnet_status an_evaluation_new(an_evaluation **out, alexnet_ctx *ctx, an_runner *runner,
                                 const alexnet_dataset *dataset, bool confusion)
{
    alexnet_status rc = ALEXNET_OK;
    size_t classes = (size_t)runner->classes;
    *out = NULL;
    an_evaluation *e = an_calloc(1, sizeof *e);
    if (!e)
        return AN_FAIL_MEMORY(sizeof *e, "an evaluation");
    e->ctx = an_ctx_retain(ctx);
    e->runner = runner;
    e->dataset = an_dataset_retain((alexnet_dataset *)dataset);
    e->labels = an_calloc((size_t)runner->batch, sizeof *e->labels);
    if (confusion)
        e->confusion = an_calloc(classes * classes, sizeof *e->confusion);
    if (!e->labels || (confusion && !e->confusion)) {
        rc = AN_FAIL_MEMORY(classes * classes * sizeof *e->confusion, "an evaluation");
        goto cleanup;
    }
    AN_TRY(an_loader_new(&e->loader, e->dataset, runner->fit, runner->batch, ctx->threads, NULL));
    *out = e;
    e = NULL;
cleanup:
    an_evaluation_free(e);
    return rc;
}

alexnet_status an_evaluation_start(an_evaluation *e)
{
    size_t classes = (size_t)e->runner->classes;
    e->tally = (an_tally){0};
    e->done = 0;
    if (e->confusion)
        memset(e->confusion, 0, classes * classes * sizeof *e->confusion);
    AN_CHECK(an_loader_start(e->loader, NULL, 0, 0));
    e->started = true;
    return ALEXNET_OK;
}

static void count_batch(an_evaluation *e, const an_batch *batch)
{
    const int classes = e->runner->classes;
    e->answers = ALEXNET_OK;
    for (int i = 0; i < batch->count; i++) {
        const an_loaded *picture = &batch->pictures[i];
        if (picture->status != ALEXNET_OK) {
            e->tally.skipped++;
            if (!e->reported)
                an_log(e->ctx, ALEXNET_LOG_WARNING, "skipped %s", picture->error);
            continue;
        }
        if (e->answers == ALEXNET_OK)
            e->answers =
                an_check_score(&e->runner->scores[i], e->dataset->samples[picture->sample].name);
        an_tally_add(&e->tally, &e->runner->scores[i]);
        if (!e->confusion)
            continue;
        int best;
        an_best_classes(e->runner->probabilities + (size_t)i * (size_t)classes, classes, 1, &best);
        e->confusion[(size_t)picture->label * (size_t)classes + (size_t)best]++;
    }
    e->done += batch->count;
}

alexnet_status an_evaluation_step(an_evaluation *e, bool *more)
{
    an_batch batch;
    if (!e->started)
        AN_CHECK(an_evaluation_start(e));
    AN_CHECK(an_loader_next(e->loader, &batch, more));
    if (!*more)
        return ALEXNET_OK;
    for (int i = 0; i < batch.count; i++)
        e->labels[i] = batch.pictures[i].label;
    AN_CHECK(
        an_runner_compute(e->runner, batch.pixels, e->labels, batch.count, e->confusion != NULL));
    count_batch(e, &batch);
    *more = e->done < e->dataset->count;
    e->reported |= !*more;
    return ALEXNET_OK;
}

void an_evaluation_free(an_evaluation *e)
{
    if (!e)
        return;
    an_loader_free(e->loader);
    an_dataset_release(e->dataset);
    an_free(e->confusion);
    an_free(e->labels);
    an_ctx_release(e->ctx);
    an_free(e);
}
