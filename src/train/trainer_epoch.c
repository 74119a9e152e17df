/*
 * The end of an epoch: validation, the best model, and warnings about the training so far.
 */
#include <math.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/status.h"
#include "train/trainer_impl.h"

alexnet_status an_trainer_check_bad(alexnet_trainer *t, const alexnet_dataset *data, int64_t good,
                                    int64_t bad)
{
    const char *what = data == t->val ? "validation " : "training ";
    int64_t allowed = an_recipe_integer(t->recipe, AN_KEY_BAD_PICTURES);
    if (good == 0)
        return an_fail_none_read(data, what);
    if (!an_too_many_bad(bad, data->count, allowed))
        return ALEXNET_OK;
    t->bad = bad;
    const char *list = t->run.skipped; /* NULL: a trial, which has no folder */
    return AN_FAIL(ALEXNET_ERROR_BAD_DATA,
                   "%lld of %lld %spictures of %s cannot be read: more than 1%% and more than "
                   "bad_pictures = %lld; with bad_pictures = %lld they would be left out%s%s",
                   (long long)bad, (long long)data->count, what, data->root, (long long)allowed,
                   (long long)bad, list ? "; the reasons are in " : "", list ? list : "");
}

/* Compares what best_by names; between equals the loss decides. */
static bool is_better(const alexnet_trainer *t, const alexnet_metrics *a, const alexnet_metrics *b)
{
    const int by = an_recipe_choice(t->recipe, AN_KEY_BEST_BY);
    const double x = by == AN_BEST_BY_TOP5 ? a->top5_error : a->top1_error;
    const double y = by == AN_BEST_BY_TOP5 ? b->top5_error : b->top1_error;
    return by != AN_BEST_BY_LOSS && x != y ? x < y : a->loss < b->loss;
}

/* The file of the best model may have been removed while the run trains. */
static alexnet_status check_best(alexnet_trainer *t)
{
    bool there = true;
    AN_CHECK(an_trainer_follow(t));
    if (t->record.best_epoch && !t->best_lost)
        AN_CHECK(an_file_exists(t->run.best, &there));
    if (!there)
        an_log(t->ctx, ALEXNET_LOG_WARNING,
               "%s, the model of epoch %lld, was removed: that of this epoch replaces it",
               t->run.best, (long long)t->record.best_epoch);
    t->best_lost |= !there;
    return ALEXNET_OK;
}

/* Save the model as the best if its validation is better than any before; without a validation set
 * or a model to compare with, always. */
static alexnet_status keep_best(alexnet_trainer *t, const alexnet_metrics *val, bool *best)
{
    an_run_state *r = &t->record;
    const bool again = r->best_epoch == an_trainer_epoch(t); /* an earlier attempt has kept it */
    AN_CHECK(check_best(t));
    *best = !t->val || !r->best_epoch || t->best_lost || again || is_better(t, val, &r->best);
    if (!*best)
        return ALEXNET_OK;
    AN_CHECK(an_trainer_save_best(t));
    AN_CHECK(an_run_best_id(&t->run, &r->best_id));
    r->best = *val;
    r->best_epoch = an_trainer_epoch(t);
    t->best_lost = false;
    return ALEXNET_OK;
}

/* The paper's rule (section 5): the rates fall when validation stops improving. */
static void drop_rates(alexnet_trainer *t)
{
    an_drops *drops = &t->record.drops;
    int64_t since = t->record.best_epoch > drops->after ? t->record.best_epoch : drops->after;
    if (an_recipe_choice(t->recipe, AN_KEY_SCHEDULE) != AN_SCHEDULE_PLATEAU ||
        an_trainer_epoch(t) - since < an_recipe_integer(t->recipe, AN_KEY_PATIENCE))
        return;
    drops->count++;
    drops->after = an_trainer_epoch(t);
    an_log(t->ctx, ALEXNET_LOG_INFO,
           "validation has not improved since epoch %lld: the rates are multiplied by %g",
           (long long)since, an_recipe_number(t->recipe, AN_KEY_STEP_FACTOR, NULL, 0));
}

