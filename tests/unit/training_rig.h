/*
 * A small training run through the public API: pictures drawn into the scratch folder, a network
 * small enough for hundreds of runs, and what a run leaves behind. Includes cmocka.
 */
#ifndef TESTS_UNIT_TRAINING_RIG_H
#define TESTS_UNIT_TRAINING_RIG_H

#include "scratch.h"
#include "tensor_rig.h"

#include <png.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "alexnet/alexnet.h"
#include "base/files.h"
#include "base/random.h"
#include "train/run_state.h"

/** Crop, mirror, mean, LRN per tower, groups and dropout: all that a resume could get wrong. */
static const char rig_network[] =
    "[network]\nname = tiny\n[input]\nsize = 14\nside = 16\nmean = image\nscale = 0.02\n"
    "[c]\ntype = conv\ninputs = input\nfilters = 4\nfilterSize = 3\nstride = 2\nround = ceil\n"
    "initW = 0.2\nneuron = relu\n"
    "[n]\ntype = cmrnorm\ninputs = c\ngroups = 2\nsize = 3\nscale = 0.1\ndivide = no\npow = 0.75\n"
    "minDiv = 1\n"
    "[m]\ntype = pool\ninputs = n\nsizeX = 3\nstride = 2\nround = ceil\n"
    "[e]\ntype = conv\ninputs = m\ngroups = 2\nfilters = 3\nfilterSize = 3\npadding = 1\n"
    "initW = 0.2\nneuron = relu\n"
    "[g]\ntype = fc\ninputs = e\noutputs = 8\ninitW = 0.2\nneuron = relu\n"
    "[d]\ntype = dropout\ninputs = g\nkeep = 0.75\nkind = mask\n"
    "[f]\ntype = fc\ninputs = d\noutputs = classes\ninitW = 0.1\n"
    "[p]\ntype = softmax\ninputs = f\n";

/** A picture of class `label`: the colour of the class with noise that depends on `number`. */
static inline void rig_write_picture(const char *path, int label, int number)
{
    enum { W = 24, H = 20 };
    uint8_t pixels[W * H * 3];
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = W, .height = H, .format = PNG_FORMAT_RGB};
    for (size_t i = 0; i < sizeof pixels; i++) {
        uint32_t word =
            an_random((uint64_t)label, AN_PURPOSE_TEST, (uint64_t)number, i / 4, 0).v[i % 4];
        pixels[i] = (uint8_t)((i % 3 == (size_t)label % 3 ? 150 : 50) + word % 100);
    }
    assert_int_equal(png_image_write_to_file(&image, path, 0, pixels, 0, NULL), 1);
}

/** FOLDER/class0/000.png and so on. */
static inline void rig_write_pictures(const char *folder, int classes, int per_class)
{
    char path[256];
    for (int c = 0; c < classes; c++) {
        snprintf(path, sizeof path, "%s/class%d", folder, c);
        expect_ok(an_make_folder(path));
        for (int i = 0; i < per_class; i++) {
            snprintf(path, sizeof path, "%s/class%d/%03d.png", folder, c, i);
            rig_write_picture(path, c, i);
        }
    }
}

static inline void rig_write_network(const char *path)
{
    scratch_text(path, rig_network);
}

/** Write net.ini with `to` in place of the first `from` of rig_network. */
static inline void rig_change_network(const char *from, const char *to)
{
    char text[sizeof rig_network + 64];
    const char *at = strstr(rig_network, from);
    assert_non_null(at);
    int length = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - rig_network), rig_network, to,
                          at + strlen(from));
    scratch_write("net.ini", text, (size_t)length);
}

/** The lines that the log callback received; the latest lines about the device and about memory are
 *  kept apart from the others. */
static char rig_heard[65536], rig_device[256], rig_memory[256];

/** Called with each of them, if set. */
static void (*rig_on_line)(const char *line);

static inline void rig_listen(void *user, alexnet_log_level level, const char *line)
{
    size_t length = strlen(rig_heard);
    (void)user;
    if (rig_on_line)
        rig_on_line(line);
    if (level == ALEXNET_LOG_INFO && strncmp(line, "device ", 7) == 0)
        snprintf(rig_device, sizeof rig_device, "%s", line);
    else if (level == ALEXNET_LOG_INFO && strncmp(line, "memory of ", 10) == 0)
        snprintf(rig_memory, sizeof rig_memory, "%s", line);
    else
        snprintf(rig_heard + length, sizeof rig_heard - length, "%d %s\n", (int)level, line);
}

