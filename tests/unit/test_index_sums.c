/*
 * Bits that flip in the files of an index: what a search finds is right, or the search fails and
 * names the file. The checksum itself is compared with published values in test_events.c.
 */
#include "index_rig.h"

#include <math.h>
#include <unistd.h>

#include "format/safetensors.h"

enum { PICTURES = 8, FILE_ROWS = 4 };

typedef struct file {
    char *path;
    unsigned char *bytes;
    size_t length;
} file;

static file first_file(const char *start)
{
    file f = {.path = file_of(start)};
    expect_ok(an_file_read(f.path, 1 << 20, &f.bytes, &f.length));
    return f;
}

static void file_free(file *f)
{
    an_free(f->path);
    an_free(f->bytes);
}

static void open_all(an_picture_index **x, alexnet_ctx *ctx)
{
    const an_feature_maker maker = maker_of("fc7");
    bool more = true;
    computed = 0;
    expect_ok(an_picture_index_open(x, ctx, "photos", "index", &maker));
    while (more)
        expect_ok(an_picture_index_step(*x, &more));
}

/* Where the features of a picture are in a file; 0: not there. */
static size_t place_in(const file *f, an_picture_index *x, int64_t picture)
{
    const size_t bytes = DIMS * sizeof(float);
    const unsigned char *at = memmem(f->bytes, f->length, x->row[picture], bytes);
    return at ? (size_t)(at - f->bytes) : 0;
}

/* Each way to use the rows of an index. All fail, or find every row, as it should be. */
static alexnet_status search_all_ways(an_picture_index *x)
{
    static const float query[DIMS];
    alexnet_neighbour found[PICTURES];
    alexnet_pairs *pairs;
    double fraction;
    bool more;
    const alexnet_status rc =
        alexnet_index_nearest(x, query, 1, ALEXNET_METRIC_EUCLIDEAN, PICTURES, found);
    expect_ok(alexnet_pairs_new(&pairs, x, ALEXNET_METRIC_COSINE, 100, INFINITY));
    assert_int_equal(alexnet_pairs_step(pairs, &fraction, &more), rc);
    alexnet_pairs_free(pairs);
    bool all = true;
    for (int64_t p = 0; p < PICTURES; p++)
        all = all && alexnet_index_values(x, p);
    assert_int_equal(all, rc == ALEXNET_OK);
    if (rc != ALEXNET_OK)
        return rc;
    assert_true(are_rows(x, 0, PICTURES));
    assert_true(found[PICTURES - 1].row >= 0);
    return ALEXNET_OK;
}

/* One bit of each byte of a file, in its header too. */
static void test_every_byte(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(PICTURES);
    an_picture_index *x;
    int damaged = 0;
    assert_int_equal(refresh(ctx, "fc7"), PICTURES);
    file first = first_file("fc7-000000-"), second = first_file("fc7-000001-");
    for (size_t at = 0; at < first.length; at++) {
        scratch_remove("index");
        expect_ok(an_make_folder("index"));
        first.bytes[at] ^= (unsigned char)(1 << at % 8);
        scratch_write(first.path, first.bytes, first.length);
        scratch_write(second.path, second.bytes, second.length);
        first.bytes[at] ^= (unsigned char)(1 << at % 8);
        rig_heard[0] = '\0';
        open_all(&x, ctx);
        const alexnet_status rc = search_all_ways(x);
        if (rc != ALEXNET_OK) {
            expect_failure(rc, ALEXNET_ERROR_FORMAT, first.path);
            expect_failure(rc, ALEXNET_ERROR_FORMAT, "of 4 (class0/00");
            expect_failure(rc, ALEXNET_ERROR_FORMAT, "delete the file");
        }
        damaged += rc != ALEXNET_OK;
        an_picture_index_free(x);
    }
    /* all bytes of features but those that make the first value of a row a NaN, and all of sums */
    assert_true(damaged >= FILE_ROWS * DIMS * 4);
    file_free(&first);
    file_free(&second);
    alexnet_ctx_free(ctx);
}

/* Make the index, and find a row's values. @return its first file @param at  out: within the file
 */
static file make_index(alexnet_ctx *ctx, int row, size_t *at)
{
    an_picture_index *x;
    assert_int_equal(refresh(ctx, "fc7"), PICTURES);
    file first = first_file("fc7-000000-");
    open_all(&x, ctx);
    *at = place_in(&first, x, row);
    an_picture_index_free(x);
    return first;
}

