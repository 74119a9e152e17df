/*
 * The cuda backend against ref, forward and backward, in float32, tf32 and bf16: every operator at
 * AlexNet's shapes, runs that are fused, other networks' orders, and random shapes. What is allowed
 * follows from the operands, element by element: backend/parity/parity.h. A result of 1 is the most
 * that is allowed.
 *
 * Built twice. As test_parity_cuda it needs a GPU, and is skipped without one. As
 * test_parity_cuda_host it runs on the fake device of cuda/fake.h, which computes what cuDNN and
 * cuBLASLt are asked for by plain loops and our kernels by their bodies on the host: that shows
 * that the right things are asked for, but nothing about the results of the real libraries.
 */
#include "ops/ops_rig.h"
#include "ops/random_ops.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backend/cuda/cuda.h"
#include "base/alloc.h"
#ifdef AN_CUDA_FAKE
#include "cuda/fake.h"
#endif

enum { SEED = 20120930, BACKENDS = 3 };

static an_backend *ref, *backends[BACKENDS];
static const char *const names[BACKENDS] = {"fp32", "tf32", "bf16"};

static void print_line(void *user, alexnet_log_level level, const char *line)
{
    (void)user, (void)level;
    print_message("%s\n", line);
}

static an_backend *open_cuda(alexnet_precision precision, bool deterministic)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx("cuda", precision, 1);
    ctx->log = print_line;
    ctx->deterministic = deterministic;
    expect_ok(an_cuda_api.open(&backend, ctx, 0, precision));
    an_ctx_release(ctx);
    return backend;
}

static int open_all(void **state)
{
    static const alexnet_precision precisions[BACKENDS] = {
        ALEXNET_PRECISION_FP32, ALEXNET_PRECISION_TF32, ALEXNET_PRECISION_BF16};
    (void)state;
    ref = rig_open_ref();
    for (int i = 0; i < BACKENDS; i++)
        backends[i] = open_cuda(precisions[i], false);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    for (int i = 0; i < BACKENDS; i++)
        an_backend_close(backends[i]);
    an_backend_close(ref);
    return 0;
}

static void judge(const char *precision, const char *name, const an_parity *p)
{
    print_message("%s %-28s %-36s forward %.3f dx %.3f dw %.3f\n", precision, name, p->impl,
                  p->forward, p->dx, p->dw);
    if (!(p->worst <= 1))
        fail_msg("%s %s: %s", precision, name, p->where);
}

/* ---- Shapes ---------------------------------------------------------------------------------- */

#define FIRST(KIND, N, C, H, W) .kind = AN_OP_##KIND, .n = (N), .n_inputs = 1, .in = {{C, H, W}}
#define CONV(N, C, H, K, R, STRIDE, GROUPS, PAD)                                                   \
    {                                                                                              \
        FIRST(CONV, N, C, H, H), .u.conv = { K, R, R, STRIDE, GROUPS, PAD, PAD, PAD, PAD, true }   \
    }
#define FC(N, C, H, OUTPUTS)                                                                       \
    {                                                                                              \
        FIRST(FC, N, C, H, H), .u.fc = { OUTPUTS }                                                 \
    }
#define RELU                                                                                       \
    {                                                                                              \
        .kind = AN_OP_NEURON, .u.neuron.kind = AN_RELU                                             \
    }
#define MAX_POOL                                                                                   \
    {                                                                                              \
        .kind = AN_OP_POOL, .u.pool = { AN_POOL_MAX, 3, 2, 0, true }                               \
    }
#define LRN(GROUPS)                                                                                \
    {                                                                                              \
        .kind = AN_OP_LRN, .u.lrn = { 5, GROUPS, 2, 1e-4, 0.75 }                                   \
    }
#define DROP(KIND)                                                                                 \
    {                                                                                              \
        .kind = AN_OP_DROPOUT, .u.dropout = { KIND, 0.5, 3 }                                       \
    }

