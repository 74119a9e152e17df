/*
 * The pass over the training pictures before the first update, for the mean image and for the axes
 * of their colours.
 */
#include "base/clock.h"
#include "base/status.h"
#include "train/trainer_impl.h"

/* Record the axes of the pictures' colours, if the recipe uses them. */
static void take_axes(alexnet_trainer *t)
{
    if (an_recipe_choice(t->recipe, AN_KEY_COLOUR_AXES) != AN_AXES_DATA)
        return;
    an_moments_axes(t->record.axes, &t->mean);
    t->record.has_axes = true;
    an_draws_set_axes(&t->draws, &t->net->network->input, t->record.axes);
}

static alexnet_status take_moments(alexnet_trainer *t)
{
    AN_CHECK(an_trainer_check_bad(t, t->train, t->mean.pictures, t->record.epoch.skipped));
    if (!t->record.has_mean)
        AN_CHECK(an_mean_store(&t->mean, t->net));
    take_axes(t);
    return ALEXNET_OK;
}

/* A pass that could not read enough begins again when the run is resumed: by then its pictures may
 * be readable. The checkpoint must forget its sums too. */
static alexnet_status end(alexnet_trainer *t)
{
    const int64_t skipped = t->record.skipped;
    const alexnet_status rc = take_moments(t);
    t->loading = false;
    an_trainer_forget_mean(t);
    if (rc == ALEXNET_ERROR_BAD_DATA && !t->trial)
        return an_trainer_save_after(t, rc);
    AN_CHECK(rc);
    t->record.skipped = skipped;
    t->record.phase = AN_PHASE_TRAIN;
    t->pace.started = an_clock();
    t->pace.loading = 0;
    return ALEXNET_OK;
}

static alexnet_status add_batch(alexnet_trainer *t)
{
    an_batch batch;
    bool more;
    AN_CHECK(an_trainer_load(t, &batch, &more));
    if (!more)
        return AN_FAIL(ALEXNET_ERROR_IO, "the pictures for the mean ended early");
    AN_CHECK(an_trainer_check_train_outage(t, &batch));
    an_trainer_count(t, &(an_tally){.skipped = an_trainer_report_bad(t, &batch)});
    an_moments_add(&t->mean, &batch);
    t->record.mean_done = batch.position + batch.count;
    t->pace.mean_images += batch.count;
    return ALEXNET_OK;
}

alexnet_status an_trainer_step_mean(alexnet_trainer *t, alexnet_progress *progress)
{
    const double began = an_clock();
    if (!t->mean.sums)
        AN_CHECK(an_moments_new(&t->mean, t->net->network->input.side));
    AN_CHECK(add_batch(t));
    t->pace.mean_seconds += an_clock() - began;
    progress->phase = ALEXNET_PROGRESS_MEAN;
    progress->done = t->record.mean_done;
    progress->total = t->train->count;
    return progress->done == progress->total ? end(t) : ALEXNET_OK;
}
