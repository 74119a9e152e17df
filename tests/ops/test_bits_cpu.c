/*
 * What the cpu backend promises about bits, threads and memory. The first argument limits the
 * instruction set (baseline, avx2, avx512; none: no limit):
 *
 *     forward    the same bits under 1, 2, 3 and 4 threads, in batches of 1, 2, 7 and 32 (32 only
 *                above baseline)
 *     backward   the same bits for one `split` under 1 and 4 threads, and in two runs
 *     memory     no allocation after op_prepare()
 *     settings   the caller's OpenMP settings are as they were
 *     norms      the same under any number of threads; update() too, and as the rule says
 *
 * Bytes are compared, without tolerances. Only update() (update_rig.h) and norms() have one.
 */
#include "ops/emulated_tiles.h"
#include "ops/update_rig.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cpu/cpu.h"
#include "backend/cpu/isa.h"
#include "base/alloc.h"
#include "base/random.h"

static alexnet_isa max_isa = ALEXNET_ISA_ANY;

/* How backends are opened. variant: of all operators, set by test_variants(); NULL: those of the
 * built-in table. */
static alexnet_precision precision = ALEXNET_PRECISION_FP32;
static const char *variant;
static bool emulated; /* kernels of tiles, which then compute the gradients of weights alone */

static an_backend *open_cpu(int threads)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx("cpu", precision, threads);
    ctx->max_isa = max_isa;
    if (variant) {
        ctx->tuning = an_format("[all]\nisa = *\nprecision = *\noperator = *\nforward = %s\n"
                                "backward_data = %s\nbackward_weights = %s\n",
                                emulated ? "direct" : variant, variant, variant);
        ctx->tuning_name = an_strdup("a test");
    }
    expect_ok(an_cpu_api.open(&backend, ctx, 0, precision));
    an_ctx_release(ctx);
    if (emulated) {
        static an_cpu_kernels kernels;
        an_cpu *cpu = (an_cpu *)backend;
        kernels = *cpu->kernels;
        emulate_tiles(&kernels);
        cpu->kernels = &kernels;
    }
    return backend;
}

/* ---- Runs of one or two operators ------------------------------------------------------------ */

typedef struct shape {
    const char *name;
    an_op_desc desc;
    bool relu;
} shape;

#define CONV(C, H, K, R, STRIDE, GROUPS, PAD)                                                      \
    .desc = {.kind = AN_OP_CONV,                                                                   \
             .n_inputs = 1,                                                                        \
             .in = {{C, H, H}},                                                                    \
             .u.conv = {K, R, R, STRIDE, GROUPS, PAD, PAD, PAD, PAD, true}},                       \
    .relu = true
#define OTHER(KIND, C, H, W) .kind = AN_OP_##KIND, .n_inputs = 1, .in = {{C, H, W}}