/* The remedy that the error names. */
static void test_remedy(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(PICTURES);
    an_picture_index *x;
    size_t at;
    file first = make_index(ctx, 0, &at);
    first.bytes[at + 9] ^= 1;
    scratch_write(first.path, first.bytes, first.length);
    for (int i = 0; i < 2; i++) {
        open_all(&x, ctx);
        assert_int_equal(computed, 0);
        expect_failure(search_all_ways(x), ALEXNET_ERROR_FORMAT, first.path);
        an_picture_index_free(x);
    }
    assert_int_equal(remove(first.path), 0);
    open_all(&x, ctx);
    assert_int_equal(computed, FILE_ROWS);
    expect_ok(search_all_ways(x));
    an_picture_index_free(x);
    file_free(&first);
    alexnet_ctx_free(ctx);
}

/* Damage that makes a picture seem unreadable would leave it out of every search. */
static void test_seems_unreadable(void **state)
{
    (void)state;
    static const float nan = NAN;
    alexnet_ctx *ctx = set_out(PICTURES);
    an_picture_index *x;
    size_t at;
    file first = make_index(ctx, 2, &at);
    memcpy(first.bytes + at, &nan, sizeof nan);
    scratch_write(first.path, first.bytes, first.length);
    open_all(&x, ctx);
    assert_int_equal(computed, 1);
    assert_int_equal(x->bad, 0);
    assert_int_equal(rig_times_heard("row 2 of 4 (class0/002.png) is damaged"), 1);
    expect_ok(search_all_ways(x));
    an_picture_index_free(x);
    assert_int_equal(refresh(ctx, "fc7"), 0);
    file_free(&first);
    alexnet_ctx_free(ctx);
}

/* A damaged row that moves to another file is computed again: it gets no new checksum. */
static void test_moved_rows(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(PICTURES);
    size_t at;
    file first = make_index(ctx, 3, &at);
    first.bytes[at + 6] ^= 64;
    scratch_write(first.path, first.bytes, first.length);
    for (int i = 0; i < 3; i++) {
        char path[64];
        snprintf(path, sizeof path, "photos/class0/%03d.png", i);
        assert_int_equal(remove(path), 0);
    }
    assert_int_equal(refresh(ctx, "fc7"), 1); /* which compares the rows too */
    assert_int_equal(rig_times_heard("row 3 of 4 (class0/003.png) is damaged"), 1);
    assert_int_equal(refresh(ctx, "fc7"), 0);
    file_free(&first);
    alexnet_ctx_free(ctx);
}

static unsigned char *name_of_sums(const file *f)
{
    unsigned char *name = memmem(f->bytes, f->length, "\"sums\":", 7);
    assert_non_null(name);
    return name;
}

/* Damage to the name of the checksums does not make the file one of an earlier version. */
static void test_lost_name(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(PICTURES);
    an_picture_index *x;
    assert_int_equal(refresh(ctx, "fc7"), PICTURES);
    file first = first_file("fc7-000000-");
    open_all(&x, ctx);
    first.bytes[place_in(&first, x, 1) + 9] ^= 1;
    an_picture_index_free(x);
    name_of_sums(&first)[1] = 'r';
    scratch_write(first.path, first.bytes, first.length);
    open_all(&x, ctx);
    assert_int_equal(computed, FILE_ROWS);
    assert_int_equal(rig_times_heard("3 tensors expected, found 4"), 1);
    expect_ok(search_all_ways(x));
    an_picture_index_free(x);
    file_free(&first);
    alexnet_ctx_free(ctx);
}

/* Write the rows of a file as earlier versions did. */
static void write_without_sums(const an_index_shard *s)
{
    an_tensor_writer *writer;
    int64_t bytes = 0;
    for (int64_t i = 0; i < s->count; i++)
        bytes += (int64_t)strlen(s->key[i]) + 1;
    const an_shape rows = {1, {s->count}}, table = {2, {s->count, DIMS}}, text = {1, {bytes}};
    expect_ok(an_tensor_writer_new(&writer, s->path));
    expect_ok(an_tensor_writer_metadata(writer, AN_METADATA_INDEX, "fc7"));
    expect_ok(an_tensor_writer_declare(writer, "stamps", AN_I64, rows));
    expect_ok(an_tensor_writer_declare(writer, "features", AN_F32, table));
    expect_ok(an_tensor_writer_declare(writer, "keys", AN_U8, text));
    expect_ok(an_tensor_writer_data(writer, s->stamps, (size_t)s->count * sizeof *s->stamps));
    expect_ok(
        an_tensor_writer_data(writer, s->features, (size_t)s->count * DIMS * sizeof *s->features));
    expect_ok(an_tensor_writer_data(writer, s->key[0], (size_t)bytes));
    expect_ok(an_tensor_writer_commit(writer));
}