/* Orders and sizes that an_parity_cases does not have. */
static const an_parity_case cases[] = {
    {"2012 conv1 + lrn + pool", 3, true, {CONV(1, 3, 51, 48, 11, 4, 1, 0), LRN(2), MAX_POOL}},
    {"caffe conv1 + relu + lrn", 3, true, {CONV(1, 3, 51, 48, 11, 4, 1, 2), RELU, LRN(1)}},
    {"small conv1 + relu + lrn", 3, true, {CONV(3, 3, 32, 12, 5, 2, 1, 2), RELU, LRN(2)}},
    {"small conv2 + relu + pool", 3, true, {CONV(5, 12, 13, 20, 3, 1, 2, 1), RELU, MAX_POOL}},
    {"augment + conv1 + relu",
     3,
     true,
     {{.kind = AN_OP_AUGMENT,
       .n = 3,
       .u.augment = {2, 60, 51, AN_MEAN_CHANNEL, AN_CHANNELS_RGB, {1, 0.5, 1}}},
      {.kind = AN_OP_CONV, .u.conv = {16, 11, 11, 4, 1, 2, 2, 2, 2, true}},
      RELU}},
    {"augment + conv of stride 1",
     3,
     true,
     {{.kind = AN_OP_AUGMENT,
       .n = 3,
       .u.augment = {2, 20, 13, AN_MEAN_NONE, AN_CHANNELS_BGR, {1, 1, 1}}},
      {.kind = AN_OP_CONV, .u.conv = {16, 3, 3, 1, 1, 1, 1, 1, 1, false}},
      RELU}},
    {"augment to grey + conv1 + relu",
     3,
     true,
     {{.kind = AN_OP_AUGMENT,
       .n = 3,
       .u.augment = {2, 60, 51, AN_MEAN_CHANNEL, AN_CHANNELS_GREY, {0.5}}},
      {.kind = AN_OP_CONV, .u.conv = {16, 11, 11, 4, 1, 2, 2, 2, 2, true}},
      RELU}},
    {"augment to grey + conv of stride 1",
     3,
     true,
     {{.kind = AN_OP_AUGMENT,
       .n = 3,
       .u.augment = {2, 20, 13, AN_MEAN_NONE, AN_CHANNELS_GREY, {1}}},
      {.kind = AN_OP_CONV, .u.conv = {16, 5, 5, 1, 1, 2, 2, 2, 2, false}},
      RELU}},
    {"conv2 + relu + pool", 3, true, {CONV(2, 96, 13, 64, 5, 1, 2, 2), RELU, MAX_POOL}},
    {"conv2 + relu + lrn", 3, true, {CONV(2, 96, 13, 64, 5, 1, 2, 2), RELU, LRN(2)}},
    {"conv2 + relu + lrn over both", 3, true, {CONV(2, 96, 13, 64, 5, 1, 2, 2), RELU, LRN(1)}},
    {"conv2 of 12 + relu + pool", 3, true, {CONV(2, 24, 13, 24, 3, 1, 2, 1), RELU, MAX_POOL}},
    {"small conv3 + relu", 2, true, {CONV(3, 48, 13, 64, 3, 1, 1, 1), RELU}},
    {"pool + lrn + relu",
     3,
     true,
     {{FIRST(POOL, 2, 36, 27, 27), .u.pool = {AN_POOL_MAX, 3, 2, 0, true}}, LRN(2), RELU}},
    {"fc6 of 7 + relu", 2, true, {FC(7, 40, 6, 300), RELU}},
    {"fc + relu + dropout", 3, true, {FC(6, 64, 1, 96), RELU, DROP(AN_DROPOUT_MASK)}},
    {"fc + relu + dropout / keep", 3, true, {FC(6, 64, 1, 96), RELU, DROP(AN_DROPOUT_INVERTED)}},
    {"fc + dropout", 2, true, {FC(6, 64, 1, 96), DROP(AN_DROPOUT_INVERTED)}},
    {"pool + dropout + fc",
     3,
     true,
     {{FIRST(POOL, 3, 40, 13, 13), .u.pool = {AN_POOL_MAX, 3, 2, 0, true}},
      DROP(AN_DROPOUT_INVERTED),
      {.kind = AN_OP_FC, .u.fc = {24}}}},
    {"conv + relu + fc",
     3,
     true,
     {CONV(3, 16, 6, 24, 3, 1, 1, 1), RELU, {.kind = AN_OP_FC, .u.fc = {50}}}},
    {"fc8 + softmax", 2, true, {FC(5, 256, 1, 1000), {.kind = AN_OP_SOFTMAX}}},
    {"conv of 33 + relu", 2, true, {CONV(33, 8, 6, 16, 3, 1, 1, 1), RELU}},
    {"fc of 40 + relu", 2, true, {FC(40, 24, 1, 16), RELU}},
    {"fc of 1 output", 1, true, {FC(3, 10, 1, 1)}},
};

/* The layers of alexnet and alexnet-owt at their whole width, which an_parity_cases cuts down. The
 * fake device would take minutes. */
