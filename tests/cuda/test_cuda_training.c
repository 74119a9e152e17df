/*
 * A training run whose batches are copied as late as possible, by a device that takes its time,
 * ends with the bits of one whose batches are copied at once: the loader fills memory again only
 * when it has been copied, whole batches and parts. If the next batch cannot be loaded while one is
 * computed, that one still counts. The algorithms that a run recorded are those of one version of
 * the libraries.
 */
#include "unit/training_rig.h"

#include <stdatomic.h>

#include "cuda/fake.h"
#include "train/trainer.h"

/* Microseconds: enough for the loader to fill what it was given back too early. */
enum { PAUSE = 8000 };

static int set_up(void **state)
{
    if (rig_set_up(state) != 0)
        return -1;
    rig_write_pictures("train", 3, 34);
    rig_write_pictures("val", 3, 7);
    return 0;
}

static void train(const char *out, const char *const *settings)
{
    alexnet_ctx *ctx = rig_new_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    alexnet_progress progress;
    expect_ok(rig_train_on(ctx, "train", "val", out, settings, &progress));
    alexnet_ctx_free(ctx);
}

static void check_orders(const char *const *settings)
{
    fake_reset();
    fake_copies_first = true;
    train("early", settings);
    assert_true(fake_count.launches > 20);
    fake_copies_first = false;
    fake.pause = PAUSE;
    train("late", settings);
    rig_expect_same_run("early", "late");
}

#define COMMON "batch", "8", "epochs", "2", "rate", "0.02", "report", "3", "init", "net"

static void test_batches(void **state)
{
    static const char *const settings[] = {COMMON, NULL};
    (void)state;
    check_orders(settings);
}

static void test_parts(void **state)
{
    static const char *const settings[] = {COMMON, "accumulate", "2", "clip", "1", NULL};
    (void)state;
    check_orders(settings);
}

/* ---- Pictures that memory does not suffice for ---- */

enum { SIDE = 16, PICTURES = 60 };

typedef struct shelf {
    atomic_int given, limit; /* pictures given so far, and at most */
    char name[16];
    uint8_t pixels[PICTURES][SIDE * SIDE * 3];
} shelf;

static int64_t count(void *user)
{
    (void)user;
    return PICTURES;
}

static int item(void *user, int64_t index, const char **name, int *label)
{
    shelf *s = user;
    snprintf(s->name, sizeof s->name, "%d", (int)index);
    *name = s->name;
    *label = (int)index % 3;
    return 0;
}

static int get(void *user, int64_t index, alexnet_source_item *out)
{
    shelf *s = user;
    if (atomic_fetch_add(&s->given, 1) >= atomic_load(&s->limit))
        return ALEXNET_ERROR_NO_MEMORY;
    *out = (alexnet_source_item){
        .pixels = {s->pixels[index], SIDE, SIDE, (size_t)3 * SIDE, ALEXNET_PIXELS_RGB8}};
    return 0;
}

static alexnet_dataset *open_shelf(alexnet_ctx *ctx, shelf *s)
{
    static const char *const names[] = {"a", "b", "c"};
    alexnet_dataset *data;
    alexnet_source source = ALEXNET_SOURCE_INIT;
    source.user = s;
    source.name = "shelf";
    source.class_count = 3;
    source.class_names = names;
    source.count = count;
    source.item = item;
    source.get = get;
    expect_ok(alexnet_dataset_from_source(&data, ctx, &source, NULL));
    return data;
}

/* Train until all is done or memory has run out, which ends with a checkpoint. */
static alexnet_status train_on(alexnet_ctx *ctx, shelf *s, const char *out, bool resume)
{
    static const char *const settings[] = {"batch",  "8", "epochs", "2",   "rate", "0.02",
                                           "report", "3", "init",   "net", NULL};
    alexnet_trainer *trainer;
    alexnet_progress progress;
    alexnet_dataset *data = open_shelf(ctx, s);
    if (resume) {
        alexnet_resume_options options = ALEXNET_RESUME_OPTIONS_INIT;
        options.train_data = data;
        expect_ok(alexnet_trainer_resume(&trainer, ctx, out, &options));
    } else {
        alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
        options.net = "net.ini";
        options.recipe = rig_recipe(settings);
        options.out_dir = out;
        options.split = 1;
        expect_ok(alexnet_trainer_new(&trainer, ctx, data, NULL, &options));
        alexnet_recipe_free((alexnet_recipe *)options.recipe);
    }
    alexnet_dataset_free(data);
    const alexnet_status rc = rig_finish(trainer, &progress);
    if (rc != ALEXNET_OK)
        expect_ok(alexnet_trainer_save(trainer));
    alexnet_trainer_free(trainer);
    return rc;
}

static void test_load_fails(void **state)
{
    (void)state;
    fake_reset();
    shelf *s = an_calloc(1, sizeof *s);
    assert_non_null(s);
    for (int i = 0; i < PICTURES; i++)
        memset(s->pixels[i], 4 * i, sizeof s->pixels[i]);
    alexnet_ctx *ctx = rig_new_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    atomic_store(&s->limit, INT_MAX);
    expect_ok(train_on(ctx, s, "whole", false));
    atomic_store(&s->given, 0);
    atomic_store(&s->limit, PICTURES + PICTURES / 2); /* the pass for the mean, and half an epoch */
    assert_int_equal(train_on(ctx, s, "halves", false), ALEXNET_ERROR_NO_MEMORY);
    atomic_store(&s->limit, INT_MAX);
    expect_ok(train_on(ctx, s, "halves", true));
    rig_expect_same_run("whole", "halves");
    alexnet_ctx_free(ctx);
    an_free(s);
}

/* ---- Another version of cuDNN, which numbers its proposals anew ---- */

static void resume_with(size_t version, const char *library, int warnings)
{
    alexnet_trainer *trainer;
    alexnet_ctx *ctx = rig_new_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    fake.dnn = version;
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    assert_non_null(strstr(trainer->record.tuning, library));
    assert_int_equal(rig_times_heard("from here on its bits may differ"), warnings);
    assert_int_equal(rig_times_heard("has no row"), 0);
    expect_ok(alexnet_trainer_save(trainer));
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

static void test_other_library(void **state)
{
    static const char *const settings[] = {COMMON, NULL};
    alexnet_trainer *trainer;
    (void)state;
    fake_reset();
    alexnet_ctx *ctx = rig_new_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    expect_ok(rig_start(&trainer, ctx, "train", "val", "run", settings));
    expect_ok(alexnet_trainer_save(trainer));
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    resume_with(91900, "\nlibrary = cuDNN 9.19.0, ", 0);
    resume_with(92001, "\nlibrary = cuDNN 9.20.1, ", 1);
    resume_with(92001, "\nlibrary = cuDNN 9.20.1, ", 2); /* where it began stays on record */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_batches, set_up, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_parts, set_up, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_load_fails, rig_set_up, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_other_library, set_up, scratch_teardown),
    };
    return cmocka_run_group_tests_name("training on a fake GPU", tests, NULL, NULL);
}
