/*
 * The pass over the training pictures before the first update, for the mean image and for the axes
 * of their colours. A checkpoint written in between holds its sums. They are integers, so that a
 * resumed pass gives the same bits as one that was not interrupted.
 */
#include "base/clock.h"
#include "base/status.h"
#include "train/trainer_impl.h"

/* ---- The sums in a checkpoint ---- */

static const char sums_name[] = "mean.sums", products_name[] = "mean.products";

static an_shape shape_of_sums(const an_moments *m)
{
    return an_shape_of(3, m->side, m->side, 3);
}

int an_trainer_mean_tensors(const alexnet_trainer *t, an_model_tensor tensors[2])
{
    const an_moments *m = &t->mean;
    if (t->record.mean_done == 0)
        return 0;
    tensors[0] = (an_model_tensor){sums_name, AN_I64, shape_of_sums(m), m->sums};
    tensors[1] =
        (an_model_tensor){products_name, AN_I64, an_shape_of(1, AN_COLOUR_PAIRS), m->products};
    return 2;
}

/* Checkpoints of earlier versions count bad pictures of this phase, but hold no sums. */
static void begin(alexnet_trainer *t)
{
    t->record.epoch = t->record.interval = (an_tally){0};
    t->record.skipped = 0;
    t->record.mean_done = 0;
    an_moments_free(&t->mean);
}

static alexnet_status check_place(const alexnet_trainer *t)
{
    const an_run_state *r = &t->record;
    if (r->mean_done < r->train.count && r->mean_done % t->batch == 0 &&
        r->epoch.skipped <= r->mean_done)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s: its record of progress is damaged: the mean of %lld of %lld pictures in "
                   "batches of %d, %lld of them unreadable",
                   t->run.last, (long long)r->mean_done, (long long)r->train.count, t->batch,
                   (long long)r->epoch.skipped);
}

alexnet_status an_trainer_read_mean(alexnet_trainer *t, an_tensor_file *file)
{
    an_moments *m = &t->mean;
    if (t->record.phase != AN_PHASE_MEAN)
        return ALEXNET_OK;
    if (t->record.mean_done == 0) {
        begin(t);
        return ALEXNET_OK;
    }
    AN_CHECK(check_place(t));
    AN_CHECK(an_moments_new(m, t->net->network->input.side));
    m->pictures = t->record.mean_done - t->record.epoch.skipped;
    AN_CHECK(an_tensor_file_read(file, sums_name, shape_of_sums(m), AN_I64, m->sums));
    return an_tensor_file_read(file, products_name, an_shape_of(1, AN_COLOUR_PAIRS), AN_I64,
                               m->products);
}

/* ---- The pass ---- */

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
    begin(t);
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