static const an_parity_case whole_layers[] = {
    {"conv1 + relu + pool", 3, true, {CONV(1, 3, 224, 96, 11, 4, 1, 0), RELU, MAX_POOL}},
    {"conv1 + relu + lrn", 3, true, {CONV(1, 3, 224, 96, 11, 4, 1, 0), RELU, LRN(2)}},
    {"conv2 + relu", 2, true, {CONV(1, 96, 27, 256, 5, 1, 2, 2), RELU}},
    {"lrn2", 1, true, {{FIRST(LRN, 1, 256, 27, 27), .u.lrn = {5, 2, 2, 1e-4, 0.75}}}},
    {"pool2", 1, true, {{FIRST(POOL, 1, 256, 27, 27), .u.pool = {AN_POOL_MAX, 3, 2, 0, true}}}},
    {"conv3 + relu", 2, true, {CONV(1, 256, 13, 384, 3, 1, 1, 1), RELU}},
    {"conv4 + relu", 2, true, {CONV(1, 384, 13, 384, 3, 1, 2, 1), RELU}},
    {"conv5 + relu + pool5", 3, true, {CONV(1, 384, 13, 256, 3, 1, 2, 1), RELU, MAX_POOL}},
    {"fc6 + relu", 2, true, {FC(2, 256, 6, 4096), RELU}},
    {"fc7 + relu", 2, true, {FC(2, 4096, 1, 4096), RELU}},
    {"fc8", 1, true, {FC(2, 4096, 1, 1000)}},
    {"owt conv1 + relu + pool1", 3, true, {CONV(1, 3, 224, 64, 11, 4, 1, 2), RELU, MAX_POOL}},
    {"owt conv2 + relu + pool2", 3, true, {CONV(1, 64, 27, 192, 5, 1, 1, 2), RELU, MAX_POOL}},
    {"owt conv3 + relu", 2, true, {CONV(1, 192, 13, 384, 3, 1, 1, 1), RELU}},
    {"owt conv4 + relu", 2, true, {CONV(1, 384, 13, 256, 3, 1, 1, 1), RELU}},
    {"owt conv5 + relu + pool5", 3, true, {CONV(1, 256, 13, 256, 3, 1, 1, 1), RELU, MAX_POOL}},
};

static void run_cases(const an_parity_case *list, int count)
{
    for (int b = 0; b < BACKENDS; b++)
        for (int i = 0; i < count; i++) {
            an_parity p;
            expect_ok(an_parity_case_run(backends[b], ref, &list[i], SEED, &p));
            judge(names[b], list[i].name, &p);
        }
}

static void test_alexnet(void **state)
{
    (void)state;
#ifdef AN_CUDA_FAKE
    skip();
#endif
    run_cases(an_parity_cases, an_parity_case_count);
}

static void test_whole_layers(void **state)
{
    (void)state;
#ifdef AN_CUDA_FAKE
    skip();
#endif
    run_cases(whole_layers, sizeof whole_layers / sizeof whole_layers[0]);
}

static void test_other_networks(void **state)
{
    (void)state;
    run_cases(cases, sizeof cases / sizeof cases[0]);
}

/* Whether operators fit one another. */
static bool resolve(an_op_desc *ops, int n_ops)
{
    for (int i = 0; i < n_ops; i++) {
        if (i > 0) {
            ops[i].n = ops[0].n;
            ops[i].n_inputs = 1;
            ops[i].in[0] = ops[i - 1].out;
        }
        if (an_op_resolve(&ops[i]) != ALEXNET_OK)
            return false;
    }
    return true;
}

static an_parity run_ops(int b, const char *name, an_op_desc *ops, int n_ops,
                         const an_parity_options *options)
{
    const an_op_desc *list[AN_PARITY_MAX_OPS];
    an_parity p;
    if (!resolve(ops, n_ops))
        fail_msg("%s: %s", name, an_error_text());
    for (int i = 0; i < n_ops; i++)
        list[i] = &ops[i];
    expect_ok(an_parity_run(backends[b], ref, list, n_ops, options, &p));
    judge(names[b], name, &p);
    return p;
}

/* Without masks and gradients, where ReLU is cuDNN's. */
static void test_inference(void **state)
{
    const an_parity_options options = {.split = 1, .seed = SEED};
    (void)state;
    for (int b = 0; b < BACKENDS; b++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            an_op_desc ops[3];
            memcpy(ops, cases[i].ops, sizeof ops);
            run_ops(b, cases[i].name, ops, cases[i].n_ops, &options);
        }
}

