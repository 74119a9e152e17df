/*
 * Resuming after damage: damaged and foreign checkpoints, changed data. Each gives a clear error
 * that names the file, and nothing is overwritten.
 */
#include "training_rig.h"

#include <errno.h>
#include <jansson.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const settings[] = {"batch", "8", "epochs", "3", "warmup", "0", NULL};

#define LAST "run/last.safetensors"

/* A run of 24 pictures in two classes, stopped in its second epoch. */
static int set_up(void **state)
{
    alexnet_trainer *trainer;
    alexnet_progress progress;
    bool more;
    if (scratch_setup(state) != 0)
        return -1;
    rig_write_network("net.ini");
    rig_write_pictures("train", 2, 12);
    rig_write_pictures("val", 2, 3);
    alexnet_ctx *ctx = rig_ref_ctx();
    expect_ok(rig_start(&trainer, ctx, "train", "val", "run", settings));
    do
        expect_ok(alexnet_trainer_step(trainer, &progress, &more));
    while (progress.step < 4);
    expect_ok(alexnet_trainer_save(trainer));
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    return 0;
}

static alexnet_status resume(const char *run)
{
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    size_t before = 0, after = 0;
    char path[64];
    snprintf(path, sizeof path, "%s/log.jsonl", run);
    if (an_is_file(path))
        free(scratch_read(path, &before));
    alexnet_status rc = alexnet_trainer_resume(&trainer, ctx, run, NULL);
    assert_int_equal(rc == ALEXNET_OK, trainer != NULL);
    if (an_is_file(path))
        free(scratch_read(path, &after));
    if (rc != ALEXNET_OK)
        assert_int_equal(after, before); /* the log is not cut for a run that does not continue */
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    return rc;
}

static void expect_no_resume(alexnet_status status, const char *part)
{
    expect_failure(resume("run"), status, part);
}

/* ---- The checkpoint ---- */

static const char *const keys[] = {"alexnet.format",    "alexnet.network", "alexnet.classes",
                                   "alexnet.names",     "alexnet.run",     "alexnet.recipe",
                                   "alexnet.provenance"};

/* Write the checkpoint again with one value of its metadata replaced (NULL: left out), and without
 * one tensor (NULL: with all). */
static void rewrite(const char *key, const char *value, const char *without)
{
    an_tensor_file *file = rig_open_tensors(LAST);
    an_tensor_writer *writer;
    int count = an_tensor_file_count(file);
    expect_ok(an_tensor_writer_new(&writer, "new.safetensors"));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        bool replaced = key && strcmp(key, keys[i]) == 0;
        const char *text = replaced ? value : an_tensor_file_metadata(file, keys[i]);
        if (text)
            expect_ok(an_tensor_writer_metadata(writer, keys[i], text));
    }
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < count; i++) {
            const an_tensor_entry *entry = an_tensor_file_entry(file, i);
            if (without && strcmp(entry->name, without) == 0)
                continue;
            if (pass == 0) {
                expect_ok(
                    an_tensor_writer_declare(writer, entry->name, entry->dtype, entry->shape));
                continue;
            }
            void *data = rig_tensor(file, entry);
            expect_ok(an_tensor_writer_data(writer, data, entry->bytes));
            an_free(data);
        }
    expect_ok(an_tensor_writer_commit(writer));
    an_tensor_file_close(file);
    assert_int_equal(rename("new.safetensors", LAST), 0);
}

/* A value of the checkpoint's metadata with the first `from` replaced by `to`; freed by
 * an_free(). */
static char *edited(const char *key, const char *from, const char *to)
{
    an_tensor_file *file = rig_open_tensors(LAST);
    char *text = an_strdup(an_tensor_file_metadata(file, key)), *at = strstr(text, from);
    if (!at)
        fail_msg("%s has no %s", text, from);
    *at = '\0';
    char *changed = an_format("%s%s%s", text, to, at + strlen(from));
    an_free(text);
    an_tensor_file_close(file);
    return changed;
}

