/*
 * The pictures of a pass: their order, the next batch of them, and those that cannot be read.
 */
#include "base/clock.h"
#include "base/status.h"
#include "data/loader/bad_pictures.h"
#include "train/trainer_impl.h"

/* Set which pictures the next pass shows, and in which order. Only this function decides it: a rank
 * would take its share of this order. */
static void order_pass(alexnet_trainer *t)
{
    if (t->record.phase != AN_PHASE_MEAN || t->epoch_order.shards) {
        an_epoch_order_make(&t->epoch_order, t->order, (uint64_t)an_trainer_epoch(t));
        return;
    }
    for (uint32_t i = 0; i < (uint32_t)t->train->count; i++) /* the mean takes any order */
        t->order[i] = i;
}

/* Load the rest of the current epoch, or of the mean's pass. */
static alexnet_status start_loading(alexnet_trainer *t)
{
    const bool mean = t->record.phase == AN_PHASE_MEAN;
    const int64_t shown = t->record.step % t->steps_per_epoch * t->batch * t->parts;
    order_pass(t);
    const an_pass pass = {.order = t->order,
                          .count = t->train->count,
                          .position = mean ? t->record.mean_done : shown,
                          .regions = mean ? NULL : an_draws_regions(&t->draws),
                          .epoch = (uint64_t)an_trainer_epoch(t),
                          .shards = t->epoch_order.shards};
    AN_CHECK(an_loader_start_pass(t->loader, &pass));
    t->loading = true;
    return ALEXNET_OK;
}

int64_t an_trainer_report_bad(alexnet_trainer *t, const an_batch *batch)
{
    int64_t bad = 0;
    for (int i = 0; i < batch->count; i++) {
        const an_loaded *picture = &batch->pictures[i];
        if (picture->status == ALEXNET_OK)
            continue;
        bad++;
        if (t->reported[picture->sample])
            continue;
        t->reported[picture->sample] = 1;
        an_trainer_list_bad(t, picture->error);
        an_bad_picture_name(t->ctx, &t->named, picture->error, t->run.skipped);
    }
    return bad;
}

void an_trainer_count(alexnet_trainer *t, const an_tally *tally)
{
    an_tally_join(&t->record.interval, tally);
    an_tally_join(&t->record.epoch, tally);
    t->record.skipped += tally->skipped;
}

alexnet_status an_trainer_load(alexnet_trainer *t, an_batch *batch, bool *more)
{
    if (!t->loading)
        AN_CHECK(start_loading(t));
    double began = an_clock();
    alexnet_status rc = an_loader_next(t->loader, t->ctx, batch, more);
    t->pace.loading += an_clock() - began;
    return rc;
}