/* The deterministic algorithms stay within the same bounds. */
static void test_deterministic(void **state)
{
    an_backend *before = backends[2];
    (void)state;
    backends[2] = open_cuda(ALEXNET_PRECISION_BF16, true);
    const an_parity_options options = {
        .training = true, .gradients = true, .split = 1, .seed = SEED};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        an_op_desc ops[3];
        memcpy(ops, cases[i].ops, sizeof ops);
        run_ops(2, cases[i].name, ops, cases[i].n_ops, &options);
    }
    an_backend_close(backends[2]);
    backends[2] = before;
}

#ifdef AN_CUDA_FAKE
/* Where cuDNN has no engine that adds a bias, our own kernels do. Not in bf16: sums would be
 * rounded before the bias is added, and exceed the bounds. cuDNN 9 has such engines for AlexNet's
 * layers in bf16 (test_cuda_engines.c). */
static void test_without_tails(void **state)
{
    enum { TF32 = 1 };
    const an_parity_options options = {
        .training = true, .gradients = true, .split = 1, .seed = SEED};
    (void)state;
    fake.no_tails = true;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        an_op_desc ops[3];
        memcpy(ops, cases[i].ops, sizeof ops);
        run_ops(TF32, cases[i].name, ops, cases[i].n_ops, &options);
    }
    fake.no_tails = false;
}
#endif

/* ---- Pairs of columns (conv_pairs.c) --------------------------------------------------------- */

#define AUGMENT(N, CROP, CHANNELS)                                                                 \
    {                                                                                              \
        .kind = AN_OP_AUGMENT, .n = (N), .u.augment = {                                            \
            2,                                                                                     \
            (CROP) + 9,                                                                            \
            CROP,                                                                                  \
            AN_MEAN_CHANNEL,                                                                       \
            AN_CHANNELS_##CHANNELS,                                                                \
            {1, 0.5, 1}                                                                            \
        }                                                                                          \
    }
#define FILTERS(K, R, STRIDE, PAD)                                                                 \
    {                                                                                              \
        .kind = AN_OP_CONV, .u.conv = { K, R, R, STRIDE, 1, PAD, PAD, PAD, PAD, true }             \
    }
#define POOL(SIZE, STRIDE, PAD)                                                                    \
    {                                                                                              \
        .kind = AN_OP_POOL, .u.pool = { AN_POOL_MAX, SIZE, STRIDE, PAD, true }                     \
    }

typedef struct pairs_case {
    const char *name;
    bool pairs; /* whether they are possible */
    bool whole; /* takes a fake device too long */
    int n_ops;
    an_op_desc ops[5];
} pairs_case;

