/*
 * The cpu backend against ref, forward and backward: every operator at AlexNet's shapes, runs that
 * are fused, and random shapes; in float32, and in bf16 where the processor has it. The first
 * argument names a highest instruction set (baseline, avx2, avx512, avx512_bf16; none: no limit).
 *
 * What is allowed follows from the operands, element by element: see backend/parity/parity.h. A
 * result of 1 is the most that is allowed.
 */
#include "ops/emulated_tiles.h"
#include "ops/ops_rig.h"
#include "ops/random_ops.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backend/cpu/cpu.h"
#include "backend/cpu/isa.h"
#include "backend/parity/parity.h"
#include "base/alloc.h"

enum { SEED = 20120930 };

static alexnet_isa max_isa = ALEXNET_ISA_ANY;
static an_backend *ref, *fp32, *bf16; /* bf16: NULL where the processor has none */
static char warning[128];

static void keep_warning(void *user, alexnet_log_level level, const char *line)
{
    (void)user;
    if (level == ALEXNET_LOG_WARNING)
        snprintf(warning, sizeof warning, "%s", line);
}

static char *tuning; /* NULL: the built-in table */

static an_backend *open_cpu(alexnet_precision precision)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx("cpu", precision, 2);
    if (tuning) {
        ctx->tuning = an_strdup(tuning);
        ctx->tuning_name = an_strdup("a test");
    }
    ctx->max_isa = max_isa;
    expect_ok(an_cpu_api.open(&backend, ctx, 0, precision));
    an_ctx_release(ctx);
    return backend;
}

static int open_all(void **state)
{
    (void)state;
    alexnet_device_info info;
    an_cpu_api.describe(&info, 0, max_isa);
    print_message("%s, %s, %s, seed %d\n", info.processor, info.isa, info.library, SEED);
    ref = rig_open_ref();
    fp32 = open_cpu(ALEXNET_PRECISION_FP32);
    if (info.bf16)
        bf16 = open_cpu(ALEXNET_PRECISION_BF16);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    an_backend_close(bf16);
    an_backend_close(fp32);
    an_backend_close(ref);
    return 0;
}

/* The fallback to ref computes everything right, so that only its name tells that it was used. */
static bool by_last_resort(const an_parity *p)
{
    return strncmp(p->impl, "ref", 3) == 0 || strstr(p->impl, "+ ref");
}

static void judge(const char *name, const an_parity *p)
{
    print_message("%-28s %-24s forward %.3f dx %.3f dw %.3f\n", name, p->impl, p->forward, p->dx,
                  p->dw);
    if (!(p->worst <= 1))
        fail_msg("%s: %s", name, p->where);
    if (by_last_resort(p))
        fail_msg("%s: left to ref", name);
}

/* ---- AlexNet's shapes ------------------------------------------------------------------------ */

