/*
 * Distances of LPIPS and their gradients, against PyTorch in float64 (tools/make_lpips_goldens.py),
 * of pictures that have neither the network's size nor are square.
 *
 * The golden file's sensitivity is how far the distance moves if every feature moves by the root
 * mean square of its layer. In float32 features are off by 2^-20 of that: sums of up to 72
 * products, 4 standard deviations, 4 * sqrt(72) * 2^-25. On ref, which computes in double, they are
 * rounded when they are read, by 2^-24 of themselves. Gradients: on ref 2^-20 of the largest,
 * because the features that they are computed from are rounded; in float32 2^-15, the bound of the
 * parameters' gradients in test_steps.c.
 */
#include "golden/golden_rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "infer/distance.h"

enum { CLASSES = 5, ROWS = 59, COLUMNS = 75, COUNT = 3 * ROWS * COLUMNS, UNIT_PICTURE = 200 };
enum { PARTS = 5 };

static an_distance_picture *look(const golden *g, an_distance *distance, int index)
{
    static float levels[COUNT];
    an_distance_picture *picture;
    for (int i = 0; i < COUNT; i++)
        levels[i] = (float)(an_random(g->seed, AN_PURPOSE_TEST, 0, (uint64_t)i / 4,
                                      UNIT_PICTURE + (uint32_t)index)
                                .v[i % 4] >>
                            16) /
                    256;
    expect_ok(an_distance_look(&picture, distance, levels, ROWS, COLUMNS, "picture"));
    return picture;
}

static void check_network(const char *name, const char *device)
{
    char path[64], file[64];
    alexnet_network *network;
    golden g;
    an_distance *distance;
    int64_t count;
    const bool ref = strcmp(device, "ref") == 0;
    static float gradient[COUNT];
    static double wide[COUNT];
    double parts[PARTS], value, sum = 0;
    if (!golden_has_device(device))
        return;
    snprintf(path, sizeof path, "golden/steps/%s.ini", name);
    snprintf(file, sizeof file, "golden/lpips/%s.safetensors", name);
    expect_ok(an_network_load(&network, path, CLASSES));
    golden_open(&g, file, network, device, false);
    double *expected = golden_tensor(&g, "gradient", &count);
    assert_int_equal(count, COUNT);
    double *sensitivity = golden_tensor(&g, "sensitivity", &count);
    double *expected_parts = golden_tensor(&g, "parts", &count);
    assert_int_equal(count, PARTS);
    expect_ok(an_distance_new(&distance, g.net, file, 0));
    an_distance_picture *a = look(&g, distance, 0), *b = look(&g, distance, 1);
    expect_ok(an_distance_between(distance, a, b, &value, parts, gradient));
    for (int i = 0; i < COUNT; i++)
        wide[i] = gradient[i];
    for (int i = 0; i < PARTS; i++)
        sum += expected_parts[i];
    double share = ref ? 0x1p-23 : 0x1p-20;
    double worst_value = golden_close_to("distance", &value, &sum, 1, share * *sensitivity);
    golden_close_to("parts", parts, expected_parts, PARTS, share * *sensitivity);
    double worst = golden_close_to("gradient", wide, expected, COUNT,
                                   (ref ? 0x1p-20 : 0x1p-15) * golden_largest(expected, COUNT));
    print_message("%s on %s: %.9f, off by %.2g, %.2g and %.2g of what is allowed\n", name, device,
                  value, value - sum, worst_value, worst);
    an_distance_picture_free(a);
    an_distance_picture_free(b);
    an_distance_free(distance);
    an_free(expected);
    an_free(sensitivity);
    an_free(expected_parts);
    golden_close(&g);
}

static void check_all(const char *device)
{
    check_network("2012", device);
    check_network("bvlc", device);
    check_network("owt", device);
}

int main(void)
{
    return golden_run("golden lpips", check_all);
}
