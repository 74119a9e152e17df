/*
 * A search for a tuning on a fake GPU (speed/tune.h): its file is for the batch that was measured.
 */
#include "ops/ops_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/cuda/trial.h"
#include "base/alloc.h"
#include "cuda/fake.h"
#include "speed/tune.h"

enum { BATCH = 4 };

/* Two convolutions and two fully connected layers of the same size, which differ in what follows
 * them. */
static const char small[] = "[input]\nsize = 6\nside = 6\n"
                            "[c1]\ntype = conv\ninputs = input\nfilters = 8\nfilterSize = 3\n"
                            "padding = 1\nneuron = relu\n"
                            "[c2]\ntype = conv\ninputs = c1\nfilters = 8\nfilterSize = 3\n"
                            "padding = 1\nneuron = relu\n"
                            "[c3]\ntype = conv\ninputs = c2\nfilters = 8\nfilterSize = 3\n"
                            "padding = 1\nneuron = relu\n"
                            "[p3]\ntype = pool\ninputs = c3\nsizeX = 3\nstride = 2\nround = ceil\n"
                            "[f1]\ntype = fc\ninputs = p3\noutputs = classes\n"
                            "[p]\ntype = softmax\ninputs = f1\n";

static int taken_out;

static void count_line(void *user, alexnet_log_level level, const char *line)
{
    (void)user, (void)level;
    taken_out += strstr(line, "is left out") != NULL;
}

static char *read_text(const char *path)
{
    static char text[1 << 16];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static char *search(const char *net, const char *path)
{
    alexnet_tuner *tuner;
    alexnet_bench_options options = ALEXNET_BENCH_OPTIONS_INIT;
    double fraction;
    bool more = true;
    alexnet_ctx *ctx = rig_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    ctx->log = count_line;
    options.net = net;
    options.mode = ALEXNET_BENCH_TRAIN;
    options.batch = BATCH;
    options.steps = 1;
    expect_ok(an_tuner_new(&tuner, ctx, &options));
    while (more)
        expect_ok(an_tuner_step(tuner, &fraction, &more));
    expect_ok(an_tuner_save(tuner, path));
    an_tuner_free(tuner);
    an_ctx_release(ctx);
    return read_text(path);
}

static int count(const char *text, const char *part)
{
    int found = 0;
    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
        found++;
    return found;
}

static void test_search(void **state)
{
    char folder[] = "/tmp/alexnet-tuner-XXXXXX", net[64], path[64];
    (void)state;
    fake_reset();
    assert_non_null(mkdtemp(folder));
    snprintf(net, sizeof net, "%s/small.ini", folder);
    snprintf(path, sizeof path, "%s/tuning.ini", folder);
    FILE *file = fopen(net, "w");
    assert_non_null(file);
    fputs(small, file);
    fclose(file);
    const char *text = search(net, path);
    assert_int_equal(count(text, "\nisa = sm_90\n"), 4);
    assert_int_equal(count(text, "\nprocessor = a fake, 8 GiB\nlibrary = cuDNN 9.19.0, "), 4);
    assert_int_equal(count(text, "\ndeterministic = no\n"), 4);
    assert_int_equal(count(text, "\nbatch = 4\n"), 4);
    assert_int_equal(count(text, "\ntail = relu\n"), 2);
    assert_int_equal(count(text, "\ntail = bias\n"), 1);
    assert_int_equal(count(text, "\ntail = none\n"), 1);
    assert_int_equal(count(text, "forward = proposal-"), 4);
    assert_int_equal(taken_out, 0);
    unlink(net);
    unlink(path);
    rmdir(folder);
    assert_int_equal(fake_count.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_search)};
    return cmocka_run_group_tests_name("a search for a tuning on a fake GPU", tests, NULL, NULL);
}
