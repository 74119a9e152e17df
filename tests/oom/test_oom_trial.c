/*
 * Memory that runs out while training is tried out (oom_rig.h).
 */
#include "oom/oom_rig.h"

static alexnet_status try_out(alexnet_trial_kind kind)
{
    static const char *const settings[] = {"batch", "2", NULL};
    alexnet_ctx *ctx = NULL;
    alexnet_trial *trial = NULL;
    alexnet_trial_point point;
    alexnet_trial_verdict verdict;
    alexnet_status rc;
    bool more = true;
    AN_TRY(new_ctx(&ctx));
    AN_TRY(begin_trial(&trial, ctx, kind, settings));
    while (more)
        AN_TRY(alexnet_trial_step(trial, &point, &more));
    alexnet_trial_judge(trial, &verdict);
    note(&verdict.loss, sizeof verdict.loss);
    note(&verdict.updates, sizeof verdict.updates);
cleanup:
    alexnet_trial_free(trial);
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
