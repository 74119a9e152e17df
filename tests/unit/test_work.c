/*
 * Long work before the first step: what the context is told of it, and that it ends at whichever
 * call of the callback cancels the context, with nothing left behind. That the files' stamps, which
 * several threads read, are those that one thread reads.
 */
#include "index_rig.h"

#include "stamps.h"
#include "tar_rig.h"

#include "base/walk.h"

enum { CLASSES = 2, PICTURES = 3 };

/* What the callback saw. */
typedef struct watch {
    alexnet_ctx *ctx;
    int64_t calls, cancel_at; /* 0: never */
    int late;                 /* calls after the one that cancelled, but for the end of that work */
    int open;                 /* works that have begun and not ended */
    int64_t done;             /* of the work that is open */
    int back;                 /* calls in which less was done than before */
    char told[4096];          /* "found 6; checked 6/6; " */
} watch;

static void see(void *user, const alexnet_work *work)
{
    watch *w = user;
    const size_t length = strlen(w->told);
    w->calls++;
    w->late += w->cancel_at && w->calls > w->cancel_at && !(work->over && w->open);
    if (w->calls == w->cancel_at)
        alexnet_ctx_cancel(w->ctx);
    w->back += w->open && work->done < w->done;
    w->done = work->done;
    w->open = !work->over;
    if (work->over && work->total)
        snprintf(w->told + length, sizeof w->told - length, "%s %d/%d %s; ", work->verb,
                 (int)work->done, (int)work->total, work->unit);
    else if (work->over)
        snprintf(w->told + length, sizeof w->told - length, "%s %d %s; ", work->verb,
                 (int)work->done, work->unit);
}

static void begin_watch(watch *w, int64_t cancel_at, int threads)
{
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    *w = (watch){.cancel_at = cancel_at};
    options.device = "cpu";
    options.threads = threads;
    options.work = see;
    options.work_user = w;
    expect_ok(alexnet_ctx_new(&w->ctx, &options));
}

/* Do something, cancelled at the first call, the second, ..., until it is complete before that.
 * @param check  called after each; or NULL. @return what was told the last time; borrowed */
static const char *cancel_everywhere(alexnet_status (*act)(alexnet_ctx *ctx),
                                     void (*check)(alexnet_status status))
{
    static watch w;
    alexnet_status status = ALEXNET_ERROR_CANCELLED;
    for (int64_t n = 1; status != ALEXNET_OK; n++) {
        const int64_t live = an_alloc_live();
        begin_watch(&w, n, 2);
        status = act(w.ctx);
        if (status == ALEXNET_OK)
            assert_true(n >= w.calls); /* the last is the end of the work */
        else
            expect_failure(status, ALEXNET_ERROR_CANCELLED, "cancelled");
        assert_int_equal(w.late, 0);
        assert_int_equal(w.open, 0);
        assert_int_equal(w.back, 0);
        alexnet_ctx_free(w.ctx);
        assert_int_equal(an_alloc_live(), live);
        if (check)
            check(status);
    }
    return w.told;
}

static void expect_told(const char *told, const char *part)
{
    if (!strstr(told, part))
        fail_msg("\"%s\" lacks \"%s\"", told, part);
}

/* ---- Data sets ---- */

static alexnet_status open_with(alexnet_ctx *ctx, const char *path, bool examined)
{
    alexnet_dataset_options options = ALEXNET_DATASET_OPTIONS_INIT;
    alexnet_dataset *data;
    options.examined = examined;
    const alexnet_status status = alexnet_dataset_open(&data, ctx, path, &options);
    assert_int_equal(status == ALEXNET_OK, data != NULL);
    alexnet_dataset_free(data);
    return status;
}

static alexnet_status open_classes(alexnet_ctx *ctx)
{
    return open_with(ctx, "data", false);
}

static alexnet_status examine(alexnet_ctx *ctx)
{
    return open_with(ctx, "data", true);
}

static alexnet_status find_layout(alexnet_ctx *ctx)
{
    alexnet_dataset_kind kind;
    return alexnet_dataset_layout_on(ctx, "data", &kind);
}

