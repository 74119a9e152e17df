/*
 * The index that is kept beside an archive: it is used while the archive is unchanged, made again
 * when the archive changes or the index is damaged, and never trusted.
 */
#include "picture_tree.h"
#include "tar_rig.h"

#include <sys/stat.h>
#include <utime.h>

#include "base/alloc.h"
#include "base/writer.h"
#include "data/tar/tar_index.h"

static void rename_member(const char *path, const char *to)
{
    size_t length;
    unsigned char *bytes = scratch_read(path, &length);
    memcpy(bytes, to, strlen(to));
    tar_sum(bytes);
    scratch_write(path, bytes, length);
    free(bytes);
}

/* Make a file look as if it was last changed at a time. */
static void set_time(const char *path, time_t seconds)
{
    const struct utimbuf times = {seconds, seconds};
    assert_int_equal(utime(path, &times), 0);
}

static void check_first(const char *key)
{
    alexnet_dataset *d = open_good("x.tar", NULL, NULL);
    assert_int_equal(d->count, 2);
    assert_string_equal(d->source->items[0].key, key);
    an_dataset_release(d);
}

static void write_two(const char *path)
{
    tar_rig tar = {.length = 0};
    tar_text(&tar, "c/a.jpg", "first");
    tar_text(&tar, "c/b.jpg", "second");
    tar_write(&tar, path);
}

static void test_index(void **state)
{
    (void)state;
    static const char kept[] = "x.tar.alexnet-index";
    size_t length;
    write_two("x.tar");
    set_time("x.tar", 1000000000);
    check_first("c/a.jpg");
    /* An archive of the same size and time is not searched again. */
    rename_member("x.tar", "c/A.jpg");
    set_time("x.tar", 1000000000);
    check_first("c/a.jpg");
    set_time("x.tar", 1000000001);
    check_first("c/A.jpg");
    /* A damaged index is made again: any byte of it. */
    unsigned char *bytes = scratch_read(kept, &length);
    for (size_t i = 0; i < length; i++) {
        bytes[i] ^= 0x10;
        scratch_write(kept, bytes, length);
        check_first("c/A.jpg");
        bytes[i] ^= 0x10;
        size_t again;
        unsigned char *now = scratch_read(kept, &again);
        assert_int_equal(again, length);
        assert_memory_equal(now, bytes, length);
        free(now);
    }
    for (size_t cut = 0; cut < length; cut += 3) {
        scratch_write(kept, bytes, cut);
        check_first("c/A.jpg");
    }
    free(bytes);
    /* Where it cannot be kept, nothing else changes. */
    assert_int_equal(remove(kept), 0);
    assert_int_equal(mkdir(kept, 0777), 0);
    check_first("c/A.jpg");
    check_first("c/A.jpg");
}

/* Write an index of one picture, and read it again if it is good. */
static void expect_index(const an_tar_index *index, an_tar_stamp stamp, bool good)
{
    unsigned char *bytes;
    size_t length;
    an_tar_index found;
    bool there;
    assert_int_equal(an_tar_index_bytes(&bytes, &length, index, stamp), ALEXNET_OK);
    scratch_write("index", bytes, length);
    an_free(bytes);
    assert_int_equal(an_tar_index_read(&found, "index", stamp, &there), ALEXNET_OK);
    assert_int_equal(there, good);
    if (there)
        assert_memory_equal(&found.pictures[0], &index->pictures[0], sizeof found.pictures[0]);
    an_tar_index_free(&found);
}

/* An index with a correct hash, but with offsets outside the archive or with texts that do not
 * exist. */