static void edit(const char *key, const char *from, const char *to)
{
    char *changed = edited(key, from, to);
    rewrite(key, changed, NULL);
    an_free(changed);
}

static void test_the_good_one(void **state)
{
    (void)state;
    expect_ok(resume("run"));
    rewrite(NULL, NULL, NULL); /* what the tests below do, with nothing changed */
    expect_ok(resume("run"));
}

static void test_no_checkpoint(void **state)
{
    (void)state;
    expect_failure(resume("nowhere"), ALEXNET_ERROR_IO, "nowhere: no such folder");
    expect_failure(resume(LAST), ALEXNET_ERROR_IO, LAST " is a file, not a run folder");
    expect_ok(an_make_folder("empty"));
    expect_failure(resume("empty"), ALEXNET_ERROR_IO, "empty: it has no checkpoint");
    assert_int_equal(rename("run/best.safetensors", LAST), 0);
    expect_no_resume(ALEXNET_ERROR_FORMAT,
                     LAST " is a model, not a checkpoint: it lacks alexnet.run");
    assert_null(strstr(an_error_text(), "init_from")); /* there is no best model */
}

#define WITH_BEST ". To begin a new run with its best model, use `init_from` run"

static void test_the_best_model_is_left(void **state)
{
    (void)state;
    size_t length;
    unsigned char *whole = scratch_read(LAST, &length);
    scratch_write(LAST, whole, length / 2);
    expect_no_resume(ALEXNET_ERROR_FORMAT, WITH_BEST);
    assert_int_equal(remove(LAST), 0);
    expect_no_resume(ALEXNET_ERROR_IO, "run: it has no checkpoint (last.safetensors)" WITH_BEST);
    free(whole);
}

static void test_cut_and_scrambled(void **state)
{
    (void)state;
    size_t length;
    unsigned char *whole = scratch_read(LAST, &length);
    for (size_t cut = 0; cut < length; cut += 1 + length / 40) {
        scratch_write(LAST, whole, cut);
        expect_no_resume(ALEXNET_ERROR_FORMAT, LAST);
    }
    for (size_t at = 0; at < 4000; at += 13) { /* in the header: never a crash */
        unsigned char kept = whole[at];
        whole[at] ^= 0x55;
        scratch_write(LAST, whole, length);
        resume("run");
        whole[at] = kept;
    }
    scratch_write(LAST, whole, length);
    expect_ok(resume("run"));
    free(whole);
}

static void copy(const char *from, const char *to)
{
    size_t length;
    unsigned char *whole = scratch_read(from, &length);
    scratch_write(to, whole, length);
    free(whole);
}

#define OF_EPOCH                                                                                   \
    ". To continue from a checkpoint that was kept, copy run/epoch-10.safetensors to " LAST

/* Where a run has kept checkpoints of epochs, the error says how to continue from the newest. */
static void test_checkpoints_of_epochs(void **state)
{
    (void)state;
    size_t length;
    unsigned char *whole = scratch_read(LAST, &length);
    copy(LAST, "run/epoch-9.safetensors");
    copy(LAST, "run/epoch-10.safetensors");
    copy(LAST, "run/epoch-11.safetensors.tmp");
    copy(LAST, "run/epoch-x.safetensors");
    scratch_write(LAST, whole, 0);
    expect_no_resume(ALEXNET_ERROR_FORMAT, LAST " is an empty file; get it again from where it "
                                                "came from" OF_EPOCH);
    scratch_write(LAST, whole, length - 1);
    expect_no_resume(ALEXNET_ERROR_FORMAT, OF_EPOCH);
    whole[length - 1] ^= 1;
    scratch_write(LAST, whole, length);
    expect_no_resume(ALEXNET_ERROR_FORMAT, OF_EPOCH);
    assert_non_null(strstr(an_error_text(), LAST " is damaged: tensor "));
    assert_int_equal(remove(LAST), 0);
    expect_no_resume(ALEXNET_ERROR_IO, "run: it has no checkpoint (last.safetensors)" OF_EPOCH);
    copy("run/epoch-10.safetensors", LAST);
    expect_ok(resume("run"));
    assert_int_equal(rename("train", "elsewhere"), 0); /* which no other checkpoint mends */
    expect_no_resume(ALEXNET_ERROR_IO, "/train");
    assert_null(strstr(an_error_text(), "epoch-10"));
    free(whole);
}