#define FIRST(KIND, N, C, H, W) .kind = AN_OP_##KIND, .n = (N), .n_inputs = 1, .in = {{C, H, W}}
#define CONV(N, C, H, K, R, STRIDE, GROUPS, PAD)                                                   \
    {                                                                                              \
        FIRST(CONV, N, C, H, H), .u.conv = { K, R, R, STRIDE, GROUPS, PAD, PAD, PAD, PAD, true }   \
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

/* Orders, batches and sizes that the layers of alexnet and alexnet-owt do not have. */
static const an_parity_case cases[] = {
    {"2012 conv1 + lrn + pool", 3, true, {CONV(1, 3, 99, 96, 11, 4, 1, 0), LRN(2), MAX_POOL}},
    {"caffe conv1 + relu + lrn", 3, true, {CONV(1, 3, 99, 96, 11, 4, 1, 0), RELU, LRN(1)}},
    {"small conv1 + relu + lrn", 3, true, {CONV(5, 3, 56, 12, 5, 2, 1, 2), RELU, LRN(2)}},
    {"small conv2 + relu + pool", 3, true, {CONV(5, 12, 13, 20, 3, 1, 2, 1), RELU, MAX_POOL}},
    {"small conv3 + relu", 2, true, {CONV(3, 48, 13, 64, 3, 1, 1, 1), RELU}},
    {"pool + lrn + relu",
     3,
     true,
     {{FIRST(POOL, 2, 36, 27, 27), .u.pool = {AN_POOL_MAX, 3, 2, 0, true}}, LRN(2), RELU}},
    {"fc6 of 7 + relu", 2, true, {{FIRST(FC, 7, 40, 6, 6), .u.fc = {300}}, RELU}},
    {"fc8 + softmax",
     2,
     true,
     {{FIRST(FC, 5, 256, 1, 1), .u.fc = {1000}}, {.kind = AN_OP_SOFTMAX}}},
    {"strided 1x1 conv of 4 maps", 1, true, {CONV(32, 4, 32, 8, 1, 2, 1, 0)}},
    {"strided 1x1 conv of 12 maps", 1, true, {CONV(8, 12, 64, 16, 1, 2, 1, 0)}},
    {"strided 1x1 conv of 24 maps", 1, true, {CONV(8, 24, 33, 40, 1, 3, 1, 0)}},
    {"conv of windows of padding", 1, true, {CONV(2, 32, 7, 48, 3, 1, 1, 3)}},
    {"strided 1x1 conv of windows of padding", 1, true, {CONV(3, 16, 8, 16, 1, 2, 1, 1)}},
    {"fc of 1 output", 1, true, {{FIRST(FC, 3, 10, 1, 1), .u.fc = {1}}}},
};

#define FC(N, C, H, OUTPUTS)                                                                       \
    {                                                                                              \
        FIRST(FC, N, C, H, H), .u.fc = { OUTPUTS }                                                 \
    }

/* The layers of alexnet and alexnet-owt at full width; an_parity_cases has narrower ones. */
static const an_parity_case whole_layers[] = {
    {"conv2 + relu", 2, true, {CONV(1, 96, 27, 128, 5, 1, 2, 2), RELU}},
    {"lrn2", 1, true, {{FIRST(LRN, 1, 256, 27, 27), .u.lrn = {5, 2, 2, 1e-4, 0.75}}}},
    {"pool2", 1, true, {{FIRST(POOL, 1, 256, 27, 27), .u.pool = {AN_POOL_MAX, 3, 2, 0, true}}}},
    {"conv3 + relu", 2, true, {CONV(1, 256, 13, 384, 3, 1, 1, 1), RELU}},
    {"conv4 + relu", 2, true, {CONV(1, 384, 13, 192, 3, 1, 2, 1), RELU}},
    {"conv5 + relu + pool5", 3, true, {CONV(1, 384, 13, 128, 3, 1, 2, 1), RELU, MAX_POOL}},
    {"fc6 + relu", 2, true, {FC(2, 256, 6, 4096), RELU}},
    {"fc7 + relu", 2, true, {FC(2, 4096, 1, 4096), RELU}},
    {"fc8", 1, true, {FC(2, 4096, 1, 1000)}},
    {"owt conv1 + relu + pool1", 3, true, {CONV(1, 3, 224, 64, 11, 4, 1, 2), RELU, MAX_POOL}},
    {"owt conv2 + relu + pool2", 3, true, {CONV(1, 64, 27, 192, 5, 1, 1, 2), RELU, MAX_POOL}},
    {"owt conv3 + relu", 2, true, {CONV(1, 192, 13, 384, 3, 1, 1, 1), RELU}},
    {"owt conv4 + relu", 2, true, {CONV(1, 384, 13, 256, 3, 1, 1, 1), RELU}},
    {"owt conv5 + relu + pool5", 3, true, {CONV(1, 256, 13, 256, 3, 1, 1, 1), RELU, MAX_POOL}},
};

static void run_cases(an_backend *backend, const an_parity_case *list, int count)
{
    for (int i = 0; i < count; i++) {
        an_parity p;
        expect_ok(an_parity_case_run(backend, ref, &list[i], SEED, &p));
        judge(list[i].name, &p);
    }
}

static void test_alexnet(void **state)
{
    (void)state;
    run_cases(fp32, an_parity_cases, an_parity_case_count);
}

static void test_whole_layers(void **state)
{
    (void)state;
    run_cases(fp32, whole_layers, sizeof whole_layers / sizeof whole_layers[0]);
}

static void test_other_networks(void **state)
{
    (void)state;
    run_cases(fp32, cases, sizeof cases / sizeof cases[0]);
}

/* ---- Random shapes --------------------------------------------------------------------------- */

static void random_op(dice *d, an_op_desc *desc)
{
    random_input(d, desc);
    switch (dice_between(d, 0, 5)) {
    case 0: random_pool(d, desc); break;
    case 1: random_lrn(d, desc); break;
    case 2: random_fc(d, desc); break;
    default: random_conv(d, desc);
    }
}

/* A random operator; a convolution is followed by a pooling that reads its layout. It is max
 * pooling: average pooling passes down blocks of equal gradients, whose rounding errors in a sum
 * all have one sign, while the bounds of parity.h assume independent errors. */
static void run_random(an_backend *backend, int count)
{
    dice d = {.seed = SEED};
    int run = 0;
    while (run < count) {
        an_op_desc ops[2];
        random_op(&d, &ops[0]);
        random_pool(&d, &ops[1]);
        ops[1].u.pool.kind = AN_POOL_MAX;
        if (an_op_resolve(&ops[0]) != ALEXNET_OK)
            continue; /* a window larger than its input */
        ops[1].n = ops[0].n;
        ops[1].n_inputs = 1;
        ops[1].in[0] = ops[0].out;
        int n_ops = ops[0].kind == AN_OP_CONV && an_op_resolve(&ops[1]) == ALEXNET_OK ? 2 : 1;
        const an_op_desc *list[] = {&ops[0], &ops[1]};
        an_parity_options options = {
            .training = true, .gradients = true, .split = dice_between(&d, 1, 3), .seed = SEED};
        an_parity p;
        char signature[AN_OP_SIGNATURE];
        an_op_signature(&ops[0], signature);
        /* Printed before the run, because a library's kernel may crash. */
        print_message("random shape %d: %d of %s\n", run, ops[0].n, signature);
        expect_ok(an_parity_run(backend, ref, list, n_ops, &options, &p));
        if (!(p.worst <= 1))
            fail_msg("random shape %d, %s: %s", run, p.impl, p.where);
        if (by_last_resort(&p))
            fail_msg("random shape %d: left to ref", run);
        run++;
    }
}

static void test_random_shapes(void **state)
{
    (void)state;
    run_random(fp32, 300);
}

/* ---- Inference, where the ReLU is oneDNN's --------------------------------------------------- */

/* Resolves ops and runs them, as an_parity_case_run() does. */
static an_parity run_ops(an_backend *backend, const char *name, an_op_desc *ops, int n_ops,
                         const an_parity_options *options)
{
    const an_op_desc *list[3];
    an_parity p;
    for (int i = 0; i < n_ops; i++) {
        if (i > 0) {
            ops[i].n = ops[0].n;
            ops[i].n_inputs = 1;
            ops[i].in[0] = ops[i - 1].out;
        }
        expect_ok(an_op_resolve(&ops[i]));
        list[i] = &ops[i];
    }
    expect_ok(an_parity_run(backend, ref, list, n_ops, options, &p));
    judge(name, &p);
    return p;
}

static void run_inference(an_backend *backend)
{
    const an_parity_options options = {.split = 1, .seed = SEED};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        an_op_desc ops[3];
        memcpy(ops, cases[i].ops, sizeof ops);
        run_ops(backend, cases[i].name, ops, cases[i].n_ops, &options);
    }
}

