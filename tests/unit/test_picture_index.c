/*
 * An index beside a folder: what is kept, what is computed again, and that its rows are those of
 * the pictures as they are now, whatever happened to folder and files in between.
 */
#include "failing_open.h"
#include "index_rig.h"

#include <math.h>
#include <pthread.h>
#include <unistd.h>
#include <utime.h>

#include "base/writer.h"

static void test_changes(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(10);
    assert_int_equal(refresh(ctx, "fc7"), 10);
    assert_int_equal(files_of("fc7-"), 3); /* of four rows at most */
    assert_int_equal(refresh(ctx, "fc7"), 0);
    assert_int_equal(refresh(ctx, "fc6"), 10); /* other features, kept beside the first */
    rig_write_picture("photos/class0/003.png", 1, 77);
    rig_write_picture("photos/class0/new.png", 2, 5);
    assert_int_equal(remove("photos/class0/009.png"), 0);
    assert_int_equal(refresh(ctx, "fc7"), 2);
    assert_int_equal(refresh(ctx, "fc7"), 0);
    assert_int_equal(rename("photos", "moved"), 0);
    assert_int_equal(refresh_some(ctx, "moved/", "fc7", 1000), 0);
    assert_int_equal(rename("moved", "photos"), 0);
    /* Most pictures of the first files are removed; the rows of the others are kept, not computed
     * again. */
    for (int i = 1; i < 8; i++) {
        char path[64];
        snprintf(path, sizeof path, "photos/class0/%03d.png", i);
        assert_int_equal(remove(path), 0);
    }
    assert_int_equal(refresh(ctx, "fc7"), 0);
    assert_int_equal(files_of("fc7-"), 2);
    assert_int_equal(files_of("fc6-"), 3);
    const struct utimbuf old = {1000000000, 1000000000};
    struct stat info;
    assert_int_equal(utime("index", &old), 0);
    assert_int_equal(refresh(ctx, "fc7"), 0);
    assert_int_equal(stat("index", &info), 0);
    assert_int_equal(info.st_mtime, old.modtime); /* nothing is written if nothing is new */
    assert_int_equal(rig_times_heard("1 "), 0);   /* no warning */
    alexnet_ctx_free(ctx);
}

/* A bitmap of one shade, which has the same size for every shade. */
static void write_bitmap(const char *path, uint8_t shade, time_t written)
{
    enum { HEAD = 54, BYTES = HEAD + SIDE * SIDE * 3 };
    uint8_t bytes[BYTES] = {'B',       'M',         BYTES & 255, BYTES >> 8, [10] = HEAD,
                            [14] = 40, [18] = SIDE, [22] = SIDE, [26] = 1,   [28] = 24};
    const struct utimbuf times = {written, written};
    memset(bytes + HEAD, shade, BYTES - HEAD);
    scratch_write(path, bytes, sizeof bytes);
    assert_int_equal(utime(path, &times), 0);
}

/* A picture that is replaced by another of the same size has changed. */
static void test_change_of_the_same_size(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(2);
    write_bitmap("photos/class0/shade.bmp", 10, 1000000000);
    assert_int_equal(refresh(ctx, "fc7"), 3);
    write_bitmap("photos/class0/shade.bmp", 200, 1000000001);
    assert_int_equal(refresh(ctx, "fc7"), 1);
    assert_int_equal(refresh(ctx, "fc7"), 0);
    alexnet_ctx_free(ctx);
}

/* Wherever memory fails, another attempt goes on from there: no row is lost or wrong. What fails in
 * a thread that loads is tried again by the step itself. */
static void test_memory_that_fails(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(10);
    int failures = 0;
    for (uint64_t n = 1; n < 200; n++) {
        an_picture_index *x;
        const an_feature_maker maker = maker_of("fc7");
        bool more = true;
        scratch_remove("index");
        expect_ok(an_picture_index_open(&x, ctx, "photos", "index", &maker));
        an_alloc_fail_at(n);
        for (int i = 0; more; i++) {
            assert_true(i < 10);
            const alexnet_status rc = an_picture_index_step(x, &more);
            if (rc != ALEXNET_OK)
                expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "out of memory");
            failures += rc != ALEXNET_OK;
        }
        an_alloc_fail_at(0);
        assert_true(are_rows(x, 0, x->pictures->count));
        an_picture_index_free(x);
    }
    assert_true(failures > 5);
    alexnet_ctx_free(ctx);
}

