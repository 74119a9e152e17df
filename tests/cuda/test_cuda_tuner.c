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
#include "speed/tune_trials.h"

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

/* A search that has ended. @param text  of the network */
static alexnet_tuner *search(const char *text, alexnet_precision precision, int batch)
{
    char net[] = "/tmp/alexnet-tuner-XXXXXX.ini";
    alexnet_tuner *tuner;
    alexnet_bench_options options = ALEXNET_BENCH_OPTIONS_INIT;
    double fraction;
    bool more = true;
    const int file = mkstemps(net, 4);
    assert_true(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    close(file);
    alexnet_ctx *ctx = rig_ctx("cuda", precision, 1);
    ctx->log = count_line;
    options.net = net;
    options.mode = ALEXNET_BENCH_TRAIN;
    options.batch = batch;
    options.steps = 1;
    expect_ok(an_tuner_new(&tuner, ctx, &options));
    while (more)
        expect_ok(an_tuner_step(tuner, &fraction, &more));
    an_ctx_release(ctx);
    unlink(net);
    return tuner;
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
    char path[] = "/tmp/alexnet-tuning-XXXXXX";
    (void)state;
    fake_reset();
    close(mkstemp(path));
    alexnet_tuner *tuner = search(small, ALEXNET_PRECISION_FP32, BATCH);
    expect_ok(an_tuner_save(tuner, path));
    an_tuner_free(tuner);
    const char *text = read_text(path);
    assert_int_equal(count(text, "\nisa = sm_90\n"), 4);
    assert_int_equal(count(text, "\nprocessor = a fake, 8 GiB\nlibrary = cuDNN 9.19.0, "), 4);
    assert_int_equal(count(text, "\ndeterministic = no\n"), 4);
    assert_int_equal(count(text, "\nbatch = 4\n"), 4);
    assert_int_equal(count(text, "\ntail = relu\n"), 2);
    assert_int_equal(count(text, "\ntail = bias\n"), 1);
    assert_int_equal(count(text, "\ntail = none\n"), 1);
    assert_int_equal(count(text, "forward = proposal-"), 4);
    assert_int_equal(taken_out, 0);
    unlink(path);
    assert_int_equal(fake_count.live, 0);
}

/* ---- Two columns at a time ------------------------------------------------------------------- */

/* A first convolution that can be computed in pairs of columns, of 8 outputs. */
static const char pairable[] =
    "[input]\nsize = 21\nside = 21\n"
    "[c]\ntype = conv\ninputs = input\nfilters = 8\nfilterSize = 5\nstride = 2\nround = floor\n"
    "neuron = relu\n"
    "[p]\ntype = pool\ninputs = c\nsizeX = 3\nstride = 2\nround = ceil\n"
    "[q]\ntype = pool\ninputs = p\nsizeX = 4\nstride = 4\nround = ceil\n"
    "[f]\ntype = fc\ninputs = q\noutputs = classes\n"
    "[s]\ntype = softmax\ninputs = f\n";

static bool pairs_are_fast;

/* Steps end with the gradients of the first convolution. */
static cudaError_t elapsed(float *milliseconds, cudaEvent_t first, cudaEvent_t second)
{
    (void)first, (void)second;
    *milliseconds = (fake_count.last_outputs == 16) == pairs_are_fast ? 1 : 2;
    return cudaSuccess;
}

/* Trials of proposals compute one column at a time. What they advise is compared with pairs, if the
 * backend chooses these where no tuning speaks. */
static void test_pairs(void **state)
{
    an_cuda_libs *libs = (an_cuda_libs *)an_cuda_libs_runtime();
    const an_cuda_libs before = *libs;
    (void)state;
    for (int fast = 0; fast < 2; fast++) {
        fake_reset();
        libs->cudaEventElapsedTime = elapsed;
        pairs_are_fast = fast;
        alexnet_tuner *tuner = search(pairable, ALEXNET_PRECISION_TF32, 1);
        char *advice = an_tune_request(tuner, tuner->count - 1);
        assert_non_null(advice);
        assert_int_equal(count(advice, "operator = conv"), 1);
        assert_int_equal(count(advice, "tail = bias-pairs\n"), fast);
        an_free(advice);
        an_tuner_free(tuner);
        *libs = before;
        assert_int_equal(fake_count.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_search), cmocka_unit_test(test_pairs)};
    return cmocka_run_group_tests_name("a search for a tuning on a fake GPU", tests, NULL, NULL);
}
