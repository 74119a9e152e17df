#include <math.h>

#include "base/clock.h"
#include "base/status.h"
#include "base/team.h"
#include "train/trainer_impl.h"

/* A checkpoint is written when this many seconds have passed since the last. */
static const double SAVE_SECONDS = 600;

/* ---- Minibatch ---- */

static double speed(int64_t images, double seconds)
{
    return seconds > 0 ? (double)images / seconds : 0;
}

/* Share of an interval that was spent waiting for pictures. A device that computes in parallel with
 * the host waits only while it has nothing left to compute. */
static double waiting(const alexnet_trainer *t, double seconds)
{
    double idle = t->pace.busy > 0 ? fmax(seconds - t->pace.busy, 0) : seconds;
    return seconds > 0 ? fmin(t->pace.loading, idle) / seconds : 0;
}

/* End an interval: write its line of the log, and begin the next. */
static alexnet_status report(alexnet_trainer *t, alexnet_progress *progress)
{
    double now = an_clock();
    t->pace.rate = speed(t->pace.images, now - t->pace.started);
    t->pace.waiting = waiting(t, now - t->pace.started);
    AN_CHECK(an_trainer_follow(t)); /* the host writes to the folder too */
    AN_CHECK(an_trainer_log(t, &t->record.interval, NULL));
    t->record.interval = (an_tally){0};
    t->pace.started = now;
    t->pace.images = 0;
    t->pace.loading = t->pace.busy = 0;
    progress->report = true;
    return ALEXNET_OK;
}

/* Write the lines of the log that are due after an update. After a failure the next step calls this
 * again, and the update is not repeated. */
static alexnet_status report_update(alexnet_trainer *t, alexnet_progress *progress)
{
    const int64_t before = t->record.step - 1; /* updates */
    const int64_t shown = (before % t->steps_per_epoch + 1) * t->batch * t->parts;
    const bool last = t->record.step % t->steps_per_epoch == 0;
    const alexnet_metrics m = an_tally_metrics(&t->record.interval);
    progress->phase = ALEXNET_PROGRESS_TRAIN;
    progress->epoch = (int)(before / t->steps_per_epoch) + 1;
    progress->done = last ? t->train->count : shown;
    progress->total = t->train->count;
    progress->loss = m.loss;
    progress->top1_error = m.top1_error;
    progress->top5_error = m.top5_error;
    AN_CHECK(an_norms_end(t, progress));
    if (last || an_trainer_updates(t) % an_recipe_integer(t->recipe, AN_KEY_REPORT) == 0)
        AN_CHECK(report(t, progress));
    t->unreported = false;
    return ALEXNET_OK;
}

static alexnet_status step_train(alexnet_trainer *t, alexnet_progress *progress)
{
    double began = an_clock();
    AN_CHECK(an_norms_begin(t));
    AN_CHECK(an_trainer_update(t));
    t->record.step++;
    if (t->record.step % t->steps_per_epoch == 0) {
        t->record.phase = AN_PHASE_VAL;
        t->loading = false;
    }
    t->unreported = true;
    const alexnet_status rc = report_update(t, progress);
    t->pace.train_seconds += an_clock() - began;
    return rc;
}

/* ---- The step ---- */

/* Before the first report, which a large network may reach after minutes: the speed so far. */
static double images_per_second(const alexnet_trainer *t, alexnet_phase phase)
{
    const an_pace *p = &t->pace;
    if (phase == ALEXNET_PROGRESS_MEAN)
        return speed(p->mean_images, p->mean_seconds);
    return p->rate > 0 ? p->rate : speed(p->train_images, p->train_seconds);
}

static double seconds_left(const alexnet_trainer *t)
{
    if (!t->pace.train_images)
        return -1;
    double per_image = t->pace.train_seconds / (double)t->pace.train_images;
    int64_t steps = t->epochs * t->steps_per_epoch - t->record.step;
    double left = (double)steps / (double)t->steps_per_epoch * (double)t->train->count * per_image;
    if (!t->val)
        return left;
    /* Before the first validation: a forward pass is about a third of an update. */
    double per_val =
        t->pace.val_images ? t->pace.val_seconds / (double)t->pace.val_images : per_image / 3;
    int64_t epochs = t->epochs - an_trainer_epoch(t);
    return left + (double)epochs * (double)t->val->count * per_val;
}

static alexnet_status do_step(alexnet_trainer *t, alexnet_progress *progress)
{
    if (t->unreported)
        return report_update(t, progress);
    if (t->ended.unsaved)
        return an_trainer_finish_epoch(t, progress);
    switch (t->record.phase) {
    case AN_PHASE_MEAN: return an_trainer_step_mean(t, progress);
    case AN_PHASE_TRAIN: return step_train(t, progress);
    case AN_PHASE_VAL: return an_trainer_step_val(t, progress);
    case AN_PHASE_DONE: break;
    }
    return ALEXNET_OK;
}

/* Save between the ends of epochs. A full disk is not a failure here: it may have room again
 * later, and the earlier checkpoint stays, unless the folder is gone. The next attempt comes after
 * the usual interval. */
static alexnet_status save_in_between(alexnet_trainer *t, bool *saved)
{
    AN_CHECK(an_trainer_follow(t));
    alexnet_status rc = an_trainer_save(t);
    *saved |= rc == ALEXNET_OK;
    if (rc != ALEXNET_ERROR_IO)
        return rc;
    t->pace.saved = an_clock();
    an_log(t->ctx, ALEXNET_LOG_WARNING,
           "the checkpoint was not written; the earlier one stays, and training continues: %s",
           an_error_text());
    return ALEXNET_OK;
}

static bool is_complete(const alexnet_trainer *t)
{
    return t->record.phase == AN_PHASE_DONE && !t->ended.unsaved && !t->changed && !t->recipe_due;
}

static alexnet_status take_step(alexnet_trainer *t, alexnet_progress *progress, bool *more)
{
    *progress = (alexnet_progress){
        .epochs = (int)t->epochs, .step = an_trainer_updates(t), .skipped = t->record.skipped};
    *more = !is_complete(t);
    t->bad = 0;
    progress->epoch = (int)an_trainer_epoch(t);
    if (!*more)
        return ALEXNET_OK;
    AN_CHECK(an_compute_check(t->ctx));
    AN_CHECK(an_trainer_check_diverged(t));
    AN_CHECK(an_trainer_keep_changes(t));
    AN_CHECK(do_step(t, progress));
    if (an_clock() - t->pace.saved > SAVE_SECONDS)
        AN_CHECK(save_in_between(t, &progress->saved));
    progress->step = an_trainer_updates(t);
    progress->rate = an_trainer_rate(t);
    progress->images_per_second = images_per_second(t, progress->phase);
    progress->waiting = t->pace.waiting;
    progress->seconds_left = seconds_left(t);
    progress->skipped = t->record.skipped;
    *more = !is_complete(t);
    return ALEXNET_OK;
}

/* The time from a failure to the next attempt is none of the interval's. */
alexnet_status an_trainer_step(alexnet_trainer *t, alexnet_progress *progress, bool *more)
{
    if (t->pace.failed > 0)
        t->pace.started += an_clock() - t->pace.failed;
    const alexnet_status rc = take_step(t, progress, more);
    t->pace.failed = rc == ALEXNET_OK ? 0 : an_clock();
    return rc;
}