/* Every variant that a tuning may choose, in training and in inference. */
static void test_variants(void **state)
{
    (void)state;
    for (int v = 0; v < AN_CPU_VARIANTS; v++) {
        const char *name = an_cpu_api.variants[v];
        tuning = an_format("[all]\nisa = *\nprecision = *\noperator = *\nforward = %s\n"
                           "backward_data = %s\nbackward_weights = %s\n",
                           name, name, name);
        for (int b = 0; b < 1 + (bf16 != NULL); b++) {
            an_backend *be = open_cpu(b ? ALEXNET_PRECISION_BF16 : ALEXNET_PRECISION_FP32);
            print_message("%s, %s\n", name, b ? "bf16" : "fp32");
            run_cases(be, cases, sizeof cases / sizeof cases[0]);
            run_inference(be);
            run_random(be, 25);
            an_backend_close(be);
        }
        an_free(tuning);
        tuning = NULL;
    }
}

/* oneDNN's kernels for AMX crash there (backend/cpu/onednn/conv_primitive.c). */
static void test_windows_of_padding(void **state)
{
    static const an_parity_case below = {
        "windows below the input",
        1,
        true,
        {{FIRST(CONV, 2, 64, 9, 9), .u.conv = {64, 3, 3, 1, 1, 1, 1, 4, 1, true}}}};
    an_parity p;
    (void)state;
    if (!bf16)
        skip();
    tuning = an_format("[all]\nisa = *\nprecision = *\noperator = *\nforward = channels_last\n"
                       "backward_data = channels_last\nbackward_weights = channels_last\n");
    an_backend *backend = open_cpu(ALEXNET_PRECISION_BF16);
    expect_ok(an_parity_case_run(backend, ref, &below, SEED, &p));
    judge(below.name, &p);
    if (strstr(p.impl, "brg"))
        fail_msg("left to %s", p.impl);
    an_backend_close(backend);
    an_free(tuning);
    tuning = NULL;
}