static void test_missing_tensors(void **state)
{
    (void)state;
    rewrite(NULL, NULL, "momentum.e.weight");
    expect_no_resume(ALEXNET_ERROR_FORMAT, "momentum.e.weight");
    assert_non_null(strstr(an_error_text(), LAST));
}

static void test_missing_weights(void **state)
{
    (void)state;
    rewrite(NULL, NULL, "input.mean");
    expect_no_resume(ALEXNET_ERROR_FORMAT, "input.mean");
    assert_non_null(strstr(an_error_text(), LAST));
}

static void test_missing_metadata(void **state)
{
    (void)state;
    rewrite("alexnet.recipe", NULL, NULL);
    expect_no_resume(ALEXNET_ERROR_FORMAT, "it lacks alexnet.recipe");
}

/* Missing values are not replaced by defaults. */
static void test_a_recipe_without_values(void **state)
{
    (void)state;
    rewrite("alexnet.recipe", "[recipe]\n", NULL);
    expect_no_resume(ALEXNET_ERROR_FORMAT, LAST);
    rewrite("alexnet.recipe", "", NULL);
    expect_no_resume(ALEXNET_ERROR_FORMAT, LAST ": the recipe of the run lacks batch");
    rewrite("alexnet.recipe", "[recipe]\nbatch = 8\n", NULL);
    expect_no_resume(ALEXNET_ERROR_FORMAT, LAST ": the recipe of the run lacks epochs");
}

