/*
 * First weights: the distributions that the network file or the recipe asks for, and that they
 * depend on the seed alone.
 *
 * Bounds on n draws: a mean is within 5 deviations / sqrt(n), a variance within 5 sqrt(2 / n) of
 * itself, the share within one deviation (0.6827) within 5 * 0.47 / sqrt(n). Seeds are fixed.
 */
#include "net_rig.h"

#include "base/random.h"
#include "train/init.h"

static const char text[] =
    "[input]\nsize = 30\nside = 32\nmean = 10 20 30\nscale = 0.5 1 2\nchannels = bgr\n"
    "[c]\ntype = conv\ninputs = input\nfilters = 64\nfilterSize = 5\ninitW = 0.25\ninitB = -3\n"
    "[d]\ntype = conv\ninputs = c\nfilters = 100\nfilterSize = 3\ninitW = he\n"
    "[e]\ntype = conv\ninputs = d\ngroups = 2\nfilters = 50\nfilterSize = 3\ninitW = uniform\n"
    "initB = uniform\n"
    "[f]\ntype = fc\ninputs = e\noutputs = classes\n"
    "[p]\ntype = softmax\ninputs = f\n";

static an_net *open_text(const char *from)
{
    return rig_net("ref", rig_parse(from, 7), false);
}

static void init(an_net *net, const char *how, const char *seed)
{
    alexnet_recipe *r;
    expect_ok(an_recipe_new(&r));
    expect_ok(an_recipe_set(r, "init", how));
    expect_ok(an_recipe_set(r, "seed", seed));
    expect_ok(an_init_weights(net, r));
    an_recipe_free(r);
}

static double *read_param(an_net *net, const char *name, int64_t *count)
{
    int index = an_net_find(net, name);
    assert_true(index >= 0);
    *count = net->params[index].count;
    double *values = an_calloc((size_t)*count, sizeof *values);
    assert_non_null(values);
    expect_ok(an_net_read(net, AN_VALUES, index, values, AN_F64));
    return values;
}

static void expect_normal(an_net *net, const char *name, double deviation)
{
    int64_t n;
    double *values = read_param(net, name, &n), sum = 0, squares = 0, within = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += values[i];
        squares += values[i] * values[i];
        within += fabs(values[i]) < deviation;
    }
    double root = sqrt((double)n), variance = squares / (double)n;
    assert_true(fabs(sum / (double)n) < 5 * deviation / root);
    assert_true(fabs(variance / (deviation * deviation) - 1) < 5 * sqrt(2.0) / root);
    assert_true(fabs(within / (double)n - 0.6827) < 5 * 0.47 / root);
    an_free(values);
}

static void expect_uniform(an_net *net, const char *name, double bound)
{
    int64_t n;
    double *values = read_param(net, name, &n), sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) {
        assert_true(fabs(values[i]) <= bound);
        sum += values[i];
        squares += values[i] * values[i];
    }
    double root = sqrt((double)n), variance = bound * bound / 3;
    assert_true(fabs(sum / (double)n) < 5 * sqrt(variance) / root);
    assert_true(fabs(squares / (double)n / variance - 1) < 5 * sqrt(0.8) / root);
    an_free(values);
}

static void expect_all(an_net *net, const char *name, double value)
{
    int64_t n;
    double *values = read_param(net, name, &n);
    for (int64_t i = 0; i < n; i++)
        assert_true(values[i] == value);
    an_free(values);
}

static void test_as_the_network_says(void **state)
{
    (void)state;
    an_net *net = open_text(text);
    init(net, "net", "1");
    expect_normal(net, "c.weight", 0.25);
    expect_all(net, "c.bias", -3);
    expect_normal(net, "d.weight", sqrt(2.0 / (64 * 9)));
    expect_all(net, "d.bias", 0);
    expect_uniform(net, "e.weight", 1 / sqrt(50 * 9.0)); /* 50 maps of its group */
    expect_uniform(net, "e.bias", 1 / sqrt(50 * 9.0));
    expect_normal(net, "f.weight", 0.01); /* the default */
    an_net_release(net);
}

static void test_safe(void **state)
{
    (void)state;
    an_net *net = open_text(text);
    init(net, "safe", "1");
    double scale = sqrt((0.5 * 0.5 + 1 * 1 + 2 * 2) / 3); /* of red, green and blue together */
    expect_normal(net, "c.weight", sqrt(2.0 / 75) / (58 * scale));
    expect_normal(net, "d.weight", sqrt(2.0 / (64 * 9)));
    expect_normal(net, "e.weight", sqrt(2.0 / (50 * 9)));
    expect_normal(net, "f.weight", 0.01); /* before the softmax */
    expect_all(net, "c.bias", 0);
    expect_all(net, "e.bias", 0);
    an_net_release(net);
}