/* ---- Convolutions by native kernels ---------------------------------------------------------- */

typedef struct native_shape {
    int n, c, h, w, k, r, s, stride, groups, top, left, bottom, right;
} native_shape;

static an_parity run_native(an_backend *backend, const native_shape *o, bool relu, bool training,
                            bool first)
{
    char name[96];
    an_op_desc ops[2] = {{FIRST(CONV, o->n, o->c, o->h, o->w),
                          .u.conv = {o->k, o->r, o->s, o->stride, o->groups, o->top, o->left,
                                     o->bottom, o->right, true}},
                         RELU};
    const an_op_desc *list[] = {&ops[0], &ops[1]};
    an_parity_options options = {
        .training = training, .gradients = training, .first = first, .split = 3, .seed = SEED};
    an_parity result;
    expect_ok(an_op_resolve(&ops[0]));
    ops[1].n = o->n;
    ops[1].n_inputs = 1;
    ops[1].in[0] = ops[0].out;
    expect_ok(an_op_resolve(&ops[1]));
    expect_ok(an_parity_run(backend, ref, list, 1 + relu, &options, &result));
    snprintf(name, sizeof name, "%d of %dx%dx%d by %d %dx%d/%d", o->n, o->c, o->h, o->w, o->k, o->r,
             o->s, o->stride);
    judge(name, &result);
    return result;
}

static an_backend *open_native(const char *forward, const char *backward_data,
                               alexnet_precision precision)
{
    tuning = an_format("[all]\nisa = *\nprecision = *\noperator = *\nforward = %s\n"
                       "backward_data = %s\nbackward_weights = native\n",
                       forward, backward_data);
    return open_cpu(precision);
}

static void close_native(an_backend *backend)
{
    an_backend_close(backend);
    an_free(tuning);
    tuning = NULL;
}

