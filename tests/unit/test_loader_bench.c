/*
 * The measurement of the loader: what it counts, and that it gives back what it takes. Speed is not
 * tested: of a measured time only what holds for every time.
 */
#include "source_rig.h"

#include "expect.h"
#include "speed/loader_bench.h"

static unsigned char *jpeg; /* of tests/golden, which is out of reach from the scratch folder */
static size_t jpeg_length;

/* Three JPEGs, a PNG, and a file that is no picture. @return the bytes of all five */
static double write_photos(void)
{
    static const uint8_t rgb[8 * 8 * 3];
    static const char *const jpegs[] = {"photos/a/1.jpg", "photos/a/2.jpg", "photos/b/1.jpg"};
    size_t png_length;
    for (int i = 0; i < 3; i++) {
        put(jpegs[i]);
        scratch_write(jpegs[i], jpeg, jpeg_length);
    }
    write_png("photos/b/2.png", rgb, 8, 8);
    scratch_text("photos/b/3.jpg", "no picture");
    free(scratch_read("photos/b/2.png", &png_length));
    return 3.0 * (double)jpeg_length + (double)png_length + (double)strlen("no picture");
}

static void measure(alexnet_loader_speed *speed, alexnet_ctx *ctx, const alexnet_dataset *data,
                    int rounds, int64_t pictures)
{
    alexnet_loader_bench_options options = ALEXNET_LOADER_BENCH_OPTIONS_INIT;
    alexnet_loader_bench *bench;
    options.net = "alexnet-mini";
    options.batch = 2;
    options.rounds = rounds;
    options.pictures = pictures;
    expect_ok(alexnet_loader_bench_new(&bench, ctx, data, &options));
    for (int i = 0; i <= rounds; i++) { /* the first is not measured */
        bool more;
        expect_ok(alexnet_loader_bench_step(bench, &more));
        assert_int_equal(more, i < rounds);
        alexnet_loader_bench_speed(bench, speed);
        assert_int_equal(speed->rounds, i);
        assert_int_equal(speed->median > 0, i > 0);
    }
    assert_string_equal(speed->net, "alexnet-mini");
    alexnet_loader_bench_free(bench);
}

static void test_counts(void **state)
{
    enum { THREADS = 2, ROUNDS = 2 };
    const double bytes = write_photos();
    const int64_t live = an_alloc_live();
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    alexnet_ctx *ctx;
    alexnet_dataset *data;
    alexnet_loader_speed speed;
    (void)state;
    options.threads = THREADS;
    expect_ok(alexnet_ctx_new(&ctx, &options));
    expect_ok(alexnet_dataset_open(&data, ctx, "photos", NULL));
    measure(&speed, ctx, data, ROUNDS, 2000); /* more than there are */
    assert_int_equal(speed.pictures, 5);
    assert_int_equal(speed.bad, 1);
    assert_int_equal(speed.jpegs, 3);
    assert_true(speed.bytes == bytes);
    assert_true(speed.least <= speed.most && speed.median == (speed.least + speed.most) / 2);
    assert_true(speed.decoder > 0);
    /* the loader's threads and the calling one; the system's clock for them may tick slowly */
    assert_true(speed.processor <= (THREADS + 1) * speed.most + 0.05);
    measure(&speed, ctx, data, 1, 2);
    assert_int_equal(speed.pictures, 2);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
    assert_int_equal(an_alloc_live(), live);
}

/* What libjpeg-turbo alone is given: a file that announces a picture of 4 gigapixels, for which it
 * would take memory, and one that is cut, are left out. */
static void test_hostile_jpegs(void **state)
{
    double seconds;
    (void)state;
    unsigned char *large = malloc(jpeg_length), *frame = NULL;
    assert_non_null(large);
    memcpy(large, jpeg, jpeg_length);
    for (size_t i = 0; i + 9 < jpeg_length && !frame; i++)
        frame = memcmp(large + i, "\xFF\xC0\x00\x11\x08", 5) == 0 ? large + i + 5 : NULL;
    assert_non_null(frame);
    const an_jpeg_file whole = {jpeg, jpeg_length}, cut = {jpeg, jpeg_length / 3};
    uint64_t before = an_alloc_count();
    expect_ok(an_jpeg_alone(&whole, 1, 1, &seconds));
    const uint64_t for_whole = an_alloc_count() - before;
    memcpy(frame, "\xFF\xDC\xFF\xDC", 4); /* height and width: the most that it takes */
    const an_jpeg_file too_large = {large, jpeg_length};
    before = an_alloc_count();
    expect_ok(an_jpeg_alone(&too_large, 1, 1, &seconds));
    assert_int_equal(an_alloc_count() - before, for_whole - 1); /* all but the pixels */
    expect_ok(an_jpeg_alone(&cut, 1, 1, &seconds));
    free(large);
}

static int read_jpeg(void **state)
{
    (void)state;
    jpeg = scratch_read("golden/pictures/rgb420.jpg", &jpeg_length);
    return 0;
}

static int free_jpeg(void **state)
{
    (void)state;
    free(jpeg);
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_counts), TEST(test_hostile_jpegs)};
    return cmocka_run_group_tests(tests, read_jpeg, free_jpeg);
}