/* Files of earlier versions have no checksums: their rows are used, and written to files that do.
 */
static void test_earlier_version(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(PICTURES);
    an_picture_index *x;
    assert_int_equal(refresh(ctx, "fc7"), PICTURES);
    open_all(&x, ctx);
    write_without_sums(&x->shards[0]);
    char *path = an_strdup(x->shards[0].path);
    an_picture_index_free(x);
    open_all(&x, ctx);
    assert_int_equal(computed, 0);
    expect_ok(search_all_ways(x));
    for (int64_t p = 0; p < PICTURES; p++)
        assert_non_null(x->shards[x->place[p].shard].sums);
    an_picture_index_free(x);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(files_of("fc7-"), PICTURES / FILE_ROWS);
    assert_string_equal(rig_heard, "");
    an_free(path);
    alexnet_ctx_free(ctx);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

/* ---- Files that somebody else made ---- */

enum { ROWS = 3, NARROW = 2 };

/* @param order  the tensors, each by its first letter, in the order in which they are in the file
 */
static void write_shard(const char *order, int64_t sums, const char *keys, int64_t length)
{
    static const char zeros[64];
    an_tensor_writer *writer;
    expect_ok(an_tensor_writer_new(&writer, "shard"));
    expect_ok(an_tensor_writer_metadata(writer, AN_METADATA_INDEX, "fc7"));
    for (int pass = 0; pass < 2; pass++)
        for (const char *at = order; *at; at++) {
            const an_shape shape = *at == 'f' ? an_shape_of(2, ROWS, NARROW)
                                              : an_shape_of(1, *at == 'k'   ? length
                                                               : *at == 'c' ? sums
                                                                            : ROWS);
            const an_dtype type = *at == 'k'   ? AN_U8
                                  : *at == 'f' ? AN_F32
                                  : *at == 'c' ? AN_I32
                                               : AN_I64;
            const char *name = *at == 'k'   ? "keys"
                               : *at == 'f' ? "features"
                               : *at == 'c' ? "sums"
                                            : "stamps";
            if (pass == 0)
                expect_ok(an_tensor_writer_declare(writer, name, type, shape));
            else
                expect_ok(
                    an_tensor_writer_data(writer, *at == 'k' ? keys : zeros,
                                          (size_t)an_shape_count(shape) * an_dtype_bytes(type)));
        }
    expect_ok(an_tensor_writer_commit(writer));
}

static void expect_shard(const char *identity, int dims, const char *said)
{
    an_index_shard shard;
    const alexnet_status rc = an_index_shard_open(&shard, "shard", identity, dims);
    if (said)
        expect_failure(rc, ALEXNET_ERROR_FORMAT, said);
    else
        expect_ok(rc);
    an_index_shard_close(&shard);
}

/* Of another model or layer; with rows of another length; with fewer checksums or more names than
 * rows; with numbers at odd places. */
static void test_other_files(void **state)
{
    (void)state;
    write_shard("scfk", ROWS, "a\0b\0c", 6);
    expect_shard("fc7", NARROW, NULL);
    expect_shard("fc6", NARROW, "shard is not an index of fc6");
    expect_shard("fc7", NARROW + 1, "features [3, 3] expected, found [3, 2]");
    write_shard("scfk", ROWS - 1, "a\0b\0c", 6);
    expect_shard("fc7", NARROW, "sums [3] expected, found [2]");
    write_shard("scfk", ROWS, "a\0b\0c\0d", 8);
    expect_shard("fc7", NARROW, "expected one name for each of 3 pictures");
    write_shard("kscf", ROWS, "aa\0b\0c", 7);
    expect_shard("fc7", NARROW, "tensor stamps of an index is missing or damaged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_every_byte),  IN_SCRATCH(test_remedy),    IN_SCRATCH(test_seems_unreadable),
        IN_SCRATCH(test_moved_rows),  IN_SCRATCH(test_lost_name), IN_SCRATCH(test_earlier_version),
        IN_SCRATCH(test_other_files),
    };
    return cmocka_run_group_tests_name("checksums of an index", tests, NULL, NULL);
}
