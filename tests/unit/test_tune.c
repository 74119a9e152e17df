/*
 * The search for a tuning: every trial that is measured is compared with ref, layer by layer, and
 * what deviates is not recommended. The comparison itself (tests/ops/test_parity.c) is replaced by
 * one that counts, and returns the deviation that a test wants.
 */
#include "net_rig.h"

#include <string.h>

#include "backend/parity/parity.h"
#include "speed/tune_trials.h"

enum { FIT, UNFIT };

static struct {
    const alexnet_tuner *tuner;
    double share;             /* the deviation returned, as a share of what is allowed */
    int compared[TRIALS_MAX]; /* layers of a trial */
} seen;

/* The linker puts this in the place of an_parity_run() (tests/CMakeLists.txt). */
alexnet_status __wrap_an_parity_run(an_backend *backend, an_backend *ref,
                                    const an_op_desc *const *ops, int n_ops,
                                    const an_parity_options *options, an_parity *out);

alexnet_status __wrap_an_parity_run(an_backend *backend, an_backend *ref,
                                    const an_op_desc *const *ops, int n_ops,
                                    const an_parity_options *options, an_parity *out)
{
    (void)ref, (void)ops, (void)options;
    assert_ptr_equal(backend, seen.tuner->bench->net->backend);
    assert_int_equal(n_ops, 1);
    seen.compared[seen.tuner->now]++;
    *out = (an_parity){.forward = seen.share, .dx = seen.share, .dw = seen.share};
    return ALEXNET_OK;
}

/* Layers that a trial computes in some direction by a variant other than "direct". */
static int layers_with_variants(const alexnet_tuner *t, int index)
{
    int layers = 0;
    for (int i = 0; i < t->n_parts; i++) {
        bool other = false;
        for (int j = 0; j < t->n_parts; j++) {
            int d, end;
            for (an_tune_directions(&t->parts[j].info, &d, &end); d < end; d++)
                other |= an_tune_same_layer(t, i, j) && t->trials[index].taken[j].of[d] != 0;
        }
        layers +=
            t->parts[i].info.tunable && t->parts[i].info.pass == ALEXNET_PASS_FORWARD && other;
    }
    return layers;
}

/* Times by which the layers are advised different variants, some of them "direct", so that the last
 * trial is like no other before it, however few variants this processor has. */
static void pretend_times(alexnet_tuner *t)
{
    for (int i = 0; i < t->count - 1; i++)
        for (int p = 0; p < t->n_parts && t->trials[i].whole > 0; p++) {
            int turn = (t->trials[i].variant + p) % 3;
            t->trials[i].seconds[p] = i < VARIANT_TRIALS ? 100 : turn == 0 ? 200 : turn;
        }
}

static alexnet_tuner *search(alexnet_ctx *ctx, double share)
{
    alexnet_tuner *t;
    alexnet_bench_options options = ALEXNET_BENCH_OPTIONS_INIT;
    double fraction;
    bool more = true;
    options.net = "alexnet-mini";
    options.batch = 2;
    options.steps = 1;
    expect_ok(an_tuner_new(&t, ctx, &options));
    memset(&seen, 0, sizeof seen);
    seen.tuner = t;
    seen.share = share;
    while (more) {
        if (t->turn == 2 * (t->count - 1) && !t->running)
            pretend_times(t);
        expect_ok(an_tuner_step(t, &fraction, &more));
    }
    return t;
}

static void test_every_trial_is_compared(void **state)
{
    alexnet_ctx *ctx = rig_ctx("cpu", ALEXNET_PRECISION_FP32, 1);
    alexnet_tuner *t = search(ctx, FIT);
    int whole = 0, single = 0;
    (void)state;
    for (int i = 0; i < t->count; i++) {
        bool measured = i >= VARIANT_TRIALS && t->trials[i].whole > 0;
        assert_int_equal(seen.compared[i], measured ? layers_with_variants(t, i) : 0);
        whole += measured && !t->trials[i].single;
        single += measured && t->trials[i].single;
    }
    assert_true(whole > 1 && single > 1);
    assert_true(seen.compared[t->count - 1] > 1);
    an_tuner_free(t);
    an_ctx_release(ctx);
}

/* The last trial, of what the others advise, is then direct, which has been measured. */
static void test_what_deviates_is_not_advised(void **state)
{
    alexnet_ctx *ctx = rig_ctx("cpu", ALEXNET_PRECISION_FP32, 1);
    alexnet_tuner *t = search(ctx, UNFIT);
    double seconds, built_in;
    (void)state;
    assert_true(t->trials[t->count - 1].whole == 0);
    an_tuner_result(t, &seconds, &built_in);
    assert_true(seconds > 0 && seconds == built_in);
    an_tuner_free(t);
    an_ctx_release(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_trial_is_compared),
        cmocka_unit_test(test_what_deviates_is_not_advised),
    };
    return cmocka_run_group_tests_name("tune", tests, NULL, NULL);
}