static const native_shape pixels[] = {
    {2, 3, 227, 227, 96, 11, 11, 4, 1, 0, 0, 0, 0}, {5, 3, 224, 224, 64, 11, 11, 4, 1, 2, 2, 2, 2},
    {3, 1, 28, 31, 20, 5, 5, 2, 1, 2, 1, 0, 4},     {1, 4, 17, 90, 33, 3, 3, 2, 1, 1, 1, 1, 1},
    {4, 3, 64, 64, 24, 7, 7, 2, 1, 0, 3, 1, 2},     {2, 2, 9, 9, 16, 3, 7, 4, 1, 2, 3, 2, 3},
    {1, 3, 11, 11, 100, 11, 11, 4, 1, 0, 0, 0, 0},  {2, 3, 12, 40, 48, 4, 11, 4, 1, 3, 5, 1, 0}};

/* Odd and even numbers of lines, of outputs in a row and of vectors of maps; bands that are not
 * whole; more padding than a filter; fewer images than parts. */
static void test_pixels(void **state)
{
    (void)state;
    if (!bf16)
        skip();
    an_backend *backend = open_native("native", "flipped", ALEXNET_PRECISION_BF16);
    for (size_t i = 0; i < sizeof pixels / sizeof *pixels; i++)
        for (int j = 0; j < 4; j++) {
            an_parity p = run_native(backend, &pixels[i], j % 2, j / 2, true);
            if (strncmp(p.impl, "native", 6) != 0)
                fail_msg("left to %s", p.impl);
        }
    close_native(backend);
}

/* The same shapes, with the variant that pads a copy of the input; and as layers that are not the
 * first, where it has no effect. */
static void test_padded(void **state)
{
    (void)state;
    for (int b = 0; b < 1 + (bf16 != NULL); b++) {
        an_backend *backend =
            open_native("padded", "padded", b ? ALEXNET_PRECISION_BF16 : ALEXNET_PRECISION_FP32);
        for (size_t i = 1; i < sizeof pixels / sizeof *pixels; i++) {
            for (int training = 0; training < 2; training++)
                run_native(backend, &pixels[i], true, training, true);
            if (pixels[i].h < 200)
                run_native(backend, &pixels[i], true, true, false);
        }
        close_native(backend);
    }
}

/* Gradients of both kinds: groups, strides, odd batches, maps smaller than filters. */
static void test_native_gradients(void **state)
{
    static const native_shape shapes[] = {
        {3, 96, 27, 27, 128, 5, 5, 1, 2, 2, 2, 2, 2}, {1, 64, 13, 13, 64, 3, 3, 1, 1, 1, 1, 1, 1},
        {2, 32, 9, 14, 64, 3, 3, 2, 1, 1, 0, 2, 1},   {5, 32, 2, 3, 64, 5, 3, 1, 2, 2, 0, 4, 2},
        {4, 48, 11, 7, 96, 1, 1, 3, 3, 0, 0, 0, 0},   {70, 48, 6, 6, 32, 3, 3, 1, 1, 1, 1, 1, 1},
        {2, 64, 8, 8, 32, 3, 3, 1, 1, 0, 1, 2, 2},    {2, 64, 8, 8, 32, 2, 3, 1, 1, 1, 2, 2, 1}};
    (void)state;
    if (!bf16)
        skip();
    an_backend *backend = open_native("native", "flipped", ALEXNET_PRECISION_BF16);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int j = 0; j < 4; j++) {
            an_parity p = run_native(backend, &shapes[i], j % 2, true, j / 2);
            if (i == 0 && !strstr(p.impl, ", dw native wgrad:"))
                fail_msg("the weights' gradients are left to %s", p.impl);
        }
    close_native(backend);
}

/* ---- Gradients of weights by tiles ----------------------------------------------------------- */

/* Groups, odd numbers of blocks of maps, maps smaller than filters, more padding than a filter,
 * more images than are laid out together. */
