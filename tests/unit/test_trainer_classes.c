/*
 * Runs on classes of unequal size: how much their pictures count, how often they are shown, and
 * that an interrupted run continues in the same way.
 */
#include "training_rig.h"

#include <math.h>

#include "train/trainer.h"

static alexnet_ctx *ctx;
enum { FIRST = 3, SECOND = 13, PICTURES = FIRST + SECOND };

static int set_up(void **state)
{
    char path[64];
    if (rig_set_up(state) != 0)
        return -1;
    ctx = rig_ref_ctx();
    rig_write_pictures("train", 2, SECOND);
    for (int i = FIRST; i < SECOND; i++) {
        snprintf(path, sizeof path, "train/class0/%03d.png", i);
        assert_int_equal(unlink(path), 0);
    }
    return 0;
}

static int tear_down(void **state)
{
    alexnet_ctx_free(ctx);
    return scratch_teardown(state);
}

/* Begin a run and make `steps` steps; -1: all. */
static void run(const char *out, int steps, const char *const *settings)
{
    alexnet_trainer *trainer;
    alexnet_progress p;
    bool more = true;
    expect_ok(rig_start(&trainer, ctx, "train", NULL, out, settings));
    for (int i = 0; more && i != steps; i++)
        expect_ok(alexnet_trainer_step(trainer, &p, &more));
    expect_ok(alexnet_trainer_save(trainer));
    alexnet_trainer_free(trainer);
}

/* A weight is n / (C n_c), and for mixed pictures the mean of both; without the key all are 1. */
static void test_weights(void **state)
{
    (void)state;
    static const char *const settings[][9] = {
        {"batch", "16", "epochs", "1", NULL},
        {"batch", "16", "epochs", "1", "class_weights", "balanced", NULL},
        {"batch", "16", "epochs", "1", "class_weights", "balanced", "mixup", "1", NULL}};
    const float expected[2] = {PICTURES / (2.f * FIRST), PICTURES / (2.f * SECOND)};
    for (int s = 0; s < 3; s++) {
        alexnet_trainer *t;
        alexnet_progress p;
        bool more = true;
        char out[16];
        rig_heard[0] = '\0';
        snprintf(out, sizeof out, "run%d", s);
        expect_ok(rig_start(&t, ctx, "train", NULL, out, settings[s]));
        do
            expect_ok(alexnet_trainer_step(t, &p, &more));
        while (more && p.phase == ALEXNET_PROGRESS_MEAN);
        assert_int_equal(rig_times_heard("a picture of \"class0\" counts 2.67, one of \"class1\" "
                                         "0.615"),
                         s > 0);
        double sum = 0;
        int mixed = 0;
        for (int i = 0; i < PICTURES; i++) {
            const an_slot *slot = &t->slots[i];
            const double share = (double)slot->second_share;
            double wanted = 1;
            if (s > 0)
                wanted = (1 - share) * (double)expected[slot->label] +
                         share * (double)expected[slot->second];
            assert_true(fabs((double)slot->weight - wanted) < 1e-6);
            sum += (double)slot->weight;
            mixed += slot->second_share > 0 && slot->second != slot->label;
        }
        assert_int_equal(mixed > 0, s == 2);
        if (s < 2)
            assert_true(fabs(sum - PICTURES) < 1e-5); /* 1 on average */
        alexnet_trainer_free(t);
    }
}

/* A file's weights reach the pictures; a class that it does not name counts 1. */
static void test_weights_of_a_file(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch",         "16",          "epochs", "1",
                                           "class_weights", "weights.txt", NULL};
    alexnet_trainer *t;
    alexnet_progress p;
    scratch_text("weights.txt", "# half as much\nclass1 0.5\n");
    expect_ok(rig_start(&t, ctx, "train", NULL, "run", settings));
    assert_int_equal(rig_times_heard("weights.txt names 1 of 2 classes; pictures of the others "
                                     "count 1"),
                     1);
    assert_int_equal(rig_times_heard("class_weights = weights.txt: a picture of \"class0\" counts "
                                     "1, one of \"class1\" 0.5"),
                     1);
    expect_ok(rig_finish(t, &p));
    for (int i = 0; i < PICTURES; i++)
        assert_true(t->slots[i].weight == (t->slots[i].label == 0 ? 1.f : 0.5f));
    alexnet_trainer_free(t);
    scratch_text("weights.txt", "class1 0.5\nclass2 1\n");
    expect_failure(rig_start(&t, ctx, "train", NULL, "two", settings), ALEXNET_ERROR_FORMAT,
                   "weights.txt:2: the data has no class \"class2\"; did you mean \"class0\"?");
    assert_int_equal(unlink("weights.txt"), 0);
    expect_failure(rig_start(&t, ctx, "train", NULL, "two", settings),
                   ALEXNET_ERROR_INVALID_ARGUMENT,
                   "class_weights = weights.txt: neither none nor balanced, and there is no such "
                   "file of weights");
    assert_false(an_is_folder("two"));
    static const char *const folder[] = {"class_weights", "train", NULL};
    expect_failure(rig_start(&t, ctx, "train", NULL, "two", folder), ALEXNET_ERROR_FORMAT,
                   "class_weights = train: it is a folder, not a file");
    static const char *const typo[] = {"class_weights", "balancd", NULL};
    expect_failure(rig_start(&t, ctx, "train", NULL, "two", typo), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "did you mean balanced?");
}

