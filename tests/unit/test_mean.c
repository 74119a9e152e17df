/*
 * The mean of the training pictures, as an image and by channel, in both channel orders.
 */
#include "net_rig.h"

#include "train/mean.h"

enum { SIDE = 3, PIXELS = SIDE * SIDE };

static an_net *open_net(const char *mean, const char *channels)
{
    char text[512];
    snprintf(text, sizeof text,
             "[input]\nsize = 2\nside = %d\nmean = %s\nchannels = %s\n"
             "[f]\ntype = fc\ninputs = input\noutputs = classes\n"
             "[p]\ntype = softmax\ninputs = f\n",
             SIDE, mean, channels);
    return rig_net("ref", rig_parse(text, 2), false);
}

/* Pixel i of picture n in channel c. */
static uint8_t pixel(int n, int i, int c)
{
    return (uint8_t)(n * 50 + i * 7 + c * 3 + (n == 1) * i);
}

static double mean_of(int i, int c)
{
    return (pixel(0, i, c) + pixel(1, i, c) + pixel(3, i, c)) / 3.0;
}

/* Four pictures in two batches; one of them could not be read. */
static void add_pictures(an_moments *mean)
{
    uint8_t pixels[2][PIXELS][3];
    an_loaded pictures[2];
    for (int b = 0; b < 2; b++) {
        for (int n = 0; n < 2; n++) {
            bool bad = b == 1 && n == 0;
            pictures[n] = (an_loaded){.status = bad ? ALEXNET_ERROR_FORMAT : ALEXNET_OK};
            for (int i = 0; i < PIXELS; i++)
                for (int c = 0; c < 3; c++)
                    pixels[n][i][c] = bad ? 255 : pixel(2 * b + n, i, c);
        }
        an_batch batch = {2 * b, 2, &pixels[0][0][0], pictures};
        an_moments_add(mean, &batch);
    }
}

static double *store(an_net *net, int64_t *count)
{
    an_moments mean;
    expect_ok(an_moments_new(&mean, SIDE));
    add_pictures(&mean);
    assert_int_equal(mean.pictures, 3);
    expect_ok(an_mean_store(&mean, net));
    an_moments_free(&mean);
    assert_null(mean.sums);
    *count = net->params[0].count;
    double *values = an_calloc((size_t)*count, sizeof *values);
    assert_non_null(values);
    expect_ok(an_net_read(net, AN_VALUES, 0, values, AN_F64));
    return values;
}

static void check_image(const char *channels, bool bgr)
{
    an_net *net = open_net("image", channels);
    int64_t count;
    assert_true(an_mean_wanted(net));
    double *values = store(net, &count);
    assert_int_equal(count, 3 * PIXELS);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < PIXELS; i++)
            assert_true(fabs(values[c * PIXELS + i] - mean_of(i, bgr ? 2 - c : c)) < 1e-12);
    an_free(values);
    an_net_release(net);
}

static void check_channels(const char *channels, bool bgr)
{
    an_net *net = open_net("channel", channels);
    int64_t count;
    double *values = store(net, &count);
    assert_int_equal(count, 3);
    for (int c = 0; c < 3; c++) {
        double sum = 0;
        for (int i = 0; i < PIXELS; i++)
            sum += mean_of(i, bgr ? 2 - c : c);
        assert_true(fabs(values[c] - sum / PIXELS) < 1e-12);
    }
    an_free(values);
    an_net_release(net);
}

/* The grey of the mean colours, without rounding. */
static void check_grey(const char *mean)
{
    an_net *net = open_net(mean, "grey");
    int64_t count;
    double *values = store(net, &count), all = 0;
    assert_int_equal(count, strcmp(mean, "image") == 0 ? PIXELS : 1);
    for (int i = 0; i < PIXELS; i++) {
        double grey = 0.299 * mean_of(i, 0) + 0.587 * mean_of(i, 1) + 0.114 * mean_of(i, 2);
        all += grey;
        assert_true(count == 1 || fabs(values[i] - grey) < 0.003); /* shares in units of 2^-16 */
    }
    assert_true(count != 1 || fabs(values[0] - all / PIXELS) < 0.003);
    an_free(values);
    an_net_release(net);
}

static void test_means(void **state)
{
    (void)state;
    check_image("rgb", false);
    check_image("bgr", true);
    check_channels("rgb", false);
    check_channels("bgr", true);
    check_grey("image");
    check_grey("channel");
}

static void test_not_wanted(void **state)
{
    (void)state;
    an_net *none = open_net("none", "rgb"), *fixed = open_net("1 2 3", "rgb");
    assert_false(an_mean_wanted(none));
    assert_false(an_mean_wanted(fixed));
    an_net_release(none);
    an_net_release(fixed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_means),
                                       cmocka_unit_test(test_not_wanted)};
    return cmocka_run_group_tests_name("means", tests, NULL, NULL);
}