static alexnet_status open_archives(alexnet_ctx *ctx)
{
    remove("archives/a.tar.alexnet-index");
    remove("archives/b.tar.alexnet-index");
    return open_with(ctx, "archives", false);
}

static alexnet_status find_parts(alexnet_ctx *ctx)
{
    alexnet_dataset_kind kind;
    remove("parts.tar.alexnet-index");
    const alexnet_status status = alexnet_dataset_layout_on(ctx, "parts.tar", &kind);
    assert_true(status != ALEXNET_OK || kind == ALEXNET_DATASET_TRAIN_VAL);
    return status;
}

static alexnet_status open_files(alexnet_ctx *ctx)
{
    static const char *const paths[] = {"data/class0", "data/class1/000.png", "data"};
    alexnet_dataset *data;
    const alexnet_status status = alexnet_dataset_open_files(&data, ctx, paths, 3);
    assert_int_equal(status == ALEXNET_OK, data != NULL);
    alexnet_dataset_free(data);
    return status;
}

static void test_data_sets(void **state)
{
    (void)state;
    rig_write_pictures("data", CLASSES, PICTURES);
    rig_write_pictures("data/.hidden", 1, 1);
    assert_int_equal(symlink("../class0/001.png", "data/class1/link.png"), 0);
    assert_int_equal(symlink("..", "data/class1/up"), 0);
    expect_told(cancel_everywhere(open_classes, NULL), "found 7 files; ");
    expect_told(cancel_everywhere(examine, NULL), "found 8 files; ");
    expect_told(cancel_everywhere(open_files, NULL), "found 7 files; ");
    assert_string_equal(cancel_everywhere(find_layout, NULL),
                        "found 0 files; found 0 files; found 0 files; ");
}

/* ---- Lists ---- */

static alexnet_status open_list(alexnet_ctx *ctx)
{
    return open_with(ctx, "list.txt", false);
}

static alexnet_status open_table(alexnet_ctx *ctx)
{
    return open_with(ctx, "table.csv", false);
}

static alexnet_status open_pictures_of_list(alexnet_ctx *ctx)
{
    static const char *const path = "list.txt";
    alexnet_dataset *data;
    const alexnet_status status = alexnet_dataset_open_files(&data, ctx, &path, 1);
    assert_int_equal(status == ALEXNET_OK, data != NULL);
    alexnet_dataset_free(data);
    return status;
}

/* A megabyte and a half of lines that are long by their empty folders, "list//////5.png". */
static void write_list(const char *path, const char *titles, const char *separator)
{
    enum { LINES = 100, LENGTH = 15000 };
    static char slashes[LENGTH];
    memset(slashes, '/', sizeof slashes - 1);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(titles, file);
    for (int i = 0; i < LINES; i++)
        fprintf(file, "list%s%02d.png%s%s\n", slashes, i * 7 % LINES, separator,
                i % 2 ? "cat" : "dog");
    fclose(file);
}

/* Every line counts, and each pass over them can be cancelled. */
static void test_lists(void **state)
{
    (void)state;
    write_list("list.txt", "", " ");
    write_list("table.csv", "path,label\n", ",");
    static const char told[] = "read 1/1 MB; listed 100 pictures; ";
    assert_string_equal(cancel_everywhere(open_list, NULL), told);
    assert_string_equal(cancel_everywhere(open_table, NULL), told);
    assert_string_equal(cancel_everywhere(open_pictures_of_list, NULL), told);
}

static alexnet_status open_flat(alexnet_ctx *ctx)
{
    static const char *const path = "flat";
    alexnet_dataset *data;
    const alexnet_status status = alexnet_dataset_open_files(&data, ctx, &path, 1);
    alexnet_dataset_free(data);
    return status;
}

static alexnet_status find_layout_of_flat(alexnet_ctx *ctx)
{
    alexnet_dataset_kind kind;
    return alexnet_dataset_layout_on(ctx, "flat", &kind);
}

/* To find out that a folder has no archives, its entries' names are enough: it is asked once what
 * each entry is. */
