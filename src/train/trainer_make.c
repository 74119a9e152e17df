/*
 * What new and resumed runs have in common: making and freeing the parts of a trainer.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/status.h"
#include "train/budget.h"
#include "train/trainer_impl.h"

/* Mark the layers that `freeze` names. They never learn, so programs can omit their gradients. */
static alexnet_status find_frozen(alexnet_trainer *t)
{
    const alexnet_network *network = t->net->network;
    t->frozen = an_calloc((size_t)network->count, sizeof *t->frozen);
    if (!t->frozen)
        return AN_FAIL_MEMORY((size_t)network->count * sizeof *t->frozen, "a training run");
    for (int i = 0; i < network->count; i++)
        t->frozen[i] = an_recipe_frozen(t->recipe, network->layers[i].name);
    return ALEXNET_OK;
}

/* Add arenas for what the optimiser keeps besides the momentum. */
static alexnet_status add_arenas(const alexnet_trainer *t)
{
    an_arena arena;
    if (an_schedule_is_adam(t->recipe))
        AN_CHECK(an_net_add_arena(t->net, AN_ARENA_SQUARE, true, &arena));
    if (an_recipe_number(t->recipe, AN_KEY_AVERAGE, NULL, 0) > 0)
        AN_CHECK(an_net_add_arena(t->net, AN_ARENA_AVERAGE, true, &arena));
    return ALEXNET_OK;
}

/* Choose the order of the pictures of an epoch, and log how it works. */
static alexnet_status make_order(alexnet_trainer *t)
{
    AN_CHECK(an_epoch_order_new(&t->epoch_order, t->recipe, t->train));
    if (t->epoch_order.balanced)
        an_log(t->ctx, ALEXNET_LOG_INFO,
               "sampling = balanced: of the %u pictures of an epoch each of %u classes has %u",
               t->epoch_order.balanced->count, t->epoch_order.balanced->classes,
               t->epoch_order.balanced->count / t->epoch_order.balanced->classes);
    if (!t->epoch_order.shards)
        return ALEXNET_OK;
    an_log(
        t->ctx, ALEXNET_LOG_INFO,
        "order = shards: archives are read in %u stretches of up to %d MiB, in random order, and "
        "pictures are shuffled within %d MiB",
        t->epoch_order.shards->n_stretches, (int)(AN_STRETCH_BYTES >> 20),
        (int)(AN_WINDOW_BYTES >> 20));
    return ALEXNET_OK;
}

alexnet_status an_trainer_make(alexnet_trainer *t)
{
    size_t slots = (size_t)t->batch, classes = (size_t)t->classes.count;
    AN_CHECK(find_frozen(t));
    AN_CHECK(add_arenas(t));
    an_program_options options = an_trainer_purpose(t, t->batch);
    AN_CHECK(an_budget_check(t));
    AN_CHECK(an_program_compile(&t->program, t->net, &options));
    an_loader_memory memory = an_net_loader_memory(t->net);
    AN_CHECK(an_loader_new(&t->loader, t->train, an_fit_of(t->net->network), t->batch,
                           t->ctx->threads, &memory));
    AN_CHECK(make_order(t));
    if (t->val) {
        AN_CHECK(an_runner_new_of(&t->runner, t->net, an_trainer_result(t), t->batch, 1));
        AN_CHECK(an_evaluation_new(&t->evaluation, t->ctx, &t->runner, 1, t->val, false));
        t->evaluation->list = &t->run.skipped; /* a folder that is moved changes it */
    }
    AN_CHECK(an_norms_make(t));
    t->order = an_calloc((size_t)t->train->count, sizeof *t->order);
    t->reported = an_calloc((size_t)t->train->count, sizeof *t->reported);
    t->slots = an_calloc(slots, sizeof *t->slots);
    t->rates = an_calloc((size_t)t->net->count, sizeof *t->rates);
    if (!t->order || !t->reported || !t->slots || !t->rates)
        return AN_FAIL_MEMORY((size_t)t->train->count * 5 + slots * classes * 4, "a training run");
    AN_CHECK(an_trainer_weigh_classes(t));
    an_draws_make(&t->draws, t->recipe, &t->net->network->input);
    t->draws.weights = t->weights;
    if (t->record.has_axes)
        an_draws_set_axes(&t->draws, &t->net->network->input, t->record.axes);
    t->pace.started = t->pace.saved = an_clock();
    return ALEXNET_OK;
}

alexnet_status an_trainer_read_recipe(alexnet_trainer *t)
{
    const int batch = (int)an_recipe_integer(t->recipe, AN_KEY_BATCH);
    t->parts = (int)an_recipe_integer(t->recipe, AN_KEY_ACCUMULATE);
    if (batch % t->parts)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "accumulate = %d: batch = %d cannot be divided into so many equal parts",
                       t->parts, batch);
    t->batch = batch / t->parts;
    t->epochs = an_recipe_integer(t->recipe, AN_KEY_EPOCHS);
    t->seed = (uint64_t)an_recipe_integer(t->recipe, AN_KEY_SEED);
    t->steps_per_epoch = an_batches(t->train->count, batch);
    return ALEXNET_OK;
}

void an_trainer_warn_unlocked(const alexnet_trainer *t)
{
    if (!t->run.locked)
        an_log(t->ctx, ALEXNET_LOG_WARNING,
               "the file system of %s has no locks: make sure that no other process trains there "
               "at the same time",
               t->run.folder);
}

alexnet_status an_trainer_alloc(alexnet_trainer **out, alexnet_ctx *ctx)
{
    *out = an_calloc(1, sizeof **out);
    if (!*out)
        return AN_FAIL_MEMORY(sizeof **out, "a trainer");
    (*out)->ctx = an_ctx_retain(ctx);
    (*out)->run = AN_RUN_CLOSED;
    return ALEXNET_OK;
}

alexnet_status an_trainer_finish(alexnet_trainer **out, alexnet_status rc)
{
    if (rc != ALEXNET_OK) {
        an_trainer_free(*out);
        *out = NULL;
    }
    return rc;
}

void an_trainer_free(alexnet_trainer *t)
{
    if (!t)
        return;
    an_loader_free(t->loader);
    an_epoch_order_free(&t->epoch_order);
    an_evaluation_free(t->evaluation);
    an_runner_free(t->runner);
    an_program_free(t->program);
    an_net_release(t->net);
    an_moments_free(&t->mean);
    an_free(t->order);
    an_free(t->reported);
    an_free(t->weights);
    an_free(t->slots);
    an_free(t->rates);
    an_free(t->frozen);
    an_free(t->tensor);
    an_norms_free(&t->norms);
    an_classes_free(&t->classes);
    an_run_state_free(&t->record);
    an_recipe_free(t->recipe);
    an_dataset_release(t->train);
    an_dataset_release(t->val);
    an_run_close(&t->run);
    an_ctx_release(t->ctx);
    an_free(t);
}