static void begin_epoch(alexnet_trainer *t)
{
    bool early = an_trainer_stopped_early(t), through = an_trainer_epoch(t) == t->epochs;
    t->record.epoch = (an_tally){0};
    t->record.phase = early || through ? AN_PHASE_DONE : AN_PHASE_TRAIN;
    if (early && !through)
        an_log(
            t->ctx, ALEXNET_LOG_INFO,
            "the run ends after epoch %lld of %lld: validation has not improved since epoch %lld",
            (long long)an_trainer_epoch(t), (long long)t->epochs, (long long)t->record.best_epoch);
    t->pace.started = an_clock();
    t->pace.loading = t->pace.busy = 0;
}

/* A validation that could not read its pictures says nothing about the weights: it is not compared,
 * and is repeated when the run is resumed. */
static alexnet_status check_validation(alexnet_trainer *t)
{
    const an_tally *val = &t->evaluation->tally;
    alexnet_status bad = an_trainer_check_bad(t, t->val, val->images, val->skipped);
    return bad == ALEXNET_OK ? ALEXNET_OK : an_trainer_save_after(t, bad);
}

alexnet_status an_trainer_finish_epoch(alexnet_trainer *t, alexnet_progress *progress)
{
    const an_ended *ended = &t->ended;
    AN_CHECK(an_trainer_save_epoch(t));
    t->ended.unsaved = false;
    *progress = ended->progress;
    progress->saved = true;
    return an_trainer_check_bad(t, t->train, ended->train.images, ended->train.skipped);
}

static alexnet_status end_epoch(alexnet_trainer *t, alexnet_progress *progress)
{
    alexnet_metrics val = {0}, train = an_tally_metrics(&t->record.epoch);
    if (t->val)
        val = an_tally_metrics(&t->evaluation->tally);
    progress->phase = ALEXNET_PROGRESS_EPOCH;
    progress->val = val;
    progress->loss = train.loss;
    progress->top1_error = train.top1_error;
    progress->top5_error = train.top5_error;
    AN_CHECK(keep_best(t, &val, &progress->best));
    AN_CHECK(an_trainer_log(t, &t->record.epoch, &val));
    an_trainer_warn_if_stuck(t);
    t->ended = (an_ended){.unsaved = true, .train = t->record.epoch, .progress = *progress};
    drop_rates(t);
    begin_epoch(t);
    return an_trainer_finish_epoch(t, progress);
}

/* After an outage the validation begins again. */
static alexnet_status check_outage(alexnet_trainer *t)
{
    const an_evaluation *e = t->evaluation;
    return an_trainer_check_outage(t, t->val, e->pictures, e->latest, e->tally.skipped);
}

/* List the bad pictures of the latest batch, unless an earlier pass, which may not have come to its
 * end, has listed them. */
static void name_skipped(alexnet_trainer *t)
{
    const an_evaluation *e = t->evaluation;
    for (int i = 0; i < e->latest; i++)
        if (e->done - e->latest + i >= t->validated && e->pictures[i].status != ALEXNET_OK)
            an_trainer_list_bad(t, e->pictures[i].error);
    t->validated = e->done > t->validated ? e->done : t->validated;
}

alexnet_status an_trainer_step_val(alexnet_trainer *t, alexnet_progress *progress)
{
    bool more = false;
    progress->epoch = (int)an_trainer_epoch(t);
    if (!t->evaluation || t->ended.validated)
        return end_epoch(t, progress);
    double began = an_clock();
    if (!t->loading) {
        AN_CHECK(an_runner_refresh(t->runner));
        AN_CHECK(an_evaluation_start(t->evaluation));
        t->loading = true;
    }
    AN_CHECK(an_evaluation_step(t->evaluation, &more));
    AN_CHECK(check_outage(t));
    name_skipped(t);
    if (!isfinite(t->evaluation->tally.loss))
        return an_trainer_diverged(t, "validation loss after", an_trainer_updates(t),
                                   an_trainer_epoch(t));
    t->pace.val_seconds += an_clock() - began;
    progress->phase = ALEXNET_PROGRESS_VAL;
    progress->done = t->evaluation->done;
    progress->total = t->val->count;
    if (more)
        return ALEXNET_OK;
    t->pace.val_images += t->val->count;
    t->loading = false;
    AN_CHECK(check_validation(t));
    t->ended.validated = true;
    return end_epoch(t, progress);
}
