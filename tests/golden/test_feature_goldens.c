/*
 * Features of inner layers against PyTorch in float64 (tools/make_feature_goldens.py): before and
 * after ReLUs, pooled, averaged over ten views, by our names and by those of torchvision.
 *
 * They are read in float32. On ref, which computes in double, each is off by its own rounding,
 * below 2^-23 of the largest. In float32, sums of at most 72 terms in eight layers, 4 standard
 * deviations each: 8 * 4 * sqrt(72) * 2^-24, below 2^-15 of the largest.
 */
#include "golden/golden_rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "infer/features.h"

enum { CLASSES = 5, UNIT_PICTURE = 200 };

static const char *const layers[] = {
    "conv1:pre", "conv1", "pool1", "conv2:pre", "conv2",   "pool2", "conv3", "conv4", "conv5:pre",
    "conv5",     "pool5", "fc6",   "drop7",     "fc7:pre", "fc7",   "fc8",   "drop6", "fc6:pre"};
enum { LAYERS = sizeof layers / sizeof layers[0] };

/* The picture of the golden file: as large as the stored square, so that nothing is resized. */
static void compute(const golden *g, alexnet_features *features, float *values)
{
    const int side = g->network->input.side;
    const size_t bytes = (size_t)side * (size_t)side * 3;
    uint8_t *stored = an_malloc(bytes);
    assert_non_null(stored);
    for (size_t i = 0; i < bytes; i++)
        stored[i] =
            (uint8_t)(an_random(g->seed, AN_PURPOSE_TEST, 0, i / 4, UNIT_PICTURE).v[i % 4] >> 24);
    const alexnet_pixels pixels = {stored, side, side, (size_t)side * 3, ALEXNET_PIXELS_RGB8};
    expect_ok(alexnet_features_pixels(features, &pixels, values));
    an_free(stored);
}

/* @param tensors  what the golden file calls the layers */
static void check(const golden *g, const char *const *names, const char *const *tensors, int count,
                  int views, alexnet_pooling pool)
{
    alexnet_model model = {.references = 1, .ctx = g->ctx, .net = g->net};
    alexnet_features *features;
    alexnet_feature_info info;
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    const double share = strcmp(g->ctx->device, "ref") == 0 ? 0x1p-23 : 0x1p-15;
    options.layers = names;
    options.count = count;
    options.batch = 2; /* one slot stays empty */
    options.views = views;
    options.pool = pool;
    expect_ok(alexnet_features_new(&features, &model, &options));
    float *values = an_calloc((size_t)alexnet_features_length(features), sizeof *values);
    assert_non_null(values);
    compute(g, features, values);
    for (int i = 0; i < count; i++) {
        int64_t n;
        double *expected = golden_tensor(g, tensors[i], &n);
        assert_true(alexnet_features_get(features, i, &info));
        assert_int_equal(info.length, n);
        double *got = an_calloc((size_t)n, sizeof *got);
        assert_non_null(got);
        for (int64_t j = 0; j < n; j++)
            got[j] = values[info.offset + j];
        golden_close_to(names[i], got, expected, n, share * golden_largest(expected, n));
        an_free(got);
        an_free(expected);
    }
    an_free(values);
    alexnet_features_free(features);
}

static void check_network(const char *name, const char *device)
{
    static const char *const fc7 = "fc7", *const fc7_views = "fc7 10", *const conv5 = "conv5";
    static const char *const mean = "conv5 avg", *const before = "conv5:pre";
    static const char *const most = "conv5:pre max";
    char path[64], file[64];
    alexnet_network *network;
    golden g;
    if (!golden_has_device(device))
        return;
    snprintf(path, sizeof path, "golden/steps/%s.ini", name);
    snprintf(file, sizeof file, "golden/features/%s.safetensors", name);
    expect_ok(an_network_load(&network, path, CLASSES));
    golden_open(&g, file, network, device, false);
    check(&g, layers, layers, LAYERS, 1, ALEXNET_POOLING_NONE);
    for (int i = 0; i < LAYERS; i++)
        check(&g, &layers[i], &layers[i], 1, 1, ALEXNET_POOLING_NONE);
    check(&g, &fc7, &fc7_views, 1, 10, ALEXNET_POOLING_NONE);
    check(&g, &conv5, &mean, 1, 1, ALEXNET_POOLING_AVG);
    check(&g, &before, &most, 1, 1, ALEXNET_POOLING_MAX);
    golden_close(&g);
}

static void check_all(const char *device)
{
    check_network("paper", device);
    check_network("owt", device);
}

int main(void)
{
    return golden_run("golden features", check_all);
}
