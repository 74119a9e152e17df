/*
 * One update: a batch fetched, fed, computed, counted. A device that copies while it computes gets
 * the next batch before the results of this one are read.
 */
#include "base/status.h"
#include "train/trainer.h"

/* Get the batch of update `step`, and give it to the device if there is anything to learn from: a
 * batch without pictures changes nothing, so that no weight decays either. */
static alexnet_status fetch(alexnet_trainer *t, int64_t step)
{
    an_next_batch *next = &t->next;
    uint64_t epoch = (uint64_t)(step / t->steps_per_epoch);
    an_step_state state = {
        .seed = t->seed, .step = (uint64_t)step, .smoothing = an_draws_smoothing(&t->draws, epoch)};
    bool more;
    AN_CHECK(an_trainer_load(t, &next->batch, &more));
    if (!more)
        return AN_FAIL(ALEXNET_ERROR_IO, "the pictures of the epoch ended early");
    next->fed = true;
    next->filled = an_draws_slots(&t->draws, t->slots, t->batch, &next->batch, epoch);
    if (!next->filled)
        return ALEXNET_OK;
    an_schedule_rates(t->rates, t->net, t->recipe, &t->record.drops, step, t->steps_per_epoch);
    an_program_set_rates(t->program, t->rates);
    return an_program_feed(t->program, next->batch.pixels, t->slots, &state);
}

/* The sums of the batch: all that is read of a step. */
static alexnet_status count_losses(alexnet_trainer *t)
{
    an_results results;
    double busy;
    AN_CHECK(an_program_results(t->program, &results));
    AN_CHECK(an_program_busy(t->program, &busy));
    t->pace.busy += busy;
    if (results.not_finite)
        return an_trainer_diverged(t, "loss of", t->record.step + 1, an_trainer_epoch(t) + 1);
    an_tally_add_results(&t->record.interval, &results);
    an_tally_add_results(&t->record.epoch, &results);
    return ALEXNET_OK;
}

alexnet_status an_trainer_update(alexnet_trainer *t, an_batch *batch)
{
    int64_t step = t->record.step;
    if (!t->next.fed)
        AN_CHECK(fetch(t, step));
    bool learns = t->next.filled > 0, last = (step + 1) % t->steps_per_epoch == 0;
    *batch = t->next.batch;
    t->next.fed = false;
    an_trainer_note_bad(t, batch);
    if (learns)
        AN_CHECK(an_program_run(t->program));
    if (an_program_feeds_ahead(t->program) && !last)
        AN_CHECK(fetch(t, step + 1));
    return learns ? count_losses(t) : ALEXNET_OK;
}