static void test_damaged_metadata(void **state)
{
    (void)state;
    size_t length;
    unsigned char *whole = scratch_read(LAST, &length);
    const struct {
        const char *key, *from, *to, *expected;
    } cases[] = {
        {"alexnet.run", "{", "", LAST ": its record of progress is not a JSON object"},
        {"alexnet.run", "\"step\":4", "\"stop\":4", LAST ": its record of progress lacks step"},
        {"alexnet.run", "\"step\":4", "\"step\":9", LAST ": its record of progress is damaged"},
        {"alexnet.run", "\"step\":4", "\"step\":4000000", "is damaged: update 4000000 of 9"},
        {"alexnet.run", "\"step\":4", "\"step\":4,\"mean_done\":8", "progress is damaged"},
        {"alexnet.run", "\"phase\":1", "\"phase\":0", LAST ": its record of progress is damaged"},
        {"alexnet.run", "\"phase\":1", "\"phase\":2", LAST ": its record of progress is damaged"},
        {"alexnet.run", "\"phase\":1", "\"phase\":3", LAST ": its record of progress is damaged"},
        {"alexnet.run", "\"phase\":1,\"step\":4", "\"phase\":3,\"step\":12", "update 12 of 9"},
        {"alexnet.run", "\"step\":4", "\"step\":4,\"drops\":2,\"dropped_after\":1", "is damaged"},
        {"alexnet.run", "\"count\":", "\"count\":-", LAST ": its record of progress has values"},
        {"alexnet.run", "\"best_epoch\":1", "\"best_epoch\":2", "record of progress is damaged"},
        {"alexnet.run", "\"split\":1", "\"split\":0", "has values out of range"},
        {"alexnet.recipe", "batch = 8", "batch = 0", LAST ":2: [recipe] batch = 0: expected"},
        {"alexnet.recipe", "batch = 8", "batsch = 8", LAST ":2: [recipe] batsch is not a key"},
        {"alexnet.recipe", "[recipe]", "[recipe", LAST ":1: "},
        {"alexnet.network", "filters = 4", "filters = 400", "c.weight"},
        {"alexnet.network", "[n]", "[c]", "alexnet.network"},
        {"alexnet.classes", "class1", "class7", "class1"},
        {"alexnet.format", "1", "9", "format version 9"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        edit(cases[i].key, cases[i].from, cases[i].to);
        alexnet_status rc = resume("run");
        expect_failure(rc, rc == ALEXNET_ERROR_UNSUPPORTED ? rc : ALEXNET_ERROR_FORMAT,
                       cases[i].expected);
        scratch_write(LAST, whole, length);
    }
    free(whole);
}

/* No validation, and no end, comes before the first update. */
static void test_an_end_before_the_beginning(void **state)
{
    (void)state;
    edit("alexnet.run", "\"best_epoch\":1", "\"best_epoch\":0");
    for (char phase = '2'; phase <= '3'; phase++) {
        char to[] = "\"phase\":2,\"step\":0";
        to[8] = phase;
        edit("alexnet.run", "\"phase\":1,\"step\":4", to);
        expect_no_resume(ALEXNET_ERROR_FORMAT, "is damaged: update 0 of 9");
        edit("alexnet.run", to, "\"phase\":1,\"step\":4");
    }
    expect_ok(resume("run"));
}

/* ---- Bits that have flipped ---- */

/* Flip the lowest bit of the first value of a tensor, which stays a finite number. */
static void flip(const char *path, const char *tensor)
{
    size_t length;
    an_tensor_file *file = rig_open_tensors(path);
    const uint64_t at = an_tensor_file_find(file, tensor)->offset;
    an_tensor_file_close(file);
    unsigned char *whole = scratch_read(path, &length);
    whole[at] ^= 1;
    scratch_write(path, whole, length);
    free(whole);
}

/* Every tensor of a checkpoint is checked before the run continues. */
static void test_flipped_bits(void **state)
{
    (void)state;
    size_t length;
    unsigned char *whole = scratch_read(LAST, &length);
    an_tensor_file *file = rig_open_tensors(LAST);
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        char expected[128];
        const char *name = an_tensor_file_entry(file, i)->name;
        snprintf(expected, sizeof expected, LAST " is damaged: tensor %s: checksum ", name);
        flip(LAST, name);
        expect_no_resume(ALEXNET_ERROR_FORMAT, expected);
        scratch_write(LAST, whole, length);
    }
    an_tensor_file_close(file);
    flip(LAST, "c.weight");
    rewrite(NULL, NULL, NULL); /* without checksums, as early versions wrote it */
    expect_ok(resume("run"));
    free(whole);
}

/* Replace the first `from` in a file by `to`, which is as long. */
static void change(const char *path, const char *from, const char *to)
{
    size_t length;
    unsigned char *whole = scratch_read(path, &length);
    char *at = memmem(whole, length, from, strlen(from));
    assert_non_null(at);
    memcpy(at, to, strlen(to));
    scratch_write(path, whole, length);
    free(whole);
}

/* A run does not continue with another recipe, another place or other classes than it had. */
static void test_changed_metadata(void **state)
{
    (void)state;
    size_t length;
    unsigned char *whole = scratch_read(LAST, &length);
    static const char *const changes[][2] = {{"momentum = 0.9", "momentum = 0.1"},
                                             {"batch = 8", "batch = 9"},
                                             {"\\\"step\\\":4", "\\\"step\\\":5"},
                                             {"class1", "class7"},
                                             {"alexnet.recipe", "alexnet.recipf"}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        change(LAST, changes[i][0], changes[i][1]);
        expect_no_resume(ALEXNET_ERROR_FORMAT, LAST " is damaged: its metadata: checksum ");
        scratch_write(LAST, whole, length);
    }
    change(LAST, "momentum = 0.9", "momentum = 0.1");
    rewrite(NULL, NULL, NULL);
    expect_ok(resume("run"));
    free(whole);
}

