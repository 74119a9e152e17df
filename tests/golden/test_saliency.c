/*
 * Gradients of a class with respect to the pixels, against PyTorch in float64
 * (tools/make_saliency_goldens.py): preprocessing and channel order included.
 *
 * They are read in float32. On ref, which computes in double, each is off by its own rounding and
 * that of the scale, below 2^-22 of it. In float32 the bound is that of the parameters' gradients
 * in test_steps.c, 2^-15 of the largest.
 */
#include "golden/golden_rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "infer/centre.h"
#include "infer/saliency.h"

enum { CLASSES = 5, CLASS = 3, UNIT_PICTURE = 200 };

/* The picture of the golden file, as the network sees it. */
static uint8_t *draw_crop(const golden *g)
{
    const an_input *input = &g->network->input;
    size_t bytes = (size_t)input->side * (size_t)input->side * 3;
    uint8_t *stored = an_malloc(bytes), *crop = an_malloc(bytes);
    assert_non_null(stored);
    assert_non_null(crop);
    for (size_t i = 0; i < bytes; i++)
        stored[i] =
            (uint8_t)(an_random(g->seed, AN_PURPOSE_TEST, 0, i / 4, UNIT_PICTURE).v[i % 4] >> 24);
    an_centre_copy(crop, g->network, stored);
    an_free(stored);
    return crop;
}

static double *widen(const float *values, int64_t count)
{
    double *wide = an_calloc((size_t)count, sizeof *wide);
    assert_non_null(wide);
    for (int64_t i = 0; i < count; i++)
        wide[i] = values[i];
    return wide;
}

/* The map must hold the largest magnitude of each pixel's three gradients. */
static void check_map(const float *map, const float *gradient, int64_t pixels)
{
    for (int64_t i = 0; i < pixels; i++) {
        float largest = 0;
        for (int c = 0; c < 3; c++)
            largest = fmaxf(largest, fabsf(gradient[3 * i + c]));
        assert_true(map[i] == largest);
    }
}

static void check_network(const char *name, const char *device)
{
    char path[64], file[64];
    alexnet_network *network;
    golden g;
    an_saliency *saliency;
    int64_t count, classes;
    const bool ref = strcmp(device, "ref") == 0;
    if (!golden_has_device(device))
        return;
    snprintf(path, sizeof path, "golden/steps/%s.ini", name);
    snprintf(file, sizeof file, "golden/saliency/%s.safetensors", name);
    expect_ok(an_network_load(&network, path, CLASSES));
    golden_open(&g, file, network, device, false);
    double *expected = golden_tensor(&g, "gradient", &count);
    double *scores = golden_tensor(&g, "scores", &classes);
    float *gradient = an_calloc((size_t)count, sizeof *gradient);
    float *map = an_calloc((size_t)count / 3, sizeof *map), score;
    uint8_t *crop = draw_crop(&g);
    assert_true(gradient && map);
    assert_int_equal(classes, CLASSES);
    expect_ok(an_saliency_new(&saliency, g.net));
    expect_ok(an_saliency_compute(saliency, crop, 0, &score, gradient, NULL));
    expect_ok(an_saliency_compute(saliency, crop, CLASS, &score, gradient, map));
    double *got = widen(gradient, count), wide = score;
    double worst = golden_close_to("gradient", got, expected, count,
                                   (ref ? 0x1p-22 : 0x1p-15) * golden_largest(expected, count));
    golden_close_to("score", &wide, &scores[CLASS], 1,
                    (ref ? 0x1p-22 : 0x1p-15) * golden_largest(scores, classes));
    check_map(map, gradient, count / 3);
    print_message("%s on %s: at most %.2g of what is allowed\n", name, device, worst);
    an_saliency_free(saliency);
    an_free(crop);
    an_free(got);
    an_free(map);
    an_free(gradient);
    an_free(scores);
    an_free(expected);
    golden_close(&g);
}

static void check_all(const char *device)
{
    check_network("paper", device);
    check_network("2012", device);
    check_network("bvlc", device);
    check_network("owt", device);
}

int main(void)
{
    return golden_run("golden saliency", check_all);
}