/* What was computed before a stop is not computed again. */
static void test_stops(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(10);
    assert_int_equal(refresh_some(ctx, "photos", "fc7", 1), 3);
    assert_int_equal(refresh_some(ctx, "photos", "fc7", 2), 6);
    assert_int_equal(refresh(ctx, "fc7"), 1);
    alexnet_ctx_free(ctx);
}

/* A picture that cannot be read is reported every time, and tried again when it changes. */
static void test_unreadable(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(4);
    scratch_text("photos/class0/bad.png", "no picture");
    assert_int_equal(refresh(ctx, "fc7"), 5);
    assert_int_equal(bad, 1);
    assert_int_equal(rig_times_heard("1 left out: photos/class0/bad.png"), 1);
    assert_int_equal(refresh(ctx, "fc7"), 0);
    assert_int_equal(bad, 1);
    assert_int_equal(rig_times_heard("left out: photos/class0/bad.png could not be read in an "
                                     "earlier search"),
                     1);
    assert_int_equal(symlink("nowhere", "photos/class0/gone.png"), 0);
    assert_int_equal(refresh(ctx, "fc7"), 1);
    assert_int_equal(refresh(ctx, "fc7"), 1); /* perhaps it is there now */
    assert_int_equal(bad, 2);
    assert_int_equal(remove("photos/class0/gone.png"), 0);
    rig_write_picture("photos/class0/bad.png", 0, 50);
    assert_int_equal(refresh(ctx, "fc7"), 1);
    assert_int_equal(bad, 0);
    alexnet_ctx_free(ctx);
}

/* A picture that is out of reach for now, as on a network, is tried again though it is the same. */
static void test_out_of_reach(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(4);
    const an_feature_maker maker = maker_of("fc7");
    an_picture_index *x;
    failing = "class0/002.png";
    failing_in = 1;
    expect_ok(an_picture_index_open(&x, ctx, "photos", "index", &maker));
    for (bool more = true; more;)
        expect_ok(an_picture_index_step(x, &more));
    failing = NULL;
    assert_int_equal(x->bad, 1);
    an_picture_index_free(x);
    assert_int_equal(refresh(ctx, "fc7"), 1);
    assert_int_equal(bad, 0);
    assert_int_equal(refresh(ctx, "fc7"), 0);
    alexnet_ctx_free(ctx);
}

/* Rows of files that were damaged or written by hand are computed again, with a warning. */
static void test_damage(void **state)
{
    (void)state;
    unsigned char *bytes;
    size_t length;
    alexnet_ctx *ctx = set_out(8);
    assert_int_equal(refresh(ctx, "fc7"), 8);
    char *last = file_of("fc7-000001-");
    expect_ok(an_file_read(last, 1 << 20, &bytes, &length));
    for (size_t cut = 0; cut < length; cut += length / 23 + 1) {
        rig_heard[0] = '\0';
        scratch_remove("index");
        assert_int_equal(refresh(ctx, "fc7"), 8);
        char *path = file_of("fc7-000001-");
        scratch_write(path, (const char *)bytes, cut);
        an_free(path);
        assert_int_equal(refresh(ctx, "fc7"), 4);
        assert_int_equal(files_of("fc7-"), 2);
        assert_int_equal(rig_times_heard("its pictures are computed again"), 1);
    }
    unsigned char *zero = memmem(bytes, length, "000.png", 8);
    zero = zero ? zero : memmem(bytes, length, "004.png", 8);
    assert_non_null(zero);
    zero[7] = 'x'; /* joins two names into one */
    scratch_remove("index");
    expect_ok(an_make_folder("index"));
    scratch_write(last, (const char *)bytes, length);
    an_free(last);
    rig_heard[0] = '\0';
    refresh(ctx, "fc7");
    assert_int_equal(rig_times_heard("expected one name for each of 4 pictures"), 1);
    an_free(bytes);
    scratch_text("index/fc7-00.safetensors.txt", "x"); /* not ours */
    assert_int_equal(refresh(ctx, "fc7"), 0);
    alexnet_ctx_free(ctx);
}

