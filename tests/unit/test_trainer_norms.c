/*
 * Norms of weights, gradients and changes of weights in the log, against what the checkpoints
 * before and after an update say.
 */
#include "training_rig.h"

#include <jansson.h>
#include <math.h>

#include "backend/backend.h"
#include "train/trainer.h"

/* Numbers in the log have nine digits; sums are in double. */
static const double DIGITS = 1e-8;

#define RATE 0.01
#define MOMENTUM 0.9
#define DECAY 0.05
static const char *const settings[] = {
    "batch",  "8",   "epochs",     "2",        "rate",     "0.01", "rate_bias", "0.01",
    "warmup", "0",   "schedule",   "constant", "momentum", "0.9",  "decay",     "0.05",
    "init",   "net", "decay_bias", "0.05",     "norms",    "2",    NULL};

static void go_to(alexnet_trainer *t, int64_t step)
{
    alexnet_progress p;
    bool more = true;
    while (t->record.step < step) {
        expect_ok(alexnet_trainer_step(t, &p, &more));
        assert_true(more);
        if (p.phase == ALEXNET_PROGRESS_TRAIN)
            assert_int_equal(p.norms, t->record.step % 2 == 0);
    }
}

static void copy_checkpoint(alexnet_trainer *t, const char *from, const char *to)
{
    size_t length;
    expect_ok(alexnet_trainer_save(t));
    void *bytes = scratch_read(from, &length);
    scratch_write(to, bytes, length);
    free(bytes);
}

/* The line of norms of an update; released by the caller. */
static json_t *line_of(const char *log, int64_t step)
{
    size_t length;
    char *text = (char *)scratch_read(log, &length), *rest = text, *line;
    json_t *found = NULL;
    while (!found && (line = strtok_r(rest, "\n", &rest))) {
        json_t *object = json_loads(line, 0, NULL);
        assert_non_null(object);
        if (json_object_get(object, "norms") &&
            json_integer_value(json_object_get(object, "step")) == step)
            found = json_incref(object);
        json_decref(object);
    }
    free(text);
    return found;
}