/* A fixed mean is stored in the order of the network's channels, as the file gives it. */
static void test_the_fixed_mean(void **state)
{
    (void)state;
    an_net *net = open_text(text);
    int64_t n;
    init(net, "safe", "1");
    double *mean = read_param(net, "input.mean", &n);
    assert_int_equal(n, 3);
    assert_true(mean[0] == 10 && mean[1] == 20 && mean[2] == 30);
    an_free(mean);
    an_net_release(net);
    net = open_text("[input]\nsize = 3\nside = 3\nmean = 120\nchannels = grey\n"
                    "[f]\ntype = fc\ninputs = input\noutputs = classes\n"
                    "[p]\ntype = softmax\ninputs = f\n");
    init(net, "safe", "1");
    mean = read_param(net, "input.mean", &n);
    assert_int_equal(n, 1);
    assert_true(mean[0] == 120);
    an_free(mean);
    an_net_release(net);
}

static void test_the_seed(void **state)
{
    (void)state;
    an_net *a = open_text(text), *b = open_text(text);
    int64_t n;
    init(a, "net", "5");
    init(b, "net", "5");
    for (int i = 0; i < a->count; i++) {
        double *x = read_param(a, a->params[i].name, &n), *y = read_param(b, b->params[i].name, &n);
        assert_memory_equal(x, y, (size_t)n * sizeof *x);
        an_free(x);
        an_free(y);
    }
    init(b, "net", "6");
    double *x = read_param(a, "d.weight", &n), *y = read_param(b, "d.weight", &n);
    int64_t equal = 0;
    for (int64_t i = 0; i < n; i++)
        equal += x[i] == y[i];
    assert_true(equal < 3);
    an_free(x);
    an_free(y);
    an_net_release(a);
    an_net_release(b);
}

/* Parameters are drawn independently: d and f are uncorrelated. */
static void test_parameters_differ(void **state)
{
    (void)state;
    an_net *net = open_text(text);
    int64_t n, m;
    double product = 0, x2 = 0, y2 = 0;
    init(net, "net", "1");
    double *x = read_param(net, "d.weight", &n), *y = read_param(net, "f.weight", &m);
    int64_t both = n < m ? n : m;
    for (int64_t i = 0; i < both; i++) {
        product += x[i] * y[i];
        x2 += x[i] * x[i];
        y2 += y[i] * y[i];
    }
    assert_true(fabs(product / sqrt(x2 * y2)) < 5 / sqrt((double)both));
    an_free(x);
    an_free(y);
    an_net_release(net);
}

/* Weights that are drawn in several pieces, by one thread or three: each is that of its place, of
 * the numbers that test_seed compares with the published generator. */
static void test_every_place(void **state)
{
    (void)state;
    static const char large[] = "[input]\nsize = 16\nside = 16\nmean = none\n"
                                "[f]\ntype = fc\ninputs = input\noutputs = 511\ninitW = 0.25\n"
                                "[g]\ntype = fc\ninputs = f\noutputs = classes\n"
                                "[p]\ntype = softmax\ninputs = g\n";
    for (int threads = 1; threads <= 3; threads += 2) {
        alexnet_ctx *ctx = rig_ctx("ref", ALEXNET_PRECISION_FP32, threads);
        alexnet_network *network = rig_parse(large, 7);
        an_net *net;
        int64_t n;
        expect_ok(an_net_new(&net, ctx, network, false));
        init(net, "net", "5");
        const uint32_t param = (uint32_t)an_net_find(net, "f.weight");
        double *values = read_param(net, "f.weight", &n), drawn[2];
        assert_int_equal(n, 768 * 511);
        for (int64_t i = 0; i < n; i++) {
            const an_random4 r = an_random(5, AN_PURPOSE_WEIGHTS, 0, (uint64_t)i / 4, param);
            an_normal2(r.v[i % 4 / 2 * 2], r.v[i % 4 / 2 * 2 + 1], drawn);
            assert_true(values[i] == 0.25 * drawn[i % 2]);
        }
        an_free(values);
        an_net_release(net);
        an_network_release(network);
        an_ctx_release(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_the_network_says), cmocka_unit_test(test_safe),
        cmocka_unit_test(test_the_fixed_mean),      cmocka_unit_test(test_the_seed),
        cmocka_unit_test(test_parameters_differ),   cmocka_unit_test(test_every_place),
    };
    return cmocka_run_group_tests_name("first weights", tests, NULL, NULL);
}