/* Rows are there as soon as they are computed, before they are written and after. */
static void test_unwritten(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(10);
    const an_feature_maker maker = maker_of("fc7");
    an_picture_index *x;
    bool more;
    expect_ok(an_picture_index_open(&x, ctx, "photos", "index", &maker));
    for (int64_t done = 0; done < 10; done = x->done) {
        assert_true(are_rows(x, 0, done));
        assert_null(an_picture_index_rows(x).row[done]);
        expect_ok(an_picture_index_step(x, &more));
    }
    assert_true(are_rows(x, 0, 10));
    an_picture_index_free(x);
    alexnet_ctx_free(ctx);
}

/* What a search cannot answer is refused: pairs of pictures that are not computed yet, and a query
 * that is not near anything. */
static void test_searches(void **state)
{
    (void)state;
    static const float none[] = {NAN, INFINITY, -INFINITY};
    alexnet_ctx *ctx = set_out(4);
    const an_feature_maker maker = maker_of("fc7");
    an_picture_index *x;
    alexnet_neighbour found[2];
    alexnet_pairs *pairs;
    bool more = true;
    expect_ok(an_picture_index_open(&x, ctx, "photos", "index", &maker));
    for (int64_t done = 0; more; done = x->done) {
        char text[64];
        snprintf(text, sizeof text, "not complete: %d of 4 missing pictures", (int)done);
        expect_failure(alexnet_pairs_new(&pairs, x, ALEXNET_METRIC_COSINE, 9, INFINITY),
                       ALEXNET_ERROR_INVALID_ARGUMENT, text);
        assert_null(pairs);
        expect_ok(an_picture_index_step(x, &more));
    }
    expect_ok(alexnet_pairs_new(&pairs, x, ALEXNET_METRIC_COSINE, 9, INFINITY));
    alexnet_pairs_free(pairs);
    for (int i = 0; i < 3; i++) {
        float queries[2][DIMS] = {{0}};
        expect_ok(alexnet_index_nearest(x, queries[0], 2, ALEXNET_METRIC_EUCLIDEAN, 1, found));
        queries[1][4] = none[i];
        expect_failure(alexnet_index_nearest(x, queries[0], 2, ALEXNET_METRIC_EUCLIDEAN, 1, found),
                       ALEXNET_ERROR_INVALID_ARGUMENT, "query 1: value 4 is ");
    }
    an_picture_index_free(x);
    alexnet_ctx_free(ctx);
}

/* A step that could not write is tried again: every picture is computed once, none is left out. */
static void test_full_disk(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(10);
    const an_feature_maker maker = maker_of("fc7");
    scratch_text("photos/class0/0.png", "no picture");
    scratch_text("photos/class0/003a.png", "no picture");
    computed = 0;
    an_picture_index *x;
    int failures = 0;
    expect_ok(an_picture_index_open(&x, ctx, "photos", "index", &maker));
    for (bool more = true; more;) {
        an_writer_fail_after(0);
        const alexnet_status rc = an_picture_index_step(x, &more);
        an_writer_fail_after(UINT64_MAX);
        failures += rc == ALEXNET_ERROR_IO;
        assert_true(rc == ALEXNET_ERROR_IO || rc == ALEXNET_OK);
        assert_true(more || rc == ALEXNET_OK);
        if (rc != ALEXNET_OK)
            expect_ok(an_picture_index_step(x, &more));
    }
    assert_int_equal(failures, 3); /* twelve pictures in files of four */
    assert_int_equal(computed, 12);
    assert_int_equal(x->bad, 2);
    assert_int_equal(rig_times_heard("left out"), 2);
    assert_true(are_rows(x, 0, 12));
    an_picture_index_free(x);
    assert_int_equal(refresh(ctx, "fc7"), 0);
    alexnet_ctx_free(ctx);
}