static double of(const json_t *line, const char *tensor, const char *key)
{
    const json_t *norms = json_object_get(json_object_get(line, "norms"), tensor);
    const json_t *value = json_object_get(norms, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static void expect_near(double a, double b, double relative, const char *tensor, const char *what)
{
    if (!(fabs(a - b) <= relative * fabs(b)))
        fail_msg("%s of %s: %.10g, expected %.10g", what, tensor, a, b);
}

/* The gradient by the rule of 2012: v' = m v - rate g - decay rate w. */
static void check_tensor(const alexnet_trainer *t, int index, const json_t *line,
                         an_tensor_file *before, an_tensor_file *after, double rounding)
{
    const char *name = t->net->params[index].name;
    char momentum[80];
    int64_t count;
    double weights = 0, gradient = 0, change = 0;
    alexnet_norms latest;
    snprintf(momentum, sizeof momentum, "momentum.%s", name);
    double *w = rig_doubles(before, name, &count), *v = rig_doubles(before, momentum, &count);
    double *next = rig_doubles(after, name, &count), *u = rig_doubles(after, momentum, &count);
    for (int64_t i = 0; i < count; i++) {
        const double g = (MOMENTUM * v[i] - u[i]) / RATE - DECAY * w[i];
        weights += next[i] * next[i];
        change += (next[i] - w[i]) * (next[i] - w[i]);
        gradient += g * g;
    }
    expect_near(of(line, name, "weights"), sqrt(weights), DIGITS, name, "norm");
    expect_near(of(line, name, "change"), sqrt(change), DIGITS, name, "change");
    expect_near(of(line, name, "ratio"), sqrt(change / weights), 2 * DIGITS, name, "ratio");
    expect_near(of(line, name, "gradient"), sqrt(gradient), rounding, name, "gradient");
    assert_true(alexnet_trainer_norms(t, index, &latest));
    assert_string_equal(latest.name, name);
    assert_int_equal(latest.step, 4);
    expect_near(latest.change, sqrt(change), DIGITS, name, "latest change");
    an_free(w);
    an_free(v);
    an_free(next);
    an_free(u);
}

static void check_device(const char *device, double rounding)
{
    char last[64], log[64];
    alexnet_norms none;
    alexnet_trainer *t;
    if (an_device_find(&(an_device){0}, device, ALEXNET_ISA_ANY) != ALEXNET_OK)
        return;
    alexnet_ctx *ctx = rig_new_ctx(device, ALEXNET_PRECISION_FP32, 1);
    snprintf(last, sizeof last, "%s/last.safetensors", device);
    snprintf(log, sizeof log, "%s/log.jsonl", device);
    expect_ok(rig_start(&t, ctx, "train", NULL, device, settings));
    assert_false(alexnet_trainer_norms(t, 1, &none));
    go_to(t, 3);
    copy_checkpoint(t, last, "before");
    go_to(t, 4);
    copy_checkpoint(t, last, "after");
    json_t *line = line_of(log, 4);
    assert_non_null(line);
    assert_null(line_of(log, 3));
    assert_int_equal(json_integer_value(json_object_get(line, "epoch")), 1);
    an_tensor_file *before = rig_open_tensors("before"), *after = rig_open_tensors("after");
    int tensors = 0;
    for (int i = 0; i < t->net->count; i++)
        if (t->net->params[i].learned) {
            check_tensor(t, i, line, before, after, rounding);
            tensors++;
        }
    assert_int_equal(json_object_size(json_object_get(line, "norms")), tensors);
    assert_false(alexnet_trainer_norms(t, an_net_find(t->net, "input.mean"), &none));
    assert_false(alexnet_trainer_norms(t, t->net->count, &none));
    json_decref(line);
    an_tensor_file_close(before);
    an_tensor_file_close(after);
    alexnet_trainer_free(t);
    alexnet_ctx_free(ctx);
}

/* Checkpoints of cpu and cuda are float32, and the gradient is their difference divided by the
 * rate. */
static void test_against_two_checkpoints(void **state)
{
    (void)state;
    rig_write_pictures("train", 2, 20);
    check_device("ref", 1e-4);
    check_device("cpu", 1e-4);
    check_device("cuda", 1e-4);
}

static const char *with_norms(const char *device, const char *out, const char *norms)
{
    const char *const some[] = {"batch", "8", "epochs", "2", "norms", norms, NULL};
    alexnet_ctx *ctx = rig_new_ctx(device, ALEXNET_PRECISION_FP32, 1);
    alexnet_progress p;
    expect_ok(rig_train_on(ctx, "train", "val", out, some, &p));
    alexnet_ctx_free(ctx);
    return out;
}

static void test_training_is_the_same(void **state)
{
    (void)state;
    rig_write_pictures("train", 2, 20);
    rig_write_pictures("val", 2, 4);
    with_norms("ref", "without", "0");
    with_norms("ref", "with", "1");
    rig_expect_same_tensors("without/last.safetensors", "with/last.safetensors");
    with_norms("cpu", "fast", "0");
    with_norms("cpu", "measured", "3");
    rig_expect_same_tensors("fast/last.safetensors", "measured/last.safetensors");
}

/* A batch in two parts has the gradients of the whole, though its update clears them. */
static void test_batches_in_parts(void **state)
{
    (void)state;
    static const char *const whole[] = {"batch", "8", "epochs", "1", "norms", "1", NULL};
    static const char *const parts[] = {"batch", "8",          "epochs", "1", "norms",
                                        "1",     "accumulate", "2",      NULL};
    alexnet_progress p;
    rig_write_pictures("train", 2, 20);
    expect_ok(rig_train("train", NULL, "whole", whole, &p));
    expect_ok(rig_train("train", NULL, "parts", parts, &p));
    for (int step = 1; step <= 5; step++) {
        json_t *a = line_of("whole/log.jsonl", step), *b = line_of("parts/log.jsonl", step);
        expect_near(of(b, "e.weight", "gradient"), of(a, "e.weight", "gradient"), 1e-6, "e.weight",
                    "gradient");
        expect_near(of(b, "f.bias", "gradient"), of(a, "f.bias", "gradient"), 1e-6, "f.bias",
                    "gradient");
        assert_true(of(a, "f.bias", "gradient") > 0);
        json_decref(a);
        json_decref(b);
    }
}

/* A run that is stopped between two lines of norms writes the same lines as one that is not; it may
 * be given another interval. */
static void test_resume(void **state)
{
    (void)state;
    static const char *const four[] = {"norms", "4", NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_resume_options options = ALEXNET_RESUME_OPTIONS_INIT;
    alexnet_trainer *t;
    alexnet_progress p;
    rig_write_pictures("train", 2, 20);
    rig_write_pictures("val", 2, 4);
    expect_ok(rig_train_on(ctx, "train", "val", "straight", settings, &p));
    expect_ok(rig_start(&t, ctx, "train", "val", "run", settings));
    go_to(t, 3);
    expect_ok(alexnet_trainer_save(t));
    go_to(t, 4);
    alexnet_trainer_free(t);
    expect_ok(rig_go_on(ctx, "run", NULL, &p));
    rig_expect_same_run("straight", "run");
    options.settings = four;
    expect_ok(rig_start(&t, ctx, "train", "val", "anew", settings));
    go_to(t, 4);
    expect_ok(alexnet_trainer_save(t));
    alexnet_trainer_free(t);
    expect_ok(rig_go_on(ctx, "anew", &options, &p));
    json_t *eighth = line_of("anew/log.jsonl", 8);
    assert_non_null(eighth);
    json_decref(eighth);
    assert_null(line_of("anew/log.jsonl", 6));
    alexnet_ctx_free(ctx);
}

/* Layers that do not learn have no norms. */
static void test_frozen(void **state)
{
    (void)state;
    static const char *const frozen[] = {"batch", "8",      "epochs", "1", "norms",
                                         "1",     "freeze", "c e",    NULL};
    alexnet_progress p;
    rig_write_pictures("train", 2, 20);
    expect_ok(rig_train("train", NULL, "run", frozen, &p));
    json_t *line = line_of("run/log.jsonl", 5);
    assert_non_null(line);
    assert_int_equal(json_object_size(json_object_get(line, "norms")), 4);
    assert_true(of(line, "f.bias", "change") > 0);
    json_decref(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, rig_set_up, scratch_teardown)
        T(test_against_two_checkpoints),
        T(test_training_is_the_same),
        T(test_batches_in_parts),
        T(test_resume),
        T(test_frozen),
#undef T
    };
    return cmocka_run_group_tests_name("norms of the trainer", tests, NULL, NULL);
}