static inline int rig_times_heard(const char *part)
{
    int times = 0;
    for (const char *at = rig_heard; (at = strstr(at, part)); at++)
        times++;
    return times;
}

static const char *rig_tuning; /* a file, or NULL */

static inline alexnet_ctx *rig_new_ctx(const char *device, alexnet_precision precision, int threads)
{
    alexnet_ctx *ctx;
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    options.device = device;
    options.precision = precision;
    options.threads = threads;
    options.log = rig_listen;
    options.tuning = rig_tuning;
    options.deterministic = true;
    expect_ok(alexnet_ctx_new(&ctx, &options));
    return ctx;
}

static inline alexnet_ctx *rig_ref_ctx(void)
{
    return rig_new_ctx("ref", ALEXNET_PRECISION_AUTO, 1);
}

static inline alexnet_dataset *rig_open_data(alexnet_ctx *ctx, const char *folder)
{
    alexnet_dataset *data;
    expect_ok(alexnet_dataset_open(&data, ctx, folder, NULL));
    return data;
}

/** The default recipe without what makes training hard to follow (crops of one size, unchanged
 *  colours, plain momentum, no average), then with `settings`: "key", "value", ..., NULL. settings
 *  may be NULL. */
static inline alexnet_recipe *rig_recipe(const char *const *settings)
{
    static const char *const plain[][2] = {
        {"crop", "random"},  {"brightness", "0"}, {"contrast", "0"},
        {"saturation", "0"}, {"rule", "2012"},    {"average", "0"},
    };
    alexnet_recipe *recipe;
    expect_ok(alexnet_recipe_load(&recipe, "default"));
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        expect_ok(alexnet_recipe_set(recipe, plain[i][0], plain[i][1]));
    for (int i = 0; settings && settings[i]; i += 2)
        expect_ok(alexnet_recipe_set(recipe, settings[i], settings[i + 1]));
    return recipe;
}

/** The `split` of runs that are started. It is 1 by default: OpenMP's threads wait for each other
 *  in busy loops, which takes minutes on a loaded machine. */
static int rig_split = 1;

/** Start a run of net.ini in `out`.
 *  @param val       NULL: without validation
 *  @param settings  as for rig_recipe() */
static inline alexnet_status rig_start(alexnet_trainer **trainer, alexnet_ctx *ctx,
                                       const char *train, const char *val, const char *out,
                                       const char *const *settings)
{
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_dataset *train_data = rig_open_data(ctx, train);
    alexnet_dataset *val_data = val ? rig_open_data(ctx, val) : NULL;
    alexnet_recipe *recipe = rig_recipe(settings);
    options.net = "net.ini";
    options.recipe = recipe;
    options.out_dir = out;
    options.split = rig_split;
    alexnet_status rc = alexnet_trainer_new(trainer, ctx, train_data, val_data, &options);
    assert_int_equal(rc == ALEXNET_OK, *trainer != NULL);
    alexnet_recipe_free(recipe);
    alexnet_dataset_free(train_data);
    alexnet_dataset_free(val_data);
    return rc;
}