/* What cannot be an index is refused before anything is computed. */
static void test_places(void **state)
{
    (void)state;
    static const char *const places[][3] = {
        {"photos", "file", "cannot make the folder file: it is a file"},
        {"photos", "file/x", "cannot make the folder file: it is a file"},
        {"photos", "", "without a name"},
        {"photos", "/proc/x", "cannot make the folder /proc/x"},
        {"photos", "/proc", "cannot create /proc/fc7-"},
        {"nowhere", "index", "cannot open the folder nowhere"},
        {"file", "index", "cannot open the folder file"},
        {"", "index", "cannot open the folder "},
    };
    alexnet_ctx *ctx = set_out(2);
    const an_feature_maker maker = maker_of("fc7");
    scratch_text("file", "x");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        an_picture_index *x;
        expect_failure(an_picture_index_open(&x, ctx, places[i][0], places[i][1], &maker),
                       ALEXNET_ERROR_IO, places[i][2]);
        assert_null(x);
    }
    assert_int_equal(access("index", F_OK), -1);
    assert_int_equal(refresh_some(ctx, "photos", "fc7", 0), 0);
    assert_int_equal(files_of(""), 0); /* the folder is made, and nothing in it */
    alexnet_ctx_free(ctx);
}

/* Files of earlier versions have shorter names. A file that was not finished is removed a day after
 * the last change, and not before. */
static void test_names(void **state)
{
    (void)state;
    static const char *const left[] = {"index/fc7-000003.safetensors.tmp",
                                       "index/fc7-000003-0123456789abcdef.safetensors.tmp"};
    alexnet_ctx *ctx = set_out(4);
    assert_int_equal(refresh(ctx, "fc7"), 4);
    char *path = file_of("fc7-000000-");
    assert_int_equal(rename(path, "index/fc7-000000.safetensors"), 0);
    an_free(path);
    assert_int_equal(refresh(ctx, "fc7"), 0);
    for (int i = 0; i < 2; i++)
        scratch_text(left[i], "x");
    scratch_text("index/fc7-000003.safetensors.tmp.txt", "x");
    assert_int_equal(refresh(ctx, "fc7"), 0);
    assert_int_equal(files_of("fc7-"), 4);
    const time_t then = time(NULL) - 25 * 60 * 60;
    for (int i = 0; i < 2; i++)
        assert_int_equal(utime(left[i], &(struct utimbuf){then, then}), 0);
    assert_int_equal(refresh(ctx, "fc6"), 4); /* another index's */
    assert_int_equal(files_of("fc7-"), 4);
    assert_int_equal(refresh(ctx, "fc7"), 0);
    assert_int_equal(files_of("fc7-"), 2);
    assert_int_equal(rig_times_heard("1 "), 0);
    alexnet_ctx_free(ctx);
}

/* ---- Several builders at once ---- */

/* A file that another builder removes after its name was read is left out; a link that leads
 * nowhere looks the same. */
static void test_removed(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(4);
    assert_int_equal(refresh(ctx, "fc7"), 4);
    assert_int_equal(symlink("nowhere", "index/fc7-000001.safetensors"), 0);
    assert_int_equal(refresh(ctx, "fc7"), 0);
    char *path = file_of("fc7-000000-");
    assert_int_equal(remove(path), 0);
    an_free(path);
    assert_int_equal(refresh(ctx, "fc7"), 4);
    assert_int_equal(rig_times_heard("1 "), 0);
    alexnet_ctx_free(ctx);
}

enum { BUILDERS = 4, ROUNDS = 40, PICTURES = 10 };

typedef struct builder {
    pthread_t thread;
    pthread_barrier_t *start;
    alexnet_ctx *ctx;
    bool good;
    char error[256];
} builder;

/* expect_ok() may not be called here: cmocka lives in the main thread. */
static void *build(void *user)
{
    builder *b = user;
    const an_feature_maker maker = maker_of("fc7");
    an_picture_index *x;
    bool more = true;
    pthread_barrier_wait(b->start);
    alexnet_status rc = an_picture_index_open(&x, b->ctx, "photos", "index", &maker);
    while (more && rc == ALEXNET_OK)
        rc = an_picture_index_step(x, &more);
    snprintf(b->error, sizeof b->error, "%s", rc == ALEXNET_OK ? "" : alexnet_error_text());
    b->good = rc == ALEXNET_OK && are_rows(x, 0, PICTURES);
    an_picture_index_free(x);
    return NULL;
}

