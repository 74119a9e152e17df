/*
 * An index beside a folder: what is kept, what is computed again, and that its rows are those of
 * the pictures as they are now, whatever happened to folder and files in between.
 */
#include "training_rig.h"

#include <math.h>
#include <unistd.h>

#include "infer/picture_index.h"

enum { DIMS = 5, SIDE = 16 };

static int computed; /* pictures, by the maker below */

/* A row that tells pictures apart: sums over parts of the pixels. */
static void features_of(const uint8_t *pixels, float row[DIMS])
{
    for (int d = 0; d < DIMS; d++) {
        int sum = 0;
        for (int i = d; i < SIDE * SIDE * 3; i += DIMS)
            sum += pixels[i];
        row[d] = (float)sum;
    }
}

static alexnet_status compute(void *self, const uint8_t *pixels, int count, float *rows)
{
    (void)self;
    computed += count;
    for (int i = 0; i < count; i++)
        features_of(pixels + (size_t)i * SIDE * SIDE * 3, rows + i * DIMS);
    return ALEXNET_OK;
}

static an_feature_maker maker_of(const char *identity)
{
    an_feature_maker maker = {
        .fit = {AN_FIT_WARP, SIDE}, .batch = 3, .dims = DIMS, .file_rows = 4, .compute = compute};
    snprintf(maker.identity, sizeof maker.identity, "%s", identity);
    return maker;
}

static int64_t bad;

/* Refresh the index in at most `steps` steps, then write the rows that there are. @return the
 * number of pictures computed */
static int refresh_some(alexnet_ctx *ctx, const char *folder, const char *identity, int steps)
{
    an_picture_index *x;
    const an_feature_maker maker = maker_of(identity);
    bool more = true;
    computed = 0;
    expect_ok(an_picture_index_open(&x, ctx, folder, "index", &maker));
    while (more && steps-- > 0)
        expect_ok(an_picture_index_step(x, &more));
    expect_ok(an_picture_index_flush(x));
    bad = x->bad;
    an_rows rows = an_picture_index_rows(x);
    for (int64_t p = 0; !more && p < rows.count; p++) {
        uint8_t pixels[SIDE * SIDE * 3];
        float expected[DIMS];
        an_picture picture;
        if (an_data_source_picture(x->pictures->source, x->pictures->samples[p].item, &picture)) {
            assert_null(rows.row[p]);
            continue;
        }
        expect_ok(an_fit_picture(pixels, maker.fit, &picture));
        an_picture_free(&picture);
        features_of(pixels, expected);
        assert_non_null(rows.row[p]);
        assert_memory_equal(rows.row[p], expected, sizeof expected);
    }
    an_picture_index_free(x);
    return computed;
}

static int refresh(alexnet_ctx *ctx, const char *identity)
{
    return refresh_some(ctx, "photos", identity, 1000);
}

static int files_of(const char *start)
{
    an_folder folder;
    int count = 0;
    expect_ok(an_folder_read(&folder, NULL, "index"));
    for (int64_t i = 0; i < folder.files.count; i++)
        count += strncmp(folder.files.at[i], start, strlen(start)) == 0;
    an_folder_free(&folder);
    return count;
}

static alexnet_ctx *set_out(int pictures)
{
    rig_write_pictures("photos", 1, pictures);
    rig_heard[0] = '\0';
    return rig_new_ctx("ref", ALEXNET_PRECISION_FP32, 2);
}

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
    assert_int_equal(refresh(ctx, "fc7"), 0);
    assert_int_equal(rig_times_heard("1 "), 0); /* no warning */
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

/* A picture that cannot be read is reported once, and tried again when it changes. */
static void test_unreadable(void **state)
{
    (void)state;
    alexnet_ctx *ctx = set_out(4);
    scratch_write("photos/class0/bad.png", "no picture", 10);
    assert_int_equal(refresh(ctx, "fc7"), 5);
    assert_int_equal(bad, 1);
    assert_int_equal(rig_times_heard("1 left out: photos/class0/bad.png"), 1);
    assert_int_equal(refresh(ctx, "fc7"), 0);
    assert_int_equal(bad, 1);
    assert_int_equal(rig_times_heard("left out"), 1);
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

/* Rows of files that were damaged or written by hand are computed again, with a warning. */
static void test_damage(void **state)
{
    (void)state;
    unsigned char *bytes;
    size_t length;
    alexnet_ctx *ctx = set_out(8);
    assert_int_equal(refresh(ctx, "fc7"), 8);
    expect_ok(an_file_read("index/fc7-000001.safetensors", 1 << 20, &bytes, &length));
    for (size_t cut = 0; cut < length; cut += length / 23 + 1) {
        rig_heard[0] = '\0';
        scratch_remove("index");
        assert_int_equal(refresh(ctx, "fc7"), 8);
        scratch_write("index/fc7-000001.safetensors", (const char *)bytes, cut);
        assert_int_equal(refresh(ctx, "fc7"), 4);
        assert_int_equal(files_of("fc7-"), 2);
        assert_int_equal(rig_times_heard("its pictures are computed again"), 1);
    }
    unsigned char *zero = memmem(bytes, length, "000.png", 8);
    zero = zero ? zero : memmem(bytes, length, "004.png", 8);
    assert_non_null(zero);
    zero[7] = 'x'; /* joins two names into one */
    scratch_write("index/fc7-000001.safetensors", (const char *)bytes, length);
    rig_heard[0] = '\0';
    refresh(ctx, "fc7");
    assert_int_equal(rig_times_heard("expected one name for each of 4 pictures"), 1);
    an_free(bytes);
    scratch_write("index/fc7-00.safetensors.txt", "x", 1); /* not ours */
    assert_int_equal(refresh(ctx, "fc7"), 0);
    alexnet_ctx_free(ctx);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {IN_SCRATCH(test_changes), IN_SCRATCH(test_stops),
                                       IN_SCRATCH(test_unreadable), IN_SCRATCH(test_damage)};
    return cmocka_run_group_tests_name("the index of a folder", tests, NULL, NULL);
}