/* A batch in parts, all of whose pictures have weight 0, causes no division by 0. */
static void test_weights_of_0(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "batch", "2", "accumulate", "2", "class_weights", "weights.txt", "epochs", "2", NULL};
    alexnet_progress p;
    alexnet_trainer *t;
    scratch_text("weights.txt", "class0 1\nclass1 0\n");
    expect_ok(rig_start(&t, ctx, "train", NULL, "run", settings));
    expect_ok(rig_finish(t, &p));
    assert_true(isfinite(p.loss));
    alexnet_trainer_free(t);
}

/* Whatever becomes of the file, a run keeps the weights that it began with. */
static void test_resume_without_file(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch",         "5",           "report", "1",
                                           "epochs",        "2",           "mixup",  "0.5",
                                           "class_weights", "weights.txt", NULL};
    static const char text[] = "class0 1.1\nclass1 0.3\n";
    const alexnet_resume_options none = ALEXNET_RESUME_OPTIONS_INIT;
    scratch_text("weights.txt", text);
    run("straight", -1, settings);
    for (int gone = 0; gone < 2; gone++) {
        alexnet_trainer *trainer;
        alexnet_progress p;
        const char *out = gone ? "gone" : "changed";
        scratch_text("weights.txt", text);
        run(out, 5, settings);
        if (gone)
            assert_int_equal(unlink("weights.txt"), 0);
        else
            scratch_text("weights.txt", "class0 7\n");
        rig_heard[0] = '\0';
        expect_ok(alexnet_trainer_resume(&trainer, ctx, out, &none));
        assert_int_equal(rig_times_heard("class_weights = weights.txt: the run continues with the "
                                         "weights that it began with; the file is not read again"),
                         1);
        expect_ok(rig_finish(trainer, &p));
        alexnet_trainer_free(trainer);
        rig_expect_same_run("straight", out);
    }
}

static bool recipe_has(const char *out, const char *part)
{
    char path[64];
    size_t length;
    snprintf(path, sizeof path, "%s/recipe.ini", out);
    char *text = (char *)scratch_read(path, &length);
    text = realloc(text, length + 1);
    text[length] = '\0';
    const bool found = strstr(text, part) != NULL;
    free(text);
    return found;
}

/* The recipe for people lists what differs from 1, and is still a recipe. */
static void test_weights_are_listed(void **state)
{
    (void)state;
    static const char *const file[] = {"epochs", "1", "class_weights", "weights.txt", NULL};
    static const char *const balanced[] = {"epochs", "1", "class_weights", "balanced", NULL};
    static const char *const none[] = {"epochs", "1", NULL};
    static const char head[] = "\n; how much a picture of each class counts, if not 1:\n";
    alexnet_recipe *recipe;
    scratch_text("weights.txt", "class1 0.25\n");
    run("file", 1, file);
    assert_true(recipe_has("file", head));
    assert_true(recipe_has("file", "if not 1:\n;   class1 0.25\n"));
    expect_ok(alexnet_recipe_load(&recipe, "file/recipe.ini"));
    alexnet_recipe_free(recipe);
    run("balanced", 1, balanced);
    assert_true(recipe_has("balanced", ";   class0 2.66667\n;   class1 0.615385\n"));
    run("none", 1, none);
    assert_false(recipe_has("none", "how much a picture"));
}