static void test_folder_without_archives(void **state)
{
    (void)state;
    rig_write_pictures("data", 1, PICTURES);
    assert_int_equal(symlink("data/class0", "flat"), 0);
    assert_string_equal(cancel_everywhere(open_flat, NULL), "found 0 files; found 3 files; ");
    assert_string_equal(cancel_everywhere(find_layout_of_flat, NULL),
                        "found 0 files; found 0 files; found 0 files; ");
}

/* An archive of pictures and of one and a half megabytes of something else. */
static void write_archive(const char *path, const char *first, const char *second)
{
    enum { LARGE = 512 * 2930, END = 1024 };
    static tar_rig tar;
    char name[64];
    tar.length = 0;
    for (int i = 0; i < 2 * PICTURES; i++) {
        snprintf(name, sizeof name, "%s/%d.png", i % 2 ? first : second, i);
        tar_text(&tar, name, name);
    }
    tar_header(&tar, "large.bin", '0', LARGE);
    scratch_write(path, tar.bytes, tar.length);
    assert_int_equal(truncate(path, (off_t)tar.length + LARGE + END), 0);
}

/* An archive of two archives, whose names are the classes, as ImageNet's is. */
static void write_nested(const char *path)
{
    static const unsigned char end[1024];
    static tar_rig head;
    size_t length;
    write_archive("inner.tar", "a", "b"); /* whole records */
    unsigned char *inner = scratch_read("inner.tar", &length);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 2; i++) {
        head.length = 0;
        tar_header(&head, i ? "cat.tar" : "dog.tar", '0', length);
        assert_int_equal(fwrite(head.bytes, 1, head.length, file), head.length);
        assert_int_equal(fwrite(inner, 1, length, file), length);
    }
    assert_int_equal(fwrite(end, 1, sizeof end, file), sizeof end);
    fclose(file);
    free(inner);
}

static alexnet_status open_nested(alexnet_ctx *ctx)
{
    remove("nested.tar.alexnet-index");
    return open_with(ctx, "nested.tar", false);
}

static void test_archives(void **state)
{
    (void)state;
    write_nested("nested.tar");
    expect_told(cancel_everywhere(open_nested, NULL), "searched 3/3 MB; ");
    expect_ok(an_make_folder("archives"));
    write_archive("archives/a.tar", "cat", "dog");
    write_archive("archives/b.tar", "cat", "dog");
    const char *told = cancel_everywhere(open_archives, NULL);
    expect_told(told, "opened 2/2 archives; ");
    expect_told(told, "searched 2/2 MB; ");
    write_archive("parts.tar", "train/cat", "val/cat");
    expect_told(cancel_everywhere(find_parts, NULL), "searched 1/1 MB; ");
}

/* ---- Runs ---- */

static alexnet_dataset *train_data, *val_data;

static alexnet_status begin_run(alexnet_ctx *ctx)
{
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_trainer *trainer;
    options.net = "net.ini";
    options.out_dir = "runs/a";
    const alexnet_status status =
        alexnet_trainer_new(&trainer, ctx, train_data, val_data, &options);
    alexnet_trainer_free(trainer);
    return status;
}

static void expect_no_folder(alexnet_status status)
{
    assert_int_equal(access("runs", F_OK) != 0, status != ALEXNET_OK);
}

static alexnet_status resume_run(alexnet_ctx *ctx)
{
    alexnet_trainer *trainer;
    const alexnet_status status = alexnet_trainer_resume(&trainer, ctx, "runs/a", NULL);
    alexnet_trainer_free(trainer);
    return status;
}

/* The names and sizes of what is in the run's folder. */
static const char *list_run(void)
{
    static char text[2048];
    an_folder folder;
    text[0] = '\0';
    expect_ok(an_folder_read(&folder, NULL, "runs/a"));
    for (int64_t i = 0; i < folder.files.count; i++) {
        char path[512];
        const size_t length = strlen(text);
        snprintf(path, sizeof path, "runs/a/%s", folder.files.at[i]);
        snprintf(text + length, sizeof text - length, "%s %ld\n", path, rig_size_of(path));
    }
    an_folder_free(&folder);
    return text;
}