static const native_shape unit_steps[] = {
    {3, 96, 27, 27, 128, 5, 5, 1, 2, 2, 2, 2, 2}, {1, 64, 13, 13, 64, 3, 3, 1, 1, 1, 1, 1, 1},
    {5, 96, 2, 3, 64, 5, 3, 1, 2, 2, 0, 4, 2},    {70, 48, 16, 6, 48, 3, 3, 1, 1, 1, 1, 1, 1},
    {2, 64, 8, 8, 48, 3, 3, 1, 1, 0, 1, 2, 2},    {2, 64, 8, 8, 64, 2, 3, 1, 1, 1, 2, 2, 1},
    {1, 80, 5, 40, 16, 1, 1, 1, 1, 0, 0, 0, 0},   {2, 64, 9, 9, 64, 3, 3, 1, 1, 3, 4, 1, 5}};

static void check_tiles(an_backend *backend)
{
    for (size_t i = 0; i < sizeof pixels / sizeof *pixels; i++)
        for (int relu = 0; relu < 2; relu++) {
            an_parity p = run_native(backend, &pixels[i], relu, true, true);
            if (!strstr(p.impl, "dw native pixels:amx"))
                fail_msg("the gradients of weights are left to %s", p.impl);
        }
    for (size_t i = 0; i < sizeof unit_steps / sizeof *unit_steps; i++)
        for (int j = 0; j < 4; j++) {
            an_parity p = run_native(backend, &unit_steps[i], j % 2, true, j / 2);
            if (!strstr(p.impl, "dw native wgrad:amx"))
                fail_msg("the gradients of weights are left to %s", p.impl);
        }
}

/* With maps in two layouts; emulated, and by the processor if it has tiles. */
static void test_tiles(void **state)
{
    static const char *const forward[] = {"blocked", "channels_last"};
    (void)state;
    if (!bf16)
        skip();
    for (int i = 0; i < 2; i++) {
        an_backend *backend = open_native(forward[i], "direct", ALEXNET_PRECISION_BF16);
        an_cpu *cpu = (an_cpu *)backend;
        const an_cpu_kernels *own = cpu->kernels;
        an_cpu_kernels emulated = *own;
        emulate_tiles(&emulated);
        cpu->kernels = &emulated;
        check_tiles(backend);
        cpu->kernels = own;
        if (own->pixels_tiles)
            check_tiles(backend);
        close_native(backend);
    }
}

/* ---- Fully connected layers by native kernels ------------------------------------------------ */

/* A layer alone, with a ReLU, and with a ReLU and another layer, where nothing is float32. Shapes
 * have one to nine vectors of lanes, one lane more or fewer, and partial chunks, blocks, tiles and
 * strips. */
static void test_native_products(void **state)
{
    static const struct {
        int n, c, h, w, k;
    } shapes[] = {{2, 32, 1, 1, 1},     {3, 64, 1, 1, 96},   {17, 8, 6, 6, 32},
                  {33, 1056, 1, 1, 16}, {63, 2080, 1, 1, 8}, {65, 128, 1, 1, 45},
                  {130, 96, 1, 1, 7},   {5, 480, 1, 1, 1055}};
    (void)state;
    if (!bf16)
        skip();
    an_backend *backend = open_native("native", "native", ALEXNET_PRECISION_BF16);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int j = 0; j < 6; j++) {
            char name[96];
            int k = shapes[i].k, links = j % 3 + 1;
            const an_parity_options options = {
                .training = j > 2, .gradients = j > 2, .split = 3, .seed = SEED};
            an_op_desc ops[3] = {{FIRST(FC, shapes[i].n, shapes[i].c, shapes[i].h, shapes[i].w),
                                  .u.fc = {links > 2 ? 64 : k}},
                                 RELU,
                                 {.kind = AN_OP_FC, .u.fc = {k}}};
            snprintf(name, sizeof name, "%d layers, %d of %dx%dx%d by %d", links, shapes[i].n,
                     shapes[i].c, shapes[i].h, shapes[i].w, k);
            an_parity p = run_ops(backend, name, ops, links, &options);
            if (strncmp(p.impl, "native", 6) != 0)
                fail_msg("%s: left to %s", name, p.impl);
        }
    close_native(backend);
}