/** Leave the process no descriptor that is free. @param limit  out: what it was, to be set again */
static inline void rig_use_up_files(struct rlimit *limit)
{
    const int lowest = dup(STDOUT_FILENO);
    close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, limit), 0);
    const struct rlimit none = {(rlim_t)lowest, limit->rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

/** Train until the run is done or a step fails. @return the status of the last step */
static inline alexnet_status rig_finish(alexnet_trainer *trainer, alexnet_progress *last)
{
    bool more = true;
    alexnet_status rc = ALEXNET_OK;
    while (more && rc == ALEXNET_OK)
        rc = alexnet_trainer_step(trainer, last, &more);
    return rc;
}

/** Start and finish a run. @return the status of the last step; *last is its progress */
static inline alexnet_status rig_train_on(alexnet_ctx *ctx, const char *data, const char *val,
                                          const char *out, const char *const *settings,
                                          alexnet_progress *last)
{
    alexnet_trainer *trainer;
    expect_ok(rig_start(&trainer, ctx, data, val, out, settings));
    const alexnet_status rc = rig_finish(trainer, last);
    alexnet_trainer_free(trainer);
    return rc;
}

/** The same on ref. */
static inline alexnet_status rig_train(const char *data, const char *val, const char *out,
                                       const char *const *settings, alexnet_progress *last)
{
    alexnet_ctx *ctx = rig_ref_ctx();
    const alexnet_status rc = rig_train_on(ctx, data, val, out, settings, last);
    alexnet_ctx_free(ctx);
    return rc;
}

/** Resume a run and finish it. @return the status of the last step; *last is its progress */
static inline alexnet_status rig_go_on(alexnet_ctx *ctx, const char *run,
                                       const alexnet_resume_options *options,
                                       alexnet_progress *last)
{
    alexnet_trainer *trainer;
    alexnet_status rc = alexnet_trainer_resume(&trainer, ctx, run, options);
    if (rc == ALEXNET_OK)
        rc = rig_finish(trainer, last);
    alexnet_trainer_free(trainer);
    return rc;
}

/** cmocka set-up: the scratch folder with net.ini in it. */
static inline int rig_set_up(void **state)
{
    if (scratch_setup_in_memory(state) != 0)
        return -1;
    rig_heard[0] = '\0';
    rig_split = 1;
    rig_write_network("net.ini");
    return 0;
}

/** Bytes of a file, -1 if it is not there. */
static inline long rig_size_of(const char *path)
{
    size_t length;
    if (!an_is_file(path))
        return -1;
    free(scratch_read(path, &length));
    return (long)length;
}

/* ---- What a run leaves behind ---- */

/** Both files must hold the same tensors, bit for bit. */
static inline void rig_expect_same_tensors(const char *a, const char *b)
{
    an_tensor_file *x = rig_open_tensors(a), *y = rig_open_tensors(b);
    assert_int_equal(an_tensor_file_count(x), an_tensor_file_count(y));
    for (int i = 0; i < an_tensor_file_count(x); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(x, i);
        const an_tensor_entry *other = an_tensor_file_find(y, entry->name);
        assert_non_null(other);
        assert_int_equal(other->dtype, entry->dtype);
        assert_int_equal(other->bytes, entry->bytes);
        void *p = rig_tensor(x, entry), *q = rig_tensor(y, other);
        if (memcmp(p, q, entry->bytes) != 0)
            fail_msg("%s differs between %s and %s", entry->name, a, b);
        an_free(p);
        an_free(q);
    }
    an_tensor_file_close(x);
    an_tensor_file_close(y);
}

/** The log without what depends on the clock; freed with free(). */
static inline char *rig_log_without_speed(const char *path)
{
    static const char *const keys[] = {"\"images_per_second\":", "\"waiting\":"};
    size_t length;
    char *text = (char *)scratch_read(path, &length);
    for (int i = 0; i < 2; i++)
        for (char *at = text; (at = strstr(at, keys[i]));) {
            size_t n = strcspn(at, ",}");
            memmove(at, at + n, strlen(at + n) + 1);
        }
    return text;
}

/** Replace a path by an empty one, so that runs whose data is in different folders can be
 *  compared. */
static inline void rig_forget_path(char **path)
{
    an_free(*path);
    *path = *path ? an_strdup("") : NULL;
}

/** Two runs must have left the same files, bit for bit, apart from data paths and speeds. */
static inline void rig_expect_same_run(const char *a, const char *b)
{
    char x[64], y[64];
    snprintf(x, sizeof x, "%s/last.safetensors", a);
    snprintf(y, sizeof y, "%s/last.safetensors", b);
    rig_expect_same_tensors(x, y);
    an_tensor_file *p = rig_open_tensors(x), *q = rig_open_tensors(y);
    an_run_state r, s;
    expect_ok(an_run_state_from_text(&r, an_tensor_file_metadata(p, "alexnet.run"), x));
    expect_ok(an_run_state_from_text(&s, an_tensor_file_metadata(q, "alexnet.run"), y));
    rig_forget_path(&r.train.root);
    rig_forget_path(&s.train.root);
    rig_forget_path(&r.val.root);
    rig_forget_path(&s.val.root);
    char *text = an_run_state_to_text(&r), *other = an_run_state_to_text(&s);
    assert_string_equal(text, other);
    an_free(text);
    an_free(other);
    an_run_state_free(&r);
    an_run_state_free(&s);
    an_tensor_file_close(p);
    an_tensor_file_close(q);
    snprintf(x, sizeof x, "%s/best.safetensors", a);
    snprintf(y, sizeof y, "%s/best.safetensors", b);
    rig_expect_same_tensors(x, y);
    snprintf(x, sizeof x, "%s/log.jsonl", a);
    snprintf(y, sizeof y, "%s/log.jsonl", b);
    text = rig_log_without_speed(x);
    other = rig_log_without_speed(y);
    assert_string_equal(text, other);
    assert_true(strlen(text) > 400);
    free(text);
    free(other);
}

#endif
