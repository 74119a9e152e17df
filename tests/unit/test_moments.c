/*
 * Statistics of pictures: sums against sums in double precision over the same pixels, eigenvectors
 * against the matrix. Mean and covariance are sums of integers, divided once: a few roundings of
 * double, hence the tolerance.
 */
#include "source_rig.h"

#include <math.h>

#include "data/loader/moments.h"

enum { SIDE = 5, AREA = SIDE * SIDE, PICTURES = 4, BAD = 2 };
static const double TOLERANCE = 1e-12;

static uint8_t pixel(int n, int i, int c)
{
    return (uint8_t)(n * 91 + i * i * (c + 3) + 40 * c + (i * n % 7) * 30);
}

static void fill(an_moments *m, bool backwards)
{
    uint8_t pixels[2][AREA][3];
    an_loaded pictures[2];
    for (int b = 0; b < PICTURES / 2; b++) {
        for (int i = 0; i < 2; i++) {
            const int n = backwards ? PICTURES - 1 - (2 * b + i) : 2 * b + i;
            pictures[i] = (an_loaded){.status = n == BAD ? ALEXNET_ERROR_FORMAT : ALEXNET_OK};
            for (int p = 0; p < AREA; p++)
                for (int c = 0; c < 3; c++)
                    pixels[i][p][c] = n == BAD ? 255 : pixel(n, p, c);
        }
        an_batch batch = {2 * b, 2, &pixels[0][0][0], pictures};
        an_moments_add(m, &batch);
    }
}

static void expect_near(double found, double wanted, double scale)
{
    if (!(fabs(found - wanted) <= TOLERANCE * scale))
        fail_msg("%.17g, expected %.17g", found, wanted);
}

static void test_sums(void **state)
{
    (void)state;
    an_moments m, again;
    an_colour_stats colours, same;
    double mean[3] = {0}, covariance[3][3] = {{0}};
    const double n = (PICTURES - 1) * AREA;
    assert_int_equal(an_moments_new(&m, SIDE), ALEXNET_OK);
    assert_int_equal(an_moments_new(&again, SIDE), ALEXNET_OK);
    fill(&m, false);
    fill(&again, true);
    assert_int_equal(m.pictures, PICTURES - 1);
    for (int k = 0; k < PICTURES; k++)
        for (int p = 0; p < AREA && k != BAD; p++)
            for (int c = 0; c < 3; c++)
                mean[c] += pixel(k, p, c) / n;
    for (int k = 0; k < PICTURES; k++)
        for (int p = 0; p < AREA && k != BAD; p++)
            for (int c = 0; c < 3; c++)
                for (int d = 0; d < 3; d++)
                    covariance[c][d] += (pixel(k, p, c) - mean[c]) * (pixel(k, p, d) - mean[d]) / n;
    an_moments_colours(&colours, &m);
    an_moments_colours(&same, &again);
    assert_memory_equal(&colours, &same, sizeof same); /* in any order, bit for bit */
    for (int c = 0; c < 3; c++) {
        expect_near(colours.mean[c], mean[c], 255);
        for (int d = 0; d < 3; d++)
            expect_near(colours.covariance[c][d], covariance[c][d], 255 * 255);
    }
    an_moments_free(&m);
    an_moments_free(&again);
    assert_int_equal(an_moments_new(&m, SIDE), ALEXNET_OK);
    an_moments_colours(&colours, &m); /* of nothing */
    assert_true(colours.eigenvalues[0] == 0 && colours.mean[2] == 0);
    an_moments_free(&m);
}

/* A v = lambda v, unit length, right angles, order and sign. */
static void check_eigen(const double a[3][3], double scale)
{
    double values[3], v[3][3];
    an_eigen3(values, v, a);
    for (int i = 0; i < 3; i++) {
        assert_true(i == 0 || values[i] <= values[i - 1]);
        double largest = 0;
        for (int k = 0; k < 3; k++) {
            largest = fabs(v[i][k]) > fabs(largest) ? v[i][k] : largest;
            double image = 0;
            for (int j = 0; j < 3; j++)
                image += (k <= j ? a[k][j] : a[j][k]) * v[i][j];
            expect_near(image, values[i] * v[i][k], scale);
        }
        assert_true(largest > 0);
        for (int j = 0; j < 3; j++)
            expect_near(v[i][0] * v[j][0] + v[i][1] * v[j][1] + v[i][2] * v[j][2], i == j, 1);
    }
}

static void test_eigenvectors(void **state)
{
    (void)state;
    /* ImageNet's colours, as torchvision's users know them: standard deviations of 58.4, 57.1 and
     * 57.4, nearly grey; a diagonal matrix; equal values; a singular one; one with a negative
     * eigenvalue and a tiny element; zero. */
    static const double matrices[][3][3] = {{{3410, 3100, 2800}, {0, 3262, 3070}, {0, 0, 3294}},
                                            {{1, 0, 0}, {0, 3, 0}, {0, 0, 2}},
                                            {{2, 0, 0}, {0, 2, 0}, {0, 0, 2}},
                                            {{1, 1, 1}, {0, 1, 1}, {0, 0, 1}},
                                            {{1, -5, 0}, {0, 1, 1e-9}, {0, 0, 1}},
                                            {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}}};
    for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++)
        check_eigen(matrices[i], i == 0 ? 10000 : 6); /* about the largest eigenvalue */
    /* The paper's axes (section 4.1, figures of cuda-convnet2), recovered from their covariance. */
    static const double axes[3][3] = {
        {-0.5635, -0.5762, -0.5920}, {-0.7126, -0.0235, 0.7012}, {0.4180, -0.8170, 0.3973}};
    static const double deviations[3] = {121.780, 37.094, 19.721};
    double a[3][3] = {{0}}, values[3], v[3][3];
    for (int i = 0; i < 3; i++)
        for (int c = 0; c < 3; c++)
            for (int d = 0; d < 3; d++)
                a[c][d] += deviations[i] * deviations[i] * axes[i][c] * axes[i][d];
    an_eigen3(values, v, a);
    for (int i = 0; i < 3; i++) {
        double cosine = 0;
        for (int c = 0; c < 3; c++)
            cosine += v[i][c] * axes[i][c];
        assert_true(fabs(sqrt(values[i]) / deviations[i] - 1) < 1e-3);
        assert_true(fabs(fabs(cosine) - 1) < 1e-3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums),
                                       cmocka_unit_test(test_eigenvectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