static void test_index_that_lies(void **state)
{
    (void)state;
    const an_tar_stamp stamp = {4096, 5};
    char names[] = "a.jpg";
    char *folders[] = {"c"}, *labels[] = {"7"};
    an_tar_picture picture = {1024, 3072, 0, 0, 0, 0};
    an_tar_index index = {.pictures = &picture,
                          .count = 1,
                          .names = names,
                          .names_length = sizeof names,
                          .folders = {folders, 1},
                          .labels = {labels, 1}};
    static const struct {
        an_tar_picture picture;
        bool good;
    } cases[] = {{{1024, 3072, 0, 0, 0, 0}, true},     {{1024, 3073, 0, 0, 0, 0}, false},
                 {{UINT64_MAX, 2, 0, 0, 0, 0}, false}, {{0, UINT64_MAX, 0, 0, 0, 0}, false},
                 {{1024, 1, 6, 0, 0, 0}, false},       {{1024, 1, 5, 0, -1, 0}, true},
                 {{1024, 1, 0, 1, 0, 0}, false},       {{1024, 1, 0, -1, 0, 0}, false},
                 {{1024, 1, 0, 0, 1, 0}, false},       {{1024, 1, 0, 0, -2, 0}, false},
                 {{1024, 1, 0, 0, 0, 5}, true},        {{1024, 1, 0, 0, 0, 6}, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        picture = cases[i].picture;
        expect_index(&index, stamp, cases[i].good);
    }
    names[5] = 'x'; /* the last name has no NUL */
    picture = cases[0].picture;
    expect_index(&index, stamp, false);
}

/* Numbers and texts that are not of pictures, of which each would be read out of bounds or counted
 * wrongly. */
static void test_index_that_lies_elsewhere(void **state)
{
    (void)state;
    const an_tar_stamp stamp = {4096, 5};
    char names[] = "a.jpg";
    char *folders[] = {"c"};
    an_tar_picture picture = {1024, 3072, 0, 0, -1, 0};
    const an_tar_index good = {.pictures = &picture,
                               .count = 1,
                               .names = names,
                               .names_length = sizeof names,
                               .folders = {folders, 1},
                               .left_out = {.rows = 2, .row = {{".txt", 1}, {".md", 2}}},
                               .doubtful = {1, 5, 5},
                               .replaced = 8};
    an_tar_index index = good;
    expect_index(&index, stamp, true);
    index.doubtful.other = sizeof names;
    expect_index(&index, stamp, false);
    index = good;
    index.replaced = 9; /* than the archive has blocks */
    expect_index(&index, stamp, false);
    index = good;
    index.left_out.row[1].count = INT64_MAX;
    expect_index(&index, stamp, false);
    index = good;
    memset(index.left_out.row[1].ending, 'x', sizeof index.left_out.row[1].ending);
    expect_index(&index, stamp, false);
}

/* An archive that is replaced while it is open is not read at the old offsets. */
static void test_changed_while_open(void **state)
{
    (void)state;
    an_item_data data;
    write_two("x.tar");
    alexnet_dataset *d = open_good("x.tar", NULL, NULL);
    const an_data_source *source = d->source;
    assert_int_equal(source->kind->read(source, 1, &data), ALEXNET_OK);
    assert_int_equal(data.length, 6);
    assert_memory_equal(data.bytes, "second", 6);
    an_free(data.bytes);
    set_time("x.tar", 1000000000);
    assert_int_equal(source->kind->read(source, 1, &data), ALEXNET_ERROR_IO);
    assert_non_null(strstr(an_error_text(), "was changed after it was opened"));
    assert_null(data.bytes);
    an_dataset_release(d);
}

/* ---- Several programs that search one archive at the same time ---- */

typedef struct log_counts {
    int searches, warnings;
} log_counts;

static void count_lines(void *user, alexnet_log_level level, const char *text)
{
    log_counts *counts = user;
    counts->searches += strstr(text, "searching") != NULL;
    counts->warnings += level == ALEXNET_LOG_WARNING;
}

static log_counts open_logged(const char *path)
{
    log_counts counts = {0};
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    alexnet_ctx *ctx;
    alexnet_dataset *d;
    options.device = "ref";
    options.log = count_lines;
    options.log_user = &counts;
    assert_int_equal(alexnet_ctx_new(&ctx, &options), ALEXNET_OK);
    assert_int_equal(an_dataset_open(&d, ctx, path, NULL, NULL), ALEXNET_OK);
    assert_int_equal(d->count, 2);
    an_dataset_release(d);
    alexnet_ctx_free(ctx);
    return counts;
}

/* While another program writes the index of an archive, ours is held in memory and nobody is
 * warned; afterwards the other's is used, or there is none. */
static void test_written_by_another(void **state)
{
    (void)state;
    static const char kept[] = "busy.tar.alexnet-index";
    an_writer *other;
    log_counts counts;
    write_two("busy.tar");
    assert_int_equal(an_writer_open(&other, kept), ALEXNET_OK);
    counts = open_logged("busy.tar");
    assert_int_equal(counts.searches, 1);
    assert_int_equal(counts.warnings, 0);
    assert_int_not_equal(access(kept, F_OK), 0);
    counts = open_logged("busy.tar");
    assert_int_equal(counts.searches, 0);
    assert_int_equal(counts.warnings, 0);
    assert_int_equal(an_writer_put(other, "not an index", 12), ALEXNET_OK);
    assert_int_equal(an_writer_commit(other), ALEXNET_OK); /* the other's file is untouched */
    counts = open_logged("busy.tar");
    assert_int_equal(counts.searches, 0);
    set_time("busy.tar", 1000000000); /* what is held is out of date: search, and keep that */
    counts = open_logged("busy.tar");
    assert_int_equal(counts.searches, 1);
    assert_int_equal(counts.warnings, 0);
    counts = open_logged("busy.tar");
    assert_int_equal(counts.searches, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_index),
        TEST(test_index_that_lies),
        TEST(test_index_that_lies_elsewhere),
        TEST(test_changed_while_open),
        TEST(test_written_by_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
