/*
 * Long work before the first step: what the context is told of it, and that it ends at whichever
 * call of the callback cancels the context.
 */
#include "training_rig.h"

#include "tar_rig.h"

enum { CLASSES = 2, PICTURES = 3 };

/* What the callback saw. */
typedef struct watch {
    alexnet_ctx *ctx;
    int64_t calls, cancel_at; /* 0: never */
    int late;                 /* calls after the one that cancelled, but for the end of that work */
    int open;                 /* works that have begun and not ended */
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
    cancel_everywhere(find_layout, NULL);
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

static void test_archives(void **state)
{
    (void)state;
    expect_ok(an_make_folder("archives"));
    write_archive("archives/a.tar", "cat", "dog");
    write_archive("archives/b.tar", "cat", "dog");
    const char *told = cancel_everywhere(open_archives, NULL);
    expect_told(told, "opened 2/2 archives; ");
    expect_told(told, "searched 2/2 MB; ");
    write_archive("parts.tar", "train/cat", "val/cat");
    expect_told(cancel_everywhere(find_parts, NULL), "searched 1/1 MB; ");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_data_sets),
        TEST(test_archives),
    };
    return cmocka_run_group_tests_name("work", tests, NULL, NULL);
}
