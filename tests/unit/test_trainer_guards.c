/*
 * What stops a run whose loss is not finite, and the error, which names the layer at which it
 * began.
 */
#include "training_rig.h"

#include <math.h>

#include "backend/backend.h"
#include "train/trainer_impl.h"

static const char *const devices[] = {"ref", "cpu", "cuda"};
enum { DEVICES = sizeof devices / sizeof *devices };

static bool is_here(const char *device)
{
    return an_device_find(&(an_device){0}, device, ALEXNET_ISA_ANY) == ALEXNET_OK;
}

static void plant(alexnet_trainer *t, const char *name, float value)
{
    const int index = an_net_find(t->net, name);
    assert_true(index >= 0);
    expect_ok(an_net_write_part(t->net, AN_VALUES, index, 1, 1, &value, AN_F32));
    expect_ok(an_program_pack(t->program));
}

static float *weights_of(const alexnet_trainer *t, int index)
{
    float *values = an_calloc((size_t)t->net->params[index].count, sizeof *values);
    assert_non_null(values);
    expect_ok(an_net_read(t->net, AN_VALUES, index, values, AN_F32));
    return values;
}

/* Make two updates, then put an infinite value into a parameter. @return the trainer, which will
 * fail */
static alexnet_trainer *start_and_plant(alexnet_ctx *ctx, const char *out, const char *name,
                                        const char *const *settings)
{
    alexnet_trainer *trainer;
    alexnet_progress p;
    bool more;
    expect_ok(rig_start(&trainer, ctx, "train", "val", out, settings));
    while (trainer->record.step < 2)
        expect_ok(alexnet_trainer_step(trainer, &p, &more));
    plant(trainer, name, INFINITY);
    return trainer;
}

/* The batch that was fed ahead is not affected, and the error comes within two steps. */
static void expect_divergence(alexnet_trainer *trainer, const char *part)
{
    alexnet_progress p;
    expect_failure(rig_finish(trainer, &p), ALEXNET_ERROR_DIVERGED, part);
    assert_non_null(strstr(an_error_text(), "the last good checkpoint is kept"));
}

static void check_layer(const char *device, const char *layer, const char *const *settings)
{
    static int runs;
    char out[32], name[32], part[256];
    alexnet_model *model;
    alexnet_ctx *ctx = rig_new_ctx(device, ALEXNET_PRECISION_FP32, 1);
    snprintf(out, sizeof out, "planted%d", runs++);
    snprintf(name, sizeof name, "%s.weight", layer);
    snprintf(part, sizeof part,
             "training diverged: the loss of update 3 (epoch 1) is not finite: the first layer "
             "whose output is not finite is %s, and %s holds such values",
             layer, name);
    alexnet_trainer *trainer = start_and_plant(ctx, out, name, settings);
    char planted[80];
    /* No file is replaced by such weights, even if nothing has computed with them. */
    snprintf(planted, sizeof planted, "%s holds values that are not finite after", name);
    expect_failure(an_trainer_save_best(trainer), ALEXNET_ERROR_DIVERGED, planted);
    expect_failure(alexnet_trainer_save(trainer), ALEXNET_ERROR_DIVERGED, planted);
    const int other = an_net_find(trainer->net, layer[0] == 'f' ? "c.weight" : "f.weight");
    float *before = weights_of(trainer, other);
    expect_divergence(trainer, part);
    float *after = weights_of(trainer, other); /* the update was not made */
    assert_memory_equal(before, after, (size_t)trainer->net->params[other].count * sizeof *after);
    an_free(before);
    an_free(after);
    expect_divergence(trainer, part); /* and none is made after it */
    expect_failure(alexnet_trainer_save(trainer), ALEXNET_ERROR_DIVERGED, part);
    alexnet_trainer_free(trainer);
    snprintf(part, sizeof part, "%s/last.safetensors", out);
    expect_ok(alexnet_model_load(&model, ctx, part));
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
}

static void test_the_first_layer_is_named(void **state)
{
    (void)state;
    static const char *const layers[] = {"c", "e", "g", "f"};
    static const char *const plain[] = {"batch", "8", "crop", "centre", NULL};
    static const char *const mixed[] = {"batch", "8", "mixup", "1", "erase", "0.5", NULL};
    rig_write_pictures("train", 2, 20);
    rig_write_pictures("val", 2, 4);
    for (int d = 0; d < DEVICES; d++)
        for (int i = 0; i < 4 && is_here(devices[d]); i++) {
            check_layer(devices[d], layers[i], plain);
            check_layer(devices[d], layers[i], mixed);
        }
}

static void test_a_mean_without_numbers(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "8", NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    rig_write_pictures("train", 2, 20);
    rig_write_pictures("val", 2, 4);
    alexnet_trainer *trainer = start_and_plant(ctx, "run", "input.mean", settings);
    float nowhere[16 * 16];
    for (int i = 0; i < 16 * 16; i++)
        nowhere[i] = NAN;
    expect_ok(an_net_write_part(trainer->net, AN_VALUES, an_net_find(trainer->net, "input.mean"), 0,
                                16 * 16, nowhere, AN_F32));
    expect_divergence(trainer, "the first values that are not finite are those of the network's "
                               "input, and input.mean holds such values");
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

/* Values that only validation meets are named too, at its first batch. */
static void test_validation(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "4", "epochs", "3", NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    alexnet_progress p;
    bool more;
    rig_write_pictures("train", 2, 10);
    rig_write_pictures("val", 2, 10);
    expect_ok(rig_start(&trainer, ctx, "train", "val", "run", settings));
    while (trainer->record.phase != AN_PHASE_VAL || trainer->record.step < 10)
        expect_ok(alexnet_trainer_step(trainer, &p, &more));
    plant(trainer, "g.bias", INFINITY);
    expect_failure(alexnet_trainer_step(trainer, &p, &more), ALEXNET_ERROR_DIVERGED,
                   "the validation loss after update 10 (epoch 2) is not finite: the first layer "
                   "whose output is not finite is g, and g.bias holds such values");
    alexnet_trainer_free(trainer);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    assert_int_equal(trainer->record.step, 5); /* the checkpoint of the first epoch */
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

/* A rate far too high: the numbers grow until a layer cannot hold its output. */
static void test_a_rate_far_too_high(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch",  "8",     "epochs", "30",       "rate",
                                           "1000",   "decay", "100",    "schedule", "constant",
                                           "warmup", "0",     "init",   "net",      NULL};
    rig_write_pictures("train", 2, 20);
    for (int d = 1; d < DEVICES; d++) { /* not on ref: a double can hold these numbers */
        if (!is_here(devices[d]))
            continue;
        alexnet_ctx *ctx = rig_new_ctx(devices[d], ALEXNET_PRECISION_FP32, 1);
        alexnet_trainer *trainer;
        expect_ok(rig_start(&trainer, ctx, "train", NULL, devices[d], settings));
        expect_divergence(trainer, "is not finite: the first layer whose output is not finite is ");
        assert_non_null(strstr(an_error_text(), "Try a rate of 0.01 in a new run"));
        alexnet_trainer_free(trainer);
        alexnet_ctx_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, rig_set_up, scratch_teardown)
        T(test_the_first_layer_is_named),
        T(test_a_mean_without_numbers),
        T(test_validation),
        T(test_a_rate_far_too_high),
#undef T
    };
    return cmocka_run_group_tests_name("guards of the trainer", tests, NULL, NULL);
}