static const shape shapes[] = {
    {"alexnet conv1", CONV(3, 224, 96, 11, 4, 1, 0)},
    {"alexnet conv2", CONV(96, 27, 256, 5, 1, 2, 2)},
    {"conv of one map", CONV(1, 40, 24, 7, 2, 1, 3)},
    {"alexnet conv3", CONV(256, 13, 384, 3, 1, 1, 1)},
    {"alexnet conv5", CONV(384, 13, 256, 3, 1, 2, 1)},
    {"alexnet-owt conv1", CONV(3, 224, 64, 11, 4, 1, 2)},
    {"odd channels", CONV(12, 13, 20, 3, 1, 2, 1)},
    {"conv of 64 maps", CONV(64, 14, 64, 3, 1, 1, 1)},
    {"conv of 256 to 64 maps", CONV(256, 13, 64, 3, 1, 1, 1)},
    {"fc6", {OTHER(FC, 256, 6, 6), .u.fc = {520}}, true},
    {"fc8", {OTHER(FC, 4096, 1, 1), .u.fc = {1000}}, false},
    {"fc of few inputs", {OTHER(FC, 16, 1, 1), .u.fc = {4096}}, false},
    {"lrn1", {OTHER(LRN, 96, 55, 55), .u.lrn = {5, 2, 2, 1e-4, 0.75}}, false},
    {"lrn2 within", {OTHER(LRN_WITHIN, 64, 27, 27), .u.lrn = {5, 1, 1, 4e-5, 0.75}}, false},
    {"pool1", {OTHER(POOL, 96, 55, 55), .u.pool = {AN_POOL_MAX, 3, 2, 0, true}}, false},
    {"dropout", {OTHER(DROPOUT, 4096, 1, 1), .u.dropout = {AN_DROPOUT_MASK, 0.5, 1}}, false},
    {"softmax", {OTHER(SOFTMAX, 1000, 1, 1)}, false},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static double *fresh_operand(int64_t count, uint32_t tensor)
{
    double *x = malloc(sizeof *x * (size_t)count);
    assert_non_null(x);
    for (int64_t i = 0; i < count; i += 4) {
        an_random4 r = an_random(1, AN_PURPOSE_TEST, tensor, (uint64_t)i / 4, 0);
        for (int64_t j = i; j < count && j < i + 4; j++)
            x[j] = ((int)(r.v[j - i] >> 8) - (1 << 23)) * 0x1p-23;
    }
    return x;
}

static an_operands operands_of(const an_op_desc *desc)
{
    an_operands o = {.state = {.seed = 1, .step = 3, .weight = desc->n}};
    o.x[0] = fresh_operand(an_batch_count(desc, desc->in[0]), 0);
    o.dy = fresh_operand(an_batch_count(desc, desc->out), 1);
    for (int p = 0; an_param_count(desc, p) > 0; p++)
        o.param[0][p] = fresh_operand(an_param_count(desc, p), (uint32_t)(2 + p));
    o.slots = calloc((size_t)desc->n, sizeof *o.slots);
    assert_non_null(o.slots);
    for (int n = 0; n < desc->n; n++)
        o.slots[n] = (an_slot){.label = n % desc->out.c, .weight = 1};
    return o;
}

static void free_operands(an_operands *o)
{
    free(o->x[0]);
    free(o->dy);
    free(o->param[0][0]);
    free(o->param[0][1]);
    free(o->slots);
}

typedef struct run {
    const shape *shape;
    an_op_desc ops[2];
    an_operands operands;
} run;

static run run_new(const shape *s, int n)
{
    run r = {.shape = s, .ops = {s->desc}};
    r.ops[0].n = n;
    expect_ok(an_op_resolve(&r.ops[0]));
    r.ops[1] = (an_op_desc){.kind = AN_OP_NEURON,
                            .n = n,
                            .n_inputs = 1,
                            .in = {r.ops[0].out},
                            .u.neuron.kind = AN_RELU};
    expect_ok(an_op_resolve(&r.ops[1]));
    r.operands = operands_of(&r.ops[0]);
    return r;
}

/* Whether the input is pixels, as in a network's first layer: their gradient is not needed. */
static bool is_first(const run *r)
{
    return r->ops[0].kind == AN_OP_CONV && r->ops[0].in[0].c <= 4;
}

static an_chain *compute(run *r, an_backend *backend, bool gradients, int split)
{
    an_chain *chain;
    const an_op_desc *list[] = {&r->ops[0], &r->ops[1]};
    an_parity_options options = {
        .training = true, .gradients = gradients, .first = is_first(r), .split = split, .seed = 1};
    expect_ok(an_chain_open(&chain, backend, list, 1 + r->shape->relu, &options));
    expect_ok(an_chain_write(chain, &r->operands));
    expect_ok(an_chain_forward(chain));
    if (gradients)
        expect_ok(an_chain_backward(chain));
    return chain;
}

static void same_bytes(const char *what, const run *r, const void *a, const void *b, int64_t count)
{
    if (memcmp(a, b, sizeof(float) * (size_t)count) != 0)
        fail_msg("%s, batch of %d: %s differs", r->shape->name, r->ops[0].n, what);
}

/* Compare all results of two chains of a run. They lie in host memory. */
static void same_results(run *r, const an_chain *a, const an_chain *b, bool gradients)
{
    const an_op_desc *desc = &r->ops[0];
    int last = a->n_links - 1;
    assert_int_equal(a->n_links, b->n_links);
    same_bytes("y", r, a->link[last].y, b->link[last].y, an_batch_count(desc, desc->out));
    if (a->scores)
        assert_memory_equal(a->scores, b->scores, sizeof(an_score) * (size_t)desc->n);
    if (!gradients)
        return;
    if (!is_first(r))
        same_bytes("dx", r, a->dx[0], b->dx[0], an_batch_count(desc, desc->in[0]));
    for (int p = 0; an_param_count(desc, p) > 0; p++)
        same_bytes("a parameter's gradient", r, a->link[0].dparam[p], b->link[0].dparam[p],
                   an_param_count(desc, p));
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void check_forward(const shape *s, int n)
{
    run r = run_new(s, n);
    an_backend *one = open_cpu(1);
    an_chain *expected = compute(&r, one, false, 1);
    for (int threads = 2; threads <= 4; threads++) {
        an_backend *backend = open_cpu(threads);
        an_chain *got = compute(&r, backend, false, 1);
        same_results(&r, expected, got, false);
        an_chain_close(got);
        an_backend_close(backend);
    }
    an_chain_close(expected);
    an_backend_close(one);
    free_operands(&r.operands);
}

static void check_backward(const shape *s)
{
    run r = run_new(s, 7);
    an_backend *one = open_cpu(1), *four = open_cpu(4);
    an_chain *expected = compute(&r, one, true, 2), *got = compute(&r, four, true, 2);
    same_results(&r, expected, got, true);
    an_chain_close(got);
    got = compute(&r, one, true, 2);
    same_results(&r, expected, got, true);
    an_chain_close(got);
    an_chain_close(expected);
    an_backend_close(one);
    an_backend_close(four);
    free_operands(&r.operands);
}

static void test_forward_does_not_depend_on_threads(void **state)
{
    static const int batches[] = {1, 2, 7, 32};
    int some = max_isa == ALEXNET_ISA_BASELINE ? 3 : 4; /* it is slow */
    (void)state;
    for (int i = 0; i < some * SHAPES; i++)
        check_forward(&shapes[i / some], batches[i % some]);
}

static void test_backward_depends_on_split_alone(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++)
        check_backward(&shapes[i]);
}

static void check_all(void)
{
    for (int i = 0; i < SHAPES; i++) {
        if (variant && shapes[i].desc.kind != AN_OP_CONV)
            continue;
        check_forward(&shapes[i], 1);
        check_forward(&shapes[i], 3);
        check_forward(&shapes[i], 7);
        check_backward(&shapes[i]);
    }
}

/* The same for every variant that a tuning may choose. */
static void test_variants(void **state)
{
    (void)state;
    if (max_isa == ALEXNET_ISA_BASELINE)
        skip();
    for (int v = 0; v < AN_CPU_VARIANTS; v++) {
        variant = an_cpu_api.variants[v];
        check_all();
    }
    variant = NULL;
}

static void test_bf16(void **state)
{
    alexnet_device_info info;
    (void)state;
    an_cpu_api.describe(&info, 0, max_isa);
    if (!info.bf16)
        skip();
    precision = ALEXNET_PRECISION_BF16;
    check_all();
    variant = "native";
    check_all();
    emulated = true;
    for (int i = 0; i < SHAPES; i++)
        if (shapes[i].desc.kind == AN_OP_CONV)
            check_backward(&shapes[i]);
    emulated = false;
    variant = NULL;
    precision = ALEXNET_PRECISION_FP32;
}

static void test_nothing_is_allocated_and_settings_stay(void **state)
{
    (void)state;
    int threads = omp_get_max_threads(), dynamic = omp_get_dynamic();
    omp_set_num_threads(5);
    omp_set_dynamic(1);
    for (int i = 0; i < SHAPES; i++) {
        run r = run_new(&shapes[i], 2);
        an_backend *backend = open_cpu(2);
        an_chain *chain = compute(&r, backend, true, 2);
        uint64_t before = an_alloc_count();
        for (int again = 0; again < 3; again++) {
            expect_ok(an_chain_forward(chain));
            expect_ok(an_chain_backward(chain));
        }
        if (an_alloc_count() != before)
            fail_msg("%s allocates in a step", shapes[i].name);
        assert_int_equal(omp_get_max_threads(), 5);
        assert_int_equal(omp_get_dynamic(), 1);
        an_chain_close(chain);
        an_backend_close(backend);
        free_operands(&r.operands);
    }
    omp_set_num_threads(threads);
    omp_set_dynamic(dynamic);
}

/* A caller may allow no parallel region to be active: it would get one thread. */
static void test_no_active_region(void **state)
{
    const int levels = omp_get_max_active_levels();
    (void)state;
    omp_set_max_active_levels(0);
    for (int i = 0; i < SHAPES; i++)
        check_backward(&shapes[i]);
    assert_int_equal(omp_get_max_active_levels(), 0);
    omp_set_max_active_levels(levels);
}

/* Inside a parallel region, a run would get only one of the threads that it was prepared for. */
static void test_parallel_region_is_refused(void **state)
{
    (void)state;
    run r = run_new(&shapes[0], 2);
    an_backend *backend = open_cpu(2);
    an_chain *chain = compute(&r, backend, true, 2);
    alexnet_status forward = ALEXNET_OK, backward = ALEXNET_OK;
#pragma omp parallel num_threads(2)
    {
#pragma omp single
        {
            forward = an_chain_forward(chain);
            backward = an_chain_backward(chain);
        }
    }
    assert_int_equal(forward, ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_int_equal(backward, ALEXNET_ERROR_INVALID_ARGUMENT);
    an_chain_close(chain);
    an_backend_close(backend);
    free_operands(&r.operands);
}

enum { COUNT = 70007 };

typedef struct parameter {
    float *w, *dw, *v;
} parameter;

static float *fresh_floats(uint32_t tensor)
{
    double *wide = fresh_operand(COUNT, tensor);
    float *x = malloc(sizeof *x * COUNT);
    assert_non_null(x);
    an_convert(x, AN_F32, wide, AN_F64, COUNT);
    free(wide);
    return x;
}

static parameter parameter_new(void)
{
    return (parameter){fresh_floats(10), fresh_floats(11), fresh_floats(12)};
}

static void parameter_free(parameter p)
{
    free(p.w);
    free(p.dw);
    free(p.v);
}

static void update(an_backend *backend, const an_segment *segment, const an_rule *rule,
                   const an_rates *rates)
{
    const an_step_state state = {.rule = *rule};
    an_update *prepared;
    expect_ok(an_cpu_api.update_prepare(backend, segment, 1, &prepared));
    expect_ok(an_cpu_api.update(backend, prepared, &state, rates));
    an_cpu_api.update_free(backend, prepared);
}

/* One update with a number of threads. The tensors are allocated here; the caller frees them. */
static void update_under(int threads, const update_case *c, double *const from[UPDATE_TENSORS],
                         float *got[UPDATE_TENSORS], uint16_t *copy)
{
    an_backend *backend = open_cpu(threads);
    for (int k = 0; k < UPDATE_TENSORS; k++) {
        got[k] = malloc(sizeof(float) * COUNT);
        assert_non_null(got[k]);
        an_convert(got[k], AN_F32, from[k], AN_F64, COUNT);
    }
    const an_segment s = {.param = got[UPDATE_W],
                          .gradient = got[UPDATE_G],
                          .momentum = got[UPDATE_V],
                          .copy = copy,
                          .form = an_copy_in_order(true, 0),
                          .count = COUNT,
                          .square = got[UPDATE_Q],
                          .average = c->averages ? got[UPDATE_A] : NULL,
                          .clear = c->clears};
    update(backend, &s, &c->rule, &c->rates);
    an_backend_close(backend);
}

/* The result is that of ref, with the same bits for any number of threads, and with or without a
 * copy of the weights in bf16, which must hold the weights. */
static void check_update(const update_case *c, double *const before[UPDATE_TENSORS])
{
    const bool copies = an_cpu_kernels_for(an_cpu_isa(max_isa))->update[1] != NULL;
    const bool touched = c->rates.rate != 0 && !c->rule.held;
    double *after[UPDATE_TENSORS];
    float *got[2][UPDATE_TENSORS];
    uint16_t *copy = calloc(COUNT, sizeof *copy);
    assert_non_null(copy);
    update_fill(after, COUNT);
    update_on_ref(c, after, COUNT);
    update_under(1, c, before, got[0], NULL);
    update_under(3, c, before, got[1], copies ? copy : NULL);
    for (int64_t i = 0; i < COUNT; i++) {
        update_compare(c, before, after, got[0], i);
        assert_int_equal(copy[i], copies && touched ? an_float_to_bf16(got[0][UPDATE_W][i]) : 0);
    }
    for (int k = 0; k < UPDATE_TENSORS; k++) {
        assert_memory_equal(got[0][k], got[1][k], sizeof(float) * COUNT);
        free(got[0][k]);
        free(got[1][k]);
    }
    update_free(after);
    free(copy);
}

static void test_update(void **state)
{
    double *before[UPDATE_TENSORS];
    (void)state;
    update_fill(before, COUNT);
    for (int i = 0; i < UPDATE_CASES; i++)
        check_update(&update_cases[i], before);
    update_free(before);
}

static void test_update_without_decay_or_rate(void **state)
{
    (void)state;
    an_backend *backend = open_cpu(2);
    parameter before = parameter_new(), p = parameter_new();
    const an_segment s = {.param = p.w, .gradient = p.dw, .momentum = p.v, .count = COUNT};
    const an_rule rule = {0};
    an_rates r = {.decay = 0.5, .momentum = 0.875};
    update(backend, &s, &rule, &r);
    assert_memory_equal(p.w, before.w, sizeof(float) * COUNT);
    assert_memory_equal(p.v, before.v, sizeof(float) * COUNT);
    r.rate = 1;
    r.decay = 0;
    p.w[5] = before.w[5] = INFINITY; /* not to be multiplied by a decay of zero */
    update(backend, &s, &rule, &r);
    assert_true(p.v[5] == 0.875f * before.v[5] - before.dw[5]);
    assert_true(isinf(p.w[5]));
    parameter_free(p);
    parameter_free(before);
    an_backend_close(backend);
}

/* A sum of n squares in double has n rounding errors, each at most 2^-53 of the sum. */
static void test_norms(void **state)
{
    (void)state;
    parameter p = parameter_new();
    const an_span s[] = {{p.w, COUNT}, {p.dw, 3}};
    an_norm norms[2][2];
    p.w[7] = NAN;
    p.w[COUNT - 1] = -INFINITY;
    double expected = 0;
    for (int i = 0; i < COUNT; i++)
        expected += isfinite(p.w[i]) ? (double)p.w[i] * p.w[i] : 0;
    for (int i = 0; i < 2; i++) {
        an_backend *backend = open_cpu(1 + 2 * i);
        expect_ok(an_cpu_api.norms(backend, s, 2, norms[i]));
        an_backend_close(backend);
    }
    assert_memory_equal(norms[0], norms[1], sizeof norms[0]);
    assert_int_equal(norms[0][0].not_finite, 2);
    assert_int_equal(norms[0][1].not_finite, 0);
    assert_true(fabs(norms[0][0].sum_squares - expected) <= COUNT * 0x1p-53 * expected);
    double few = (double)p.dw[0] * p.dw[0] + (double)p.dw[1] * p.dw[1] + (double)p.dw[2] * p.dw[2];
    assert_true(fabs(norms[0][1].sum_squares - few) <= 3 * 0x1p-53 * few);
    parameter_free(p);
}

/* One limit per process: another one is refused, the same one is not. */
static void test_another_isa_is_refused(void **state)
{
    (void)state;
    an_backend *first = open_cpu(1), *backend;
    alexnet_ctx *ctx = rig_ctx("cpu", ALEXNET_PRECISION_FP32, 1);
    ctx->max_isa = max_isa == ALEXNET_ISA_AVX2 ? ALEXNET_ISA_BASELINE : ALEXNET_ISA_AVX2;
    expect_failure(an_cpu_api.open(&backend, ctx, 0, ALEXNET_PRECISION_FP32),
                   ALEXNET_ERROR_NOT_AVAILABLE, "max_isa");
    assert_null(backend);
    an_ctx_release(ctx);
    an_backend_close(first);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward_does_not_depend_on_threads),
        cmocka_unit_test(test_backward_depends_on_split_alone),
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_nothing_is_allocated_and_settings_stay),
        cmocka_unit_test(test_no_active_region),
        cmocka_unit_test(test_parallel_region_is_refused),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_update_without_decay_or_rate),
        cmocka_unit_test(test_norms),
        cmocka_unit_test(test_another_isa_is_refused),
    };
    for (int isa = ALEXNET_ISA_BASELINE; argc > 1 && isa <= ALEXNET_ISA_AMX; isa++)
        if (strcmp(argv[1], an_cpu_isa_name((alexnet_isa)isa)) == 0)
            max_isa = (alexnet_isa)isa;
    if (max_isa != ALEXNET_ISA_ANY && max_isa != ALEXNET_ISA_BASELINE &&
        an_cpu_isa(max_isa) == an_cpu_isa(ALEXNET_ISA_ANY)) {
        print_message("skipped: %s limits nothing on this processor\n", argv[1]);
        return 77;
    }
    return cmocka_run_group_tests_name("bits on cpu", tests, NULL, NULL);
}