static void test_inference(void **state)
{
    (void)state;
    run_inference(fp32);
}

/* ---- Logits whose exponentials overflow ------------------------------------------------------ */

/* The values of test_ref_values.c, where 1000 + log 3 is rounded to 24 bits: by 2^-15. */
static void test_large_logits(void **state)
{
    (void)state;
    double x[] = {1000, 1000 + log(3), -1000}, y[3], loss;
    const double expected[] = {0.25, 0.75, 0};
    an_slot slot = {.label = 0, .weight = 1};
    an_operands operands = {.x = {x}, .slots = &slot, .state = {.weight = 1}};
    an_op_desc desc = rig_desc(AN_OP_SOFTMAX, 1, 3, 1, 1);
    an_chain *chain = rig_run(fp32, &desc, &operands, true);
    expect_ok(an_chain_read(chain, chain->link[0].y, 3, y));
    expect_ok(an_chain_losses(chain, &loss));
    rig_close(y, expected, 3, 0x1p-15);
    rig_close(&loss, &(double){log(4)}, 1, 0x1p-15);
    an_chain_close(chain);
}

/* ---- bf16 ------------------------------------------------------------------------------------ */

static void test_bf16(void **state)
{
    (void)state;
    if (!bf16) {
        print_message("skipped: this processor, or the limit set, has no bf16\n");
        skip();
    }
    assert_int_equal(bf16->precision, ALEXNET_PRECISION_BF16);
    run_cases(bf16, an_parity_cases, an_parity_case_count);
    run_cases(bf16, whole_layers, sizeof whole_layers / sizeof whole_layers[0]);
    run_cases(bf16, cases, sizeof cases / sizeof cases[0]);
    run_inference(bf16);
    run_random(bf16, 100);
}

static void test_bf16_absent(void **state)
{
    (void)state;
    if (bf16)
        skip();
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx("cpu", ALEXNET_PRECISION_BF16, 2);
    ctx->max_isa = max_isa;
    ctx->log = keep_warning;
    expect_ok(an_backend_open(&backend, ctx, true, NULL));
    assert_int_equal(backend->precision, ALEXNET_PRECISION_FP32);
    assert_string_equal(warning, "device cpu has no bf16: it computes in fp32");
    an_backend_close(backend);
    an_ctx_release(ctx);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alexnet),         cmocka_unit_test(test_whole_layers),
        cmocka_unit_test(test_variants),        cmocka_unit_test(test_pixels),
        cmocka_unit_test(test_padded),          cmocka_unit_test(test_native_gradients),
        cmocka_unit_test(test_native_products), cmocka_unit_test(test_other_networks),
        cmocka_unit_test(test_inference),       cmocka_unit_test(test_large_logits),
        cmocka_unit_test(test_random_shapes),   cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_bf16_absent),     cmocka_unit_test(test_windows_of_padding),
        cmocka_unit_test(test_tiles),
    };
    for (int isa = ALEXNET_ISA_BASELINE; argc > 1 && isa <= ALEXNET_ISA_AMX; isa++)
        if (strcmp(argv[1], an_cpu_isa_name((alexnet_isa)isa)) == 0)
            max_isa = (alexnet_isa)isa;
    if (max_isa != ALEXNET_ISA_ANY && an_cpu_isa(max_isa) == an_cpu_isa(ALEXNET_ISA_ANY) &&
        max_isa != ALEXNET_ISA_BASELINE) {
        print_message("skipped: %s limits nothing on this processor\n", argv[1]);
        return 77;
    }
    return cmocka_run_group_tests_name("parity of cpu", tests, open_all, close_all);
}