static char before[2048];

static void expect_run_unchanged(alexnet_status status)
{
    if (status != ALEXNET_OK)
        assert_string_equal(list_run(), before);
}

static void open_parts(void)
{
    alexnet_ctx *ctx = rig_new_ctx("cpu", ALEXNET_PRECISION_FP32, 1);
    alexnet_dataset *all = rig_open_data(ctx, "data");
    expect_ok(alexnet_dataset_split(all, 0.3, 5, &train_data, &val_data));
    alexnet_dataset_free(all);
    alexnet_ctx_free(ctx);
}

/* Every file is looked at once. A share for validation does not have its source opened again. */
static void test_runs(void **state)
{
    char expected[256];
    (void)state;
    rig_write_pictures("data", CLASSES, 40);
    open_parts();
    const int train = (int)alexnet_dataset_count(train_data);
    const int val = (int)alexnet_dataset_count(val_data);
    snprintf(expected, sizeof expected,
             "checked %d/%d images; checked %d/%d images; compared %d/%d images; ", train, train,
             val, val, val, val);
    assert_string_equal(cancel_everywhere(begin_run, expect_no_folder), expected);
    alexnet_dataset_free(train_data);
    alexnet_dataset_free(val_data);
    strcpy(before, list_run());
    snprintf(expected, sizeof expected,
             "found 0 files; found %d files; checked %d/%d images; checked %d/%d images; ",
             train + val, train, train, val, val);
    assert_string_equal(cancel_everywhere(resume_run, expect_run_unchanged), expected);
}

/* ---- Indexes ---- */

static alexnet_status open_index(alexnet_ctx *ctx)
{
    an_picture_index *x;
    const an_feature_maker maker = maker_of("fc7");
    const alexnet_status status = an_picture_index_open(&x, ctx, "photos", "index", &maker);
    an_picture_index_free(x);
    return status;
}

/* Most pictures of the first two files of an index are removed: the other rows are written anew. */
static void test_indexes(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(10);
    assert_int_equal(refresh(ctx, "fc7"), 10);
    alexnet_ctx_free(ctx);
    for (int i = 1; i < 7; i++) {
        char path[64];
        snprintf(path, sizeof path, "photos/class0/%03d.png", i);
        assert_int_equal(remove(path), 0);
    }
    expect_told(cancel_everywhere(open_index, NULL), "; copied 2/2 rows; ");
}

/* ---- Stamps ---- */

static void test_stamps_of_any_threads(void **state)
{
    enum { FILES = 200 }; /* of different sizes, in blocks of which the last is not full */
    static const char zeros[FILES];
    (void)state;
    expect_ok(an_make_folder("data/a"));
    for (int i = 0; i < FILES; i++) {
        char path[64];
        snprintf(path, sizeof path, "data/a/%03d.png", i);
        scratch_write(path, zeros, (size_t)(i * 37 % FILES));
    }
    remove("data/a/100.png");
    assert_int_equal(symlink("nowhere", "data/a/100.png"), 0);
    for (int threads = 1; threads <= 8; threads++) {
        watch w;
        int64_t *stamps;
        begin_watch(&w, 0, threads);
        alexnet_dataset *data = rig_open_data(w.ctx, "data");
        int64_t *expected = stamps_of(data);
        assert_int_equal(expected[100], -1);
        expect_ok(an_dataset_stamps(&stamps, w.ctx, data, false));
        assert_memory_equal(stamps, expected, FILES * sizeof *stamps);
        an_free(stamps);
        free(expected);
        alexnet_dataset_free(data);
        alexnet_ctx_free(w.ctx);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_data_sets),
        TEST(test_folder_without_archives),
        TEST(test_lists),
        TEST(test_archives),
        TEST(test_runs),
        TEST(test_indexes),
        TEST(test_stamps_of_any_threads),
    };
    return cmocka_run_group_tests_name("work", tests, NULL, NULL);
}