static const pairs_case pairs_cases[] = {
    {"conv1 to 11 columns + lrn + pool",
     true,
     false,
     5,
     {AUGMENT(3, 51, RGB), FILTERS(48, 11, 4, 0), RELU, LRN(2), MAX_POOL}},
    {"conv1 to 12 columns + pool",
     true,
     false,
     4,
     {AUGMENT(3, 55, BGR), FILTERS(16, 11, 4, 0), RELU, POOL(2, 2, 0)}},
    {"conv1 to 11 columns + pool",
     true,
     false,
     4,
     {AUGMENT(2, 47, RGB), FILTERS(64, 11, 4, 2), RELU, MAX_POOL}},
    {"conv1 + lrn without relu",
     true,
     false,
     3,
     {AUGMENT(2, 51, RGB), FILTERS(16, 11, 4, 0), LRN(1)}},
    {"conv1 of 5x5 + pool without relu",
     true,
     false,
     3,
     {AUGMENT(2, 33, RGB), FILTERS(8, 5, 2, 0), MAX_POOL}},
    {"conv1 of 5x5 in grey + pool",
     true,
     false,
     4,
     {AUGMENT(2, 33, GREY), FILTERS(24, 5, 2, 1), RELU, MAX_POOL}},
    {"conv of stride 1 + pool",
     true,
     false,
     4,
     {AUGMENT(2, 13, RGB), FILTERS(16, 3, 1, 1), RELU, MAX_POOL}},
    {"conv1 to 12 columns + relu",
     true,
     false,
     3,
     {AUGMENT(2, 55, RGB), FILTERS(16, 11, 4, 0), RELU}},
    {"conv1 to 12 columns", true, false, 2, {AUGMENT(2, 55, RGB), FILTERS(16, 11, 4, 0)}},
    {"conv1 to 12 columns + average",
     true,
     false,
     4,
     {AUGMENT(2, 55, RGB),
      FILTERS(16, 11, 4, 0),
      RELU,
      {.kind = AN_OP_POOL, .u.pool = {AN_POOL_AVG, 3, 2, 0, true}}}},
    {"conv1 to 12 columns + lrn of 3 + pool",
     true,
     false,
     5,
     {AUGMENT(2, 55, RGB),
      FILTERS(16, 11, 4, 0),
      RELU,
      {.kind = AN_OP_LRN, .u.lrn = {3, 1, 1, 1e-4, 0.75}},
      MAX_POOL}},
    {"conv1 to 2 columns + pool",
     true,
     false,
     4,
     {AUGMENT(2, 15, RGB), FILTERS(16, 11, 4, 0), RELU, POOL(2, 2, 0)}},
    {"conv1 + pool that reaches further",
     false,
     false,
     4,
     {AUGMENT(2, 51, RGB), FILTERS(16, 11, 4, 0), RELU, POOL(3, 2, 1)}},
    {"conv1 + relu", false, false, 3, {AUGMENT(2, 51, RGB), FILTERS(16, 11, 4, 0), RELU}},
    {"conv1 + lrn of 3",
     false,
     false,
     4,
     {AUGMENT(2, 51, RGB),
      FILTERS(16, 11, 4, 0),
      RELU,
      {.kind = AN_OP_LRN, .u.lrn = {3, 1, 1, 1e-4, 0.75}}}},
    {"alexnet conv1",
     true,
     true,
     5,
     {AUGMENT(2, 224, RGB), FILTERS(96, 11, 4, 0), RELU, LRN(2), MAX_POOL}},
    {"alexnet-owt conv1",
     true,
     true,
     4,
     {AUGMENT(2, 224, RGB), FILTERS(64, 11, 4, 2), RELU, MAX_POOL}},
};

static void run_pairs(int b, const pairs_case *c, bool training)
{
    const an_parity_options options = {
        .training = training, .gradients = training, .split = 1, .seed = SEED};
    an_op_desc ops[AN_PARITY_MAX_OPS];
    memcpy(ops, c->ops, sizeof c->ops);
    const an_parity p = run_ops(b, c->name, ops, c->n_ops, &options);
    if ((strstr(p.impl, " pairs") != NULL) != (c->pairs && b > 0))
        fail_msg("%s %s: computed by %s", names[b], c->name, p.impl);
}

/* A tuning that names pairs gets them wherever they are possible. */
static void tune_to_pairs(int b)
{
    static const char tuning[] = "[relu]\nisa = *\nprecision = *\noperator = *\n"
                                 "tail = relu-pairs\nforward = proposal-1\n"
                                 "[bias]\nisa = *\nprecision = *\noperator = *\n"
                                 "tail = bias-pairs\nforward = proposal-1\n";
    const an_tuning_place place = an_device_place(&an_cuda_api, &backends[b]->info);
    expect_ok(an_tuning_parse(&backends[b]->tuning, tuning, "a tuning", &place));
}

static void end_tuning(int b)
{
    an_tuning_free(backends[b]->tuning);
    backends[b]->tuning = NULL;
}

static void test_pairs(void **state)
{
    (void)state;
    for (int b = 0; b < BACKENDS; b++) {
        tune_to_pairs(b);
        for (size_t i = 0; i < sizeof pairs_cases / sizeof pairs_cases[0]; i++) {
#ifdef AN_CUDA_FAKE
            if (pairs_cases[i].whole)
                continue;
#endif
            run_pairs(b, &pairs_cases[i], false);
            run_pairs(b, &pairs_cases[i], true);
        }
        end_tuning(b);
    }
}

static void test_random_pairs(void **state)
{
    enum { RUNS = 60, BF16 = 2 };
    dice d = {.seed = SEED};
    int pairs = 0;
    (void)state;
    tune_to_pairs(BF16);
    for (int run = 0; run < RUNS;) {
        an_op_desc ops[4];
        char name[64];
        const int n_ops = random_first_layers(&d, ops);
        if (!resolve(ops, n_ops))
            continue; /* a window larger than its input */
        const bool training = run % 2;
        const an_parity_options options = {
            .training = training, .gradients = training, .split = 1, .seed = SEED};
        snprintf(name, sizeof name, "random first layer %d", run++);
        const an_parity p = run_ops(BF16, name, ops, n_ops, &options);
        pairs += strstr(p.impl, " pairs") != NULL;
    }
    assert_in_range(pairs, RUNS / 4, RUNS);
    end_tuning(BF16);
}