static void build_together(alexnet_ctx *ctx)
{
    builder builders[BUILDERS];
    pthread_barrier_t start;
    assert_int_equal(pthread_barrier_init(&start, NULL, BUILDERS), 0);
    for (int i = 0; i < BUILDERS; i++) {
        builders[i] = (builder){.start = &start, .ctx = ctx};
        assert_int_equal(pthread_create(&builders[i].thread, NULL, build, &builders[i]), 0);
    }
    for (int i = 0; i < BUILDERS; i++)
        assert_int_equal(pthread_join(builders[i].thread, NULL), 0);
    pthread_barrier_destroy(&start);
    for (int i = 0; i < BUILDERS; i++)
        if (!builders[i].good)
            fail_msg("builder %d: %s", i, builders[i].error);
}

/* Each has all rows in the end, and none is lost: nothing is computed afterwards. A file all of
 * whose rows are in later ones is removed, so each that is left has a row that no later one has. */
static void test_together(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(PICTURES);
    for (int round = 0; round < ROUNDS; round++) {
        scratch_remove("index");
        build_together(ctx);
        assert_int_equal(refresh(ctx, "fc7"), 0);
        assert_int_equal(refresh(ctx, "fc7"), 0);
        assert_true(files_of("fc7-") <= PICTURES);
    }
    alexnet_ctx_free(ctx);
}

/* The same for an index of several small files, which each joins and removes. */
static void test_joining_together(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(PICTURES);
    for (int round = 0; round < ROUNDS; round++) {
        an_feature_maker maker = maker_of("fc7");
        an_picture_index *x;
        bool more = true;
        scratch_remove("index");
        maker.rows.batch = 1;
        expect_ok(an_picture_index_open(&x, ctx, "photos", "index", &maker));
        while (more) {
            expect_ok(an_picture_index_step(x, &more));
            expect_ok(an_picture_index_flush(x));
        }
        an_picture_index_free(x);
        assert_int_equal(files_of("fc7-"), PICTURES);
        build_together(ctx);
        assert_int_equal(refresh(ctx, "fc7"), 0);
        assert_int_equal(rig_times_heard("1 "), 0);
    }
    alexnet_ctx_free(ctx);
}

static alexnet_status refuse(void *self, const float *row, const char *picture)
{
    (void)row;
    int *left = self;
    return (*left)-- > 0 ? ALEXNET_OK : AN_FAIL(ALEXNET_ERROR_BAD_MODEL, "%s: refused", picture);
}

/* A row that the maker refuses is not kept; the error names its picture, and those before stay. */
static void test_refused_row(void **state)
{
    alexnet_ctx *ctx = set_out(PICTURES);
    an_feature_maker maker = maker_of("fc7");
    an_picture_index *x;
    bool more = true;
    int good = 4;
    (void)state;
    maker.rows.check = refuse;
    maker.rows.self = &good;
    expect_ok(an_picture_index_open(&x, ctx, "photos", "index", &maker));
    const char *name = x->pictures->samples[4].name;
    alexnet_status rc = ALEXNET_OK;
    while (rc == ALEXNET_OK && more)
        rc = an_picture_index_step(x, &more);
    assert_int_equal(rc, ALEXNET_ERROR_BAD_MODEL);
    assert_non_null(strstr(alexnet_error_text(), name));
    expect_ok(an_picture_index_flush(x));
    an_picture_index_free(x);
    assert_int_equal(refresh(ctx, "fc7"), PICTURES - 4);
    alexnet_ctx_free(ctx);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {IN_SCRATCH(test_changes),
                                       IN_SCRATCH(test_change_of_the_same_size),
                                       IN_SCRATCH(test_memory_that_fails),
                                       IN_SCRATCH(test_stops),
                                       IN_SCRATCH(test_unreadable),
                                       IN_SCRATCH(test_out_of_reach),
                                       IN_SCRATCH(test_damage),
                                       IN_SCRATCH(test_searches),
                                       IN_SCRATCH(test_unwritten),
                                       IN_SCRATCH(test_full_disk),
                                       IN_SCRATCH(test_places),
                                       IN_SCRATCH(test_names),
                                       IN_SCRATCH(test_removed),
                                       IN_SCRATCH(test_refused_row),
                                       IN_SCRATCH(test_together),
                                       IN_SCRATCH(test_joining_together)};
    return cmocka_run_group_tests_name("the index of a folder", tests, NULL, NULL);
}
