/*
 * One update: a batch is fetched, fed, computed and counted, as a whole or in parts. A device that
 * copies while it computes is fed the next part before the results of this one are read.
 *
 * For a batch in parts, the gradients are those of the sum of the losses. They are added up over
 * the parts, and the update at the end of the batch divides them by the sum of the weights of its
 * pictures, usually their number. Each picture has the dropout masks that it would have in the
 * whole batch, so the results differ only by rounding.
 *
 * A batch is counted when it ends: a checkpoint of a run that failed in the midst of one has
 * nothing of it, and shows it again.
 */
#include <math.h>

#include "base/status.h"
#include "train/trainer_impl.h"

int64_t an_trainer_rate_epoch(const alexnet_trainer *t)
{
    return t->trial ? t->trial->updates : t->steps_per_epoch;
}

/* Set the rates of update `step`. */
static void set_rates(alexnet_trainer *t, int64_t step)
{
    const an_trial_rule *rule = t->trial;
    an_schedule_rates(t->rates, t->net, t->recipe, &t->record.drops, step,
                      an_trainer_rate_epoch(t));
    for (int i = 0; rule && i < an_program_learned(t->program); i++)
        t->rates[i].rate *= rule->first * pow(rule->growth, (double)step);
    an_program_set_rates(t->program, t->rates);
}

/* What the device needs to know of a part. Its slots must have been drawn. */
static an_step_state state_of(const alexnet_trainer *t, int64_t step, uint64_t epoch)
{
    an_step_state state = {.seed = t->seed,
                           .step = (uint64_t)step,
                           .before = (uint64_t)t->next.number * (uint64_t)t->batch,
                           .smoothing = an_draws_smoothing(&t->draws, epoch)};
    an_schedule_rule(&state.rule, t->recipe, step, t->steps_per_epoch);
    if (t->parts > 1) {
        state.weight = 1;
        state.rule.held = !t->next.ends;
        state.rule.divisor = t->next.weight;
    }
    return state;
}

/* Load the next part of the batch of update `step`. A batch without pictures is not computed: it
 * changes nothing, so that weights do not decay either. A part without pictures is computed only if
 * it ends a batch that has some, because the update is made with it. */
static alexnet_status load(alexnet_trainer *t, int64_t step)
{
    an_next_part *next = &t->next;
    uint64_t epoch = (uint64_t)(step / t->steps_per_epoch);
    bool more;
    AN_CHECK(an_program_taken(t->program)); /* the loader takes the pixels of that batch back */
    AN_CHECK(an_trainer_load(t, &next->pictures, &more));
    if (!more)
        return AN_FAIL(ALEXNET_ERROR_IO, "the pictures of the epoch ended early");
    const an_batch *pictures = &next->pictures;
    next->loaded = true;
    next->ends =
        next->number == t->parts - 1 || pictures->position + pictures->count == t->train->count;
    int filled = an_draws_slots(&t->draws, t->slots, t->batch, pictures, epoch);
    next->gathered += filled;
    next->weight += an_slots_weight(t->slots, t->batch);
    next->computed = next->ends ? next->gathered > 0 : filled > 0;
    return ALEXNET_OK;
}

/* Load the next part, and feed it to the device if it is to be computed; what an earlier call has
 * done is not done again. */
static alexnet_status fetch(alexnet_trainer *t, int64_t step)
{
    an_next_part *next = &t->next;
    if (!next->loaded)
        AN_CHECK(load(t, step));
    if (next->computed && !next->fed) {
        set_rates(t, step);
        const an_step_state state = state_of(t, step, (uint64_t)(step / t->steps_per_epoch));
        AN_CHECK(an_program_feed(t->program, next->pictures.pixels, t->slots, &state));
    }
    next->fed = true;
    return ALEXNET_OK;
}

/* Add the sums of the part, which are all that is read back from a step. */
static alexnet_status count_losses(alexnet_trainer *t)
{
    an_results results;
    double busy;
    AN_CHECK(an_program_results(t->program, &results));
    AN_CHECK(an_program_busy(t->program, &busy));
    t->pace.busy += busy;
    if (results.not_finite)
        return an_trainer_diverged(t, "loss of", an_trainer_updates(t) + 1,
                                   an_trainer_epoch(t) + 1);
    an_tally_add_results(&t->counted, &results);
    return ALEXNET_OK;
}

/* The part after this one, which is in the next batch if this one ends its own. */
static void advance(an_next_part *next)
{
    next->loaded = next->fed = false;
    next->number = next->ends ? 0 : next->number + 1;
    next->gathered = next->ends ? 0 : next->gathered;
    next->weight = next->ends ? 0 : next->weight;
}