/* ---- Not a number ---------------------------------------------------------------------------- */

/* If all of x is NaN, all of the output of `ops` is too. */
static void nan_through(int b, const char *name, an_op_desc *ops, int n_ops, bool training)
{
    const an_op_desc *list[3];
    an_chain *chain;
    if (!resolve(ops, n_ops))
        fail_msg("%s: %s", name, an_error_text());
    for (int i = 0; i < n_ops; i++)
        list[i] = &ops[i];
    const an_parity_options options = {
        .training = training, .gradients = training, .split = 1, .seed = SEED};
    int64_t count = an_batch_count(&ops[0], ops[0].in[0]);
    int64_t outputs = an_batch_count(&ops[n_ops - 1], ops[n_ops - 1].out);
    double *x = an_calloc((size_t)count, sizeof *x), *y = an_calloc((size_t)outputs, sizeof *y);
    double *weights = an_calloc((size_t)an_param_count(&ops[0], 0), sizeof *weights);
    double *bias = an_calloc((size_t)an_param_count(&ops[0], 1), sizeof *bias);
    for (int64_t i = 0; i < count; i++)
        x[i] = NAN;
    an_operands operands = {.x = {x}, .param = {{weights, bias}}, .state = {.seed = 1}};
    expect_ok(an_chain_open(&chain, backends[b], list, n_ops, &options));
    expect_ok(an_chain_write(chain, &operands));
    expect_ok(an_chain_forward(chain));
    expect_ok(an_chain_read(chain, chain->link[chain->n_links - 1].y, outputs, y));
    for (int64_t i = 0; i < outputs; i++)
        if (!isnan(y[i]))
            fail_msg("%s %s, training %d: %g where NaN was expected", names[b], name, training,
                     y[i]);
    an_chain_close(chain);
    an_free(x);
    an_free(y);
    an_free(weights);
    an_free(bias);
}

static void test_nan(void **state)
{
    (void)state;
    for (int b = 0; b < BACKENDS; b++)
        for (int training = 0; training < 2; training++) {
            an_op_desc conv[] = {CONV(2, 32, 8, 32, 3, 1, 1, 1), RELU};
            an_op_desc pooled[] = {CONV(2, 32, 9, 32, 3, 1, 1, 1), RELU, MAX_POOL};
            an_op_desc fc[] = {FC(4, 64, 1, 64), RELU};
            nan_through(b, "conv + relu", conv, 2, training);
            nan_through(b, "conv + relu + pool", pooled, 3, training);
            nan_through(b, "fc + relu", fc, 2, training);
        }
}

/* ---- Random shapes --------------------------------------------------------------------------- */

static void test_random_shapes(void **state)
{
    dice d = {.seed = SEED};
    (void)state;
    for (int run = 0; run < 60;) {
        an_op_desc ops[2] = {{0}, RELU};
        random_input(&d, &ops[0]);
        if (dice_between(&d, 0, 4))
            random_conv(&d, &ops[0]);
        else
            random_fc(&d, &ops[0]);
        if (an_op_resolve(&ops[0]) != ALEXNET_OK)
            continue; /* a window larger than its input */
        char name[64];
        an_parity_options options = {.training = true, .gradients = true, .split = 1, .seed = SEED};
        snprintf(name, sizeof name, "random %d", run);
        run_ops(run % BACKENDS, name, ops, 1 + run % 2, &options);
        run++;
    }
}

/* @param argv  optional, a pattern: only the tests that match it are run */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alexnet),        cmocka_unit_test(test_whole_layers),
        cmocka_unit_test(test_other_networks), cmocka_unit_test(test_inference),
        cmocka_unit_test(test_deterministic),  cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_random_pairs),   cmocka_unit_test(test_nan),
        cmocka_unit_test(test_random_shapes),
#ifdef AN_CUDA_FAKE
        cmocka_unit_test(test_without_tails),
#endif
    };
#ifdef AN_CUDA_FAKE
    fake_reset();
#endif
    alexnet_device_info info;
    an_cuda_api.describe(&info, 0, ALEXNET_ISA_ANY);
    print_message("%s, %s, %s, seed %d\n", info.processor, info.isa, info.library, SEED);
    if (!info.available) {
        print_message("skipped: device cuda is absent: %s\n", info.absent);
        return 77;
    }
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("parity of cuda", tests, open_all, close_all);
}
