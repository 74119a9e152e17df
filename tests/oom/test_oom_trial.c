/*
 * Memory that runs out while training is tried out (oom_rig.h).
 */
#include "oom/oom_rig.h"

static alexnet_status try_out(alexnet_trial_kind kind)
{
    alexnet_ctx *ctx = NULL;
    alexnet_dataset *data = NULL;
    alexnet_recipe *recipe = NULL;
    alexnet_trial *trial = NULL;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_trial_options how = ALEXNET_TRIAL_OPTIONS_INIT;
    alexnet_trial_point point;
    alexnet_trial_verdict verdict;
    alexnet_status rc;
    bool more = true;
    AN_TRY(new_ctx(&ctx));
    AN_TRY(alexnet_dataset_open(&data, ctx, "data", NULL));
    AN_TRY(alexnet_recipe_load(&recipe, "default"));
    AN_TRY(alexnet_recipe_set(recipe, "batch", "2"));
    options.net = "net.ini";
    options.recipe = recipe;
    how.kind = kind;
    how.updates = 3;
    AN_TRY(alexnet_trial_new(&trial, ctx, data, &options, &how));
    while (more)
        AN_TRY(alexnet_trial_step(trial, &point, &more));
    alexnet_trial_judge(trial, &verdict);
    note(&verdict.loss, sizeof verdict.loss);
    note(&verdict.updates, sizeof verdict.updates);
cleanup:
    alexnet_trial_free(trial);
    alexnet_recipe_free(recipe);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
    return rc;
}

static alexnet_status overfit(void)
{
    return try_out(ALEXNET_TRIAL_OVERFIT);
}

static alexnet_status rates(void)
{
    return try_out(ALEXNET_TRIAL_RATES);
}

static void test_trials(void **state)
{
    (void)state;
    device = "cpu";
    fail_each(&(scenario){overfit, NULL, 100});
    fail_each(&(scenario){rates, NULL, 100});
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_trials)};
    return cmocka_run_group_tests(tests, set_up_training, scratch_teardown);
}