#define BEST "run/best.safetensors"

static void expect_warnings(int times)
{
    assert_int_equal(rig_times_heard(BEST " is not as it was written: tensor "), times);
    rig_heard[0] = '\0';
}

/* A model that was changed can be used, with a warning; it also is what a run begins from, and the
 * file of a mean. */
static void test_a_changed_model(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_load_options with = ALEXNET_LOAD_OPTIONS_INIT;
    alexnet_dataset *data = rig_open_data(ctx, "train");
    alexnet_model *model;
    alexnet_trainer *trainer;
    expect_ok(alexnet_model_load(&model, ctx, "run"));
    alexnet_model_free(model);
    expect_warnings(0);
    change(BEST, "class1", "class7");
    expect_ok(alexnet_model_load(&model, ctx, "run"));
    alexnet_model_free(model);
    assert_int_equal(rig_times_heard(BEST " is not as it was written: its metadata: "), 1);
    change(BEST, "class7", "class1");
    flip(BEST, "input.mean");
    expect_ok(alexnet_model_load(&model, ctx, "run"));
    alexnet_model_free(model);
    expect_warnings(1);
    options.init_from = "run";
    options.out_dir = "second";
    expect_ok(alexnet_trainer_new(&trainer, ctx, data, NULL, &options));
    alexnet_trainer_free(trainer);
    expect_warnings(1);
    with.mean = BEST;
    expect_ok(alexnet_model_load_with(&model, ctx, LAST, &with));
    alexnet_model_free(model);
    expect_warnings(1);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
}

/* ---- The data ---- */

static void expect_changed(const char *which)
{
    char part[80];
    snprintf(part, sizeof part, "/%s have changed since the run began: ", which);
    expect_no_resume(ALEXNET_ERROR_BAD_DATA, part);
}

/* A record that says that the mean is still to be computed, for a network that subtracts none. */
static void test_a_mean_to_come(void **state)
{
    (void)state;
    alexnet_trainer *trainer;
    alexnet_progress progress;
    alexnet_ctx *ctx = rig_ref_ctx();
    scratch_remove("run");
    rig_change_network("mean = image", "mean = none");
    expect_ok(rig_start(&trainer, ctx, "train", "val", "run", settings));
    expect_ok(alexnet_trainer_save(trainer));
    alexnet_trainer_free(trainer);
    edit("alexnet.run", "\"phase\":1", "\"phase\":0");
    char *text = edited("alexnet.run", "\"has_mean\":1", "\"has_mean\":0");
    rewrite("alexnet.run", text, NULL);
    an_free(text);
    expect_ok(rig_go_on(ctx, "run", NULL, &progress));
    alexnet_ctx_free(ctx);
}

/* A run that was saved while its mean was computed, after two batches of three; the first holds a
 * picture that cannot be read. */
static void save_in_the_mean(alexnet_ctx *ctx)
{
    alexnet_trainer *trainer;
    alexnet_progress progress;
    bool more;
    scratch_remove("run");
    scratch_text("train/class0/003.png", "no picture");
    expect_ok(rig_start(&trainer, ctx, "train", "val", "run", settings));
    for (int i = 0; i < 2; i++)
        expect_ok(alexnet_trainer_step(trainer, &progress, &more));
    expect_ok(alexnet_trainer_save(trainer));
    alexnet_trainer_free(trainer);
}