/* An epoch of balanced sampling shows both classes equally often; each epoch has its own order. */
static void test_sampling(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch",    "16",       "epochs", "2",
                                           "sampling", "balanced", NULL};
    alexnet_trainer *t;
    alexnet_progress p;
    bool more = true;
    int seen = 0;
    uint32_t before[PICTURES] = {0};
    rig_heard[0] = '\0';
    expect_ok(rig_start(&t, ctx, "train", NULL, "run", settings));
    assert_int_equal(rig_times_heard("of the 16 pictures of an epoch each of 2 classes has 8"), 1);
    while (more) {
        expect_ok(alexnet_trainer_step(t, &p, &more));
        if (p.phase != ALEXNET_PROGRESS_TRAIN)
            continue;
        int of[2] = {0};
        for (int i = 0; i < PICTURES; i++)
            of[t->slots[i].label]++;
        assert_int_equal(of[0], PICTURES / 2);
        assert_int_equal(of[1], PICTURES / 2);
        assert_memory_not_equal(before, t->order, sizeof before);
        memcpy(before, t->order, sizeof before);
        seen++;
    }
    assert_int_equal(seen, 2);
    alexnet_trainer_free(t);
}

/* Wherever it is interrupted, a run ends as one that was not. */
static void test_resume(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "batch",           "5",        "report",   "1",        "epochs", "2",
        "class_weights",   "balanced", "sampling", "balanced", "mixup",  "0.5",
        "label_smoothing", "0.1",      NULL};
    const alexnet_resume_options none = ALEXNET_RESUME_OPTIONS_INIT;
    run("straight", -1, settings);
    assert_int_equal(rig_times_heard("together they favour small ones"), 1);
    for (int steps = 1; steps <= 9; steps += 2) {
        alexnet_progress p;
        char out[16];
        snprintf(out, sizeof out, "cut%d", steps);
        run(out, steps, settings);
        expect_ok(rig_go_on(ctx, out, &none, &p));
        rig_expect_same_run("straight", out);
    }
}

/* The weights of the last layer after a run, in double. Freed with an_free(). */
static double *last_layer(const char *out, const char *const *settings, int64_t *count)
{
    char path[64];
    run(out, -1, settings);
    snprintf(path, sizeof path, "%s/last.safetensors", out);
    an_tensor_file *file = rig_open_tensors(path);
    const an_tensor_entry *entry = NULL;
    for (int i = 0; i < an_tensor_file_count(file); i++)
        if (strcmp(an_tensor_file_entry(file, i)->name, "f.weight") == 0)
            entry = an_tensor_file_entry(file, i);
    assert_non_null(entry);
    assert_int_equal(entry->dtype, AN_F64);
    *count = (int64_t)(entry->bytes / sizeof(double));
    double *values = rig_tensor(file, entry);
    an_tensor_file_close(file);
    return values;
}

/* Each key leads to other weights with the same pictures. A batch in parts leads to the same
 * weights as the whole batch: its gradients are divided by the weight of the whole. */
static void test_keys_count(void **state)
{
    (void)state;
    static const char *const settings[][9] = {
        {"epochs", "2", "batch", "16", NULL},
        {"epochs", "2", "batch", "16", "sampling", "balanced", NULL},
        {"epochs", "2", "batch", "16", "class_weights", "balanced", NULL},
        {"epochs", "2", "batch", "16", "class_weights", "balanced", "accumulate", "4", NULL}};
    double *values[4];
    int64_t count;
    for (int s = 0; s < 4; s++) {
        char out[16];
        snprintf(out, sizeof out, "keys%d", s);
        values[s] = last_layer(out, settings[s], &count);
    }
    double moved[2] = {0};
    for (int64_t i = 0; i < count; i++) {
        moved[0] = fmax(moved[0], fabs(values[1][i] - values[0][i]));
        moved[1] = fmax(moved[1], fabs(values[2][i] - values[0][i]));
        assert_true(fabs(values[3][i] - values[2][i]) < 1e-12);
    }
    assert_true(moved[0] > 1e-6 && moved[1] > 1e-6);
    for (int s = 0; s < 4; s++)
        an_free(values[s]);
}

/* Archives that are read from front to back leave no choice of pictures. */
static void test_not_with_shards(void **state)
{
    (void)state;
    static const char *const settings[] = {"order", "shards", "sampling", "balanced", NULL};
    alexnet_trainer *t;
    expect_failure(rig_start(&t, ctx, "train", NULL, "run", settings),
                   ALEXNET_ERROR_INVALID_ARGUMENT,
                   "sampling = balanced takes pictures from anywhere");
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_weights),
        IN_SCRATCH(test_sampling),
        IN_SCRATCH(test_resume),
        IN_SCRATCH(test_keys_count),
        IN_SCRATCH(test_not_with_shards),
        IN_SCRATCH(test_weights_of_a_file),
        IN_SCRATCH(test_weights_of_0),
        IN_SCRATCH(test_resume_without_file),
        IN_SCRATCH(test_weights_are_listed),
    };
    return cmocka_run_group_tests_name("classes of unequal size", tests, NULL, NULL);
}