/* How many pictures must be out of reach in a batch before that is an outage. Once a pass has come
 * to its end, the pictures have been there. Before, some names may be those of no file, and the end
 * of the pass says how many: only a batch of nothing else is an outage. */
static int least_away(const alexnet_trainer *t, const alexnet_dataset *data, int count)
{
    const int64_t passes = an_trainer_epoch(t) - (data == t->val);
    return passes > 0 ? 1 : count > 2 ? count : 2;
}

alexnet_status an_trainer_check_outage(alexnet_trainer *t, const alexnet_dataset *data,
                                       const an_loaded *pictures, int count, int64_t bad)
{
    const int64_t allowed = an_recipe_integer(t->recipe, AN_KEY_BAD_PICTURES);
    const bool begun = t->record.step > 0 || t->mean.pictures > 0;
    int away = 0, latest = 0;
    for (int i = 0; i < count; i++)
        if (pictures[i].status == ALEXNET_ERROR_IO) {
            away++;
            latest = i;
        }
    if (t->trial || !begun || away < least_away(t, data, count) ||
        !an_too_many_bad(bad, data->count, allowed))
        return ALEXNET_OK;
    t->loading = false;
    return AN_FAIL(ALEXNET_ERROR_IO,
                   "%d of the %d pictures of the next batch cannot be read, which makes more in "
                   "this pass than 1%% and than bad_pictures = %lld: are the disk and the folder "
                   "still there? %s",
                   away, count, (long long)allowed, pictures[latest].error);
}

alexnet_status an_trainer_check_train_outage(alexnet_trainer *t, const an_batch *batch)
{
    int64_t bad = t->record.epoch.skipped + t->counted.skipped;
    for (int i = 0; i < batch->count; i++)
        bad += batch->pictures[i].status != ALEXNET_OK;
    return an_trainer_check_outage(t, t->train, batch->pictures, batch->count, bad);
}

/* A batch whose part cannot be read is given up as a whole. */
static alexnet_status check_part(alexnet_trainer *t)
{
    const alexnet_status rc = an_trainer_check_train_outage(t, &t->next.pictures);
    if (rc != ALEXNET_OK)
        t->next = (an_next_part){.spoilt = t->next.number > 0};
    return rc;
}

/* Fetch the part after `part` while that is computed, if it is in the same epoch. If this fails,
 * the next step tries again, and fails before it computes anything: first, this part must be
 * counted. */
static void fetch_ahead(alexnet_trainer *t, const an_next_part *part)
{
    const int64_t shown = part->pictures.position + part->pictures.count;
    if (an_program_feeds_ahead(t->program) && shown < t->train->count)
        (void)fetch(t, t->record.step + part->ends);
}

/* Begin the batch again, whose gradients may have been added in part to those before. */
static alexnet_status start_over(alexnet_trainer *t)
{
    static const float zeros[1 << 12];
    const int64_t piece = sizeof zeros / sizeof *zeros;
    for (int i = 0; i < t->net->count; i++) {
        const int64_t count = t->net->params[i].count;
        for (int64_t first = 0; first < count; first += piece)
            AN_CHECK(an_net_write_part(t->net, AN_GRADIENTS, i, first,
                                       count - first < piece ? count - first : piece, zeros,
                                       AN_F32));
    }
    t->next = (an_next_part){0};
    t->counted = (an_tally){0};
    t->loading = false;
    return ALEXNET_OK;
}

/* Compute a part. After a failure it is computed again, if its gradients do not depend on those
 * that are in memory. */
static alexnet_status run_part(alexnet_trainer *t, const an_next_part *part)
{
    const alexnet_status rc = part->computed ? an_norms_run(t, part) : ALEXNET_OK;
    t->next.spoilt = rc != ALEXNET_OK && t->parts > 1;
    return rc;
}

static alexnet_status compute_part(alexnet_trainer *t, an_next_part *part)
{
    if (t->next.spoilt)
        AN_CHECK(start_over(t));
    AN_CHECK(fetch(t, t->record.step));
    AN_CHECK(check_part(t));
    *part = t->next;
    AN_CHECK(run_part(t, part));
    advance(&t->next); /* a part that could not be computed is the next step's */
    t->pace.images += part->pictures.count;
    t->pace.train_images += part->pictures.count;
    t->counted.skipped += an_trainer_report_bad(t, &part->pictures);
    fetch_ahead(t, part);
    return part->computed ? count_losses(t) : ALEXNET_OK;
}

alexnet_status an_trainer_update(alexnet_trainer *t)
{
    an_next_part part;
    do
        AN_CHECK(compute_part(t, &part));
    while (!part.ends);
    an_trainer_count(t, &t->counted);
    t->counted = (an_tally){0};
    return ALEXNET_OK;
}