static void test_half_a_mean(void **state)
{
    static const char *const places[] = {"24", "32", "13", "-8", "4611686018427387904"};
    char to[64];
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    save_in_the_mean(ctx);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(to, sizeof to, "\"mean_done\":%s,", places[i]);
        edit("alexnet.run", "\"mean_done\":16,", to);
        expect_no_resume(ALEXNET_ERROR_FORMAT, LAST ": its record of progress");
        edit("alexnet.run", to, "\"mean_done\":16,");
    }
    edit("alexnet.run", "\"epoch\":{\"images\":0,\"skipped\":1,",
         "\"epoch\":{\"images\":0,\"skipped\":17,");
    expect_no_resume(ALEXNET_ERROR_FORMAT, "the mean of 16 of 24 pictures in batches of 8, 17 of");
    save_in_the_mean(ctx);
    rewrite(NULL, NULL, "mean.products");
    expect_no_resume(ALEXNET_ERROR_FORMAT, "mean.products");
    save_in_the_mean(ctx);
    rewrite(NULL, NULL, "mean.sums");
    expect_no_resume(ALEXNET_ERROR_FORMAT, "mean.sums");
    alexnet_ctx_free(ctx);
}

/* Checkpoints of earlier versions hold no sums: the pass begins again, and so does its count. */
static void test_a_mean_without_sums(void **state)
{
    (void)state;
    alexnet_trainer *trainer;
    alexnet_progress progress;
    bool more;
    alexnet_ctx *ctx = rig_ref_ctx();
    save_in_the_mean(ctx);
    edit("alexnet.run", "\"mean_done\":16,", "");
    rewrite(NULL, NULL, "mean.sums");
    rewrite(NULL, NULL, "mean.products");
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    expect_ok(alexnet_trainer_step(trainer, &progress, &more));
    assert_int_equal(progress.done, 8);
    assert_int_equal(progress.skipped, 1);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

/* Early records do not say how many pictures the best validation had; it still counts as the best.
 */
static void test_best_without_pictures(void **state)
{
    (void)state;
    alexnet_progress progress;
    alexnet_ctx *ctx = rig_ref_ctx();
    size_t before, after;
    an_tensor_file *file = rig_open_tensors(LAST);
    json_t *run = json_loads(an_tensor_file_metadata(file, "alexnet.run"), 0, NULL);
    an_tensor_file_close(file);
    assert_int_equal(json_integer_value(json_object_get(run, "best_epoch")), 1);
    json_object_del(run, "best_images");
    json_object_set_new(run, "best_error", json_real(0));
    json_object_set_new(run, "best_loss", json_real(0));
    char *text = json_dumps(run, JSON_COMPACT);
    rewrite("alexnet.run", text, NULL);
    free(text);
    json_decref(run);
    unsigned char *best = scratch_read("run/best.safetensors", &before);
    expect_ok(rig_go_on(ctx, "run", NULL, &progress));
    alexnet_ctx_free(ctx);
    unsigned char *now = scratch_read("run/best.safetensors", &after);
    assert_int_equal(before, after);
    assert_memory_equal(best, now, before);
    free(best);
    free(now);
}

static void test_a_picture_more(void **state)
{
    (void)state;
    rig_write_picture("train/class0/new.png", 0, 99);
    expect_changed("train");
    assert_non_null(strstr(an_error_text(), "24 then, 25 now"));
    assert_int_equal(remove("train/class0/new.png"), 0);
    expect_ok(resume("run"));
    rig_write_picture("val/class1/new.png", 0, 99);
    expect_changed("val");
}

static void test_a_picture_less(void **state)
{
    (void)state;
    assert_int_equal(remove("train/class1/003.png"), 0);
    expect_changed("train");
}

static void test_another_name(void **state)
{
    (void)state;
    assert_int_equal(rename("train/class1/003.png", "train/class1/3.png"), 0);
    expect_changed("train");
}

static void test_another_size(void **state)
{
    (void)state;
    FILE *file = fopen("val/class0/001.png", "ab");
    assert_non_null(file);
    fputc(0, file);
    fclose(file);
    expect_changed("val");
}

static void test_another_label(void **state)
{
    (void)state;
    assert_int_equal(rename("train/class1/003.png", "train/class0/999.png"), 0);
    expect_changed("train");
}

static void test_no_data(void **state)
{
    (void)state;
    assert_int_equal(rename("train", "elsewhere"), 0);
    expect_no_resume(ALEXNET_ERROR_IO, "/train");
}

static void test_a_new_class(void **state)
{
    (void)state;
    expect_ok(an_make_folder("train/class9"));
    rig_write_picture("train/class9/000.png", 0, 1);
    expect_no_resume(ALEXNET_ERROR_FORMAT, "class9");
}

/* ---- Two at once ---- */

/* A run belongs to one trainer at a time. */
static void test_a_run_in_use(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    expect_no_resume(ALEXNET_ERROR_INVALID_ARGUMENT, "run is already being trained");
    alexnet_trainer_free(trainer);
    expect_ok(resume("run"));
    alexnet_ctx_free(ctx);
}

static bool lockless;

/* Takes the place of the system's. */
int flock(int file, int operation)
{
    if (lockless) {
        errno = ENOLCK;
        return -1;
    }
    return (int)syscall(SYS_flock, file, operation);
}

/* Where files cannot be locked, runs are trained with a warning. */
static void test_no_locks(void **state)
{
    (void)state;
    alexnet_trainer *trainer;
    alexnet_ctx *ctx = rig_ref_ctx();
    for (int i = 0; i < 2; i++) {
        lockless = i;
        rig_heard[0] = '\0';
        expect_ok(rig_start(&trainer, ctx, "train", "val", i ? "other" : "one", settings));
        alexnet_trainer_free(trainer);
        expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
        alexnet_trainer_free(trainer);
        lockless = false;
        assert_int_equal(rig_times_heard("has no locks: make sure that no other process"), 2 * i);
    }
    alexnet_ctx_free(ctx);
}

/* ---- The log ---- */

/* A log that was lost does not stop a run. */
static void test_a_lost_log(void **state)
{
    (void)state;
    alexnet_progress progress;
    alexnet_ctx *ctx = rig_ref_ctx();
    assert_int_equal(remove("run/log.jsonl"), 0);
    expect_ok(rig_go_on(ctx, "run", NULL, &progress));
    alexnet_ctx_free(ctx);
    size_t length;
    char *log = (char *)scratch_read("run/log.jsonl", &length);
    assert_int_equal(strncmp(log, "{\"epoch\":2,", 11), 0);
    free(log);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, set_up, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_the_good_one),
        IN_SCRATCH(test_no_checkpoint),
        IN_SCRATCH(test_the_best_model_is_left),
        IN_SCRATCH(test_cut_and_scrambled),
        IN_SCRATCH(test_checkpoints_of_epochs),
        IN_SCRATCH(test_missing_tensors),
        IN_SCRATCH(test_missing_weights),
        IN_SCRATCH(test_a_recipe_without_values),
        IN_SCRATCH(test_missing_metadata),
        IN_SCRATCH(test_damaged_metadata),
        IN_SCRATCH(test_an_end_before_the_beginning),
        IN_SCRATCH(test_flipped_bits),
        IN_SCRATCH(test_changed_metadata),
        IN_SCRATCH(test_a_changed_model),
        IN_SCRATCH(test_a_picture_more),
        IN_SCRATCH(test_a_picture_less),
        IN_SCRATCH(test_another_name),
        IN_SCRATCH(test_another_size),
        IN_SCRATCH(test_another_label),
        IN_SCRATCH(test_no_data),
        IN_SCRATCH(test_a_new_class),
        IN_SCRATCH(test_a_run_in_use),
        IN_SCRATCH(test_a_lost_log),
        IN_SCRATCH(test_a_mean_to_come),
        IN_SCRATCH(test_no_locks),
        IN_SCRATCH(test_half_a_mean),
        IN_SCRATCH(test_a_mean_without_sums),
        IN_SCRATCH(test_best_without_pictures),
    };
    return cmocka_run_group_tests_name("damaged runs", tests, NULL, NULL);
}
