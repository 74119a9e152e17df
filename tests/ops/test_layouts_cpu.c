/*
 * The cpu backend's operators in every layout, element type and instruction set, and by every
 * implementation that its table has.
 *
 *     layouts    PLAIN, NHWC, C8 and C16 give the same values, and padding channels stay zero
 *     bf16       on tensors stored in bf16, a native operator gives the values of float32, rounded:
 *                it computes in float32, so that processors without bf16 can be tested
 *     ISA        all kernels of kernels.def give the same values
 *     ref        the fallback gives ref's values, rounded to float32
 *     exact      an operator without rounding gives ref's values, also where maxima are equal
 *     NaN        a NaN reaches the output through everything that is used in training
 *
 * Values are compared with ==, so there are no tolerances.
 */
#include "ops/ops_rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cpu/cpu.h"
#include "backend/cpu/isa.h"
#include "backend/cpu/kernels/bf16.h"
#include "backend/ref/ref.h"
#include "base/alloc.h"
#include "base/random.h"

static an_backend *open_as(alexnet_precision precision)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx("cpu", precision, 2);
    expect_ok(an_cpu_api.open(&backend, ctx, 0, precision));
    an_ctx_release(ctx);
    return backend;
}

static an_backend *open_cpu(void)
{
    return open_as(ALEXNET_PRECISION_FP32);
}

/* ---- Tensors in any layout ------------------------------------------------------------------- */

/* The place of an element in memory by layout.h, worked out independently. */
static int64_t place(an_layout l, int n, int c, int h, int w)
{
    int64_t block = l.kind == AN_LAYOUT_C16 ? 16 : 8;
    int64_t blocks = (l.shape.c + block - 1) / block;
    int64_t pixel = (int64_t)h * l.shape.w + w, pixels = (int64_t)l.shape.h * l.shape.w;
    if (l.kind == AN_LAYOUT_PLAIN)
        return ((int64_t)n * l.shape.c + c) * pixels + pixel;
    if (l.kind == AN_LAYOUT_NHWC)
        return (n * pixels + pixel) * l.shape.c + c;
    return ((n * blocks + c / block) * pixels + pixel) * block + c % block;
}

static void put(void *tensor, an_dtype dtype, int64_t i, double value)
{
    if (dtype == AN_F64)
        ((double *)tensor)[i] = value;
    else
        an_store(tensor, i, dtype, (float)value);
}

static double get(const void *tensor, an_dtype dtype, int64_t i)
{
    return dtype == AN_F64 ? ((const double *)tensor)[i] : an_load(tensor, i, dtype);
}

/* A loop over all elements: i is the number in canonical order, `at` the place in memory. */
#define EACH(layout, i, at)                                                                        \
    int64_t i = 0, at = 0;                                                                         \
    for (int n_ = 0; n_ < (layout).n; n_++)                                                        \
        for (int c_ = 0; c_ < (layout).shape.c; c_++)                                              \
            for (int h_ = 0; h_ < (layout).shape.h; h_++)                                          \
                for (int w_ = 0; w_ < (layout).shape.w; w_++, i++)                                 \
                    if (at = place(layout, n_, c_, h_, w_), true)

static void *block_new(size_t bytes)
{
    void *block = aligned_alloc(AN_ALIGN, (bytes + AN_ALIGN) / AN_ALIGN * AN_ALIGN);
    assert_non_null(block);
    memset(block, 0xff, (bytes + AN_ALIGN) / AN_ALIGN * AN_ALIGN); /* NaN wherever nobody writes */
    return block;
}

static void *tensor_new(an_layout layout, const double *values)
{
    void *tensor = block_new(an_layout_bytes(layout));
    memset(tensor, 0, an_layout_bytes(layout));
    EACH(layout, i, at) put(tensor, layout.dtype, at, values[i]);
    return tensor;
}

static int64_t count_of(an_layout layout)
{
    return layout.n * an_chw_count(layout.shape);
}

/* Back to canonical order; fails if padding is not zero. */
static double *values_of(an_layout layout, const void *tensor)
{
    double *values = block_new(sizeof(double) * (size_t)count_of(layout));
    int64_t all = (int64_t)(an_layout_bytes(layout) / an_dtype_bytes(layout.dtype)), zeros = 0;
    EACH(layout, i, at)
    {
        values[i] = get(tensor, layout.dtype, at);
        zeros -= values[i] == 0;
    }
    for (int64_t j = 0; j < all; j++)
        zeros += get(tensor, layout.dtype, j) == 0;
    if (zeros != all - count_of(layout))
        fail_msg("padding channels are not zero");
    return values;
}

static double *fresh_values(int64_t count, uint32_t tensor)
{
    double *values = block_new(sizeof(double) * (size_t)count);
    for (int64_t i = 0; i < count; i++) {
        an_random4 r = an_random(5, AN_PURPOSE_TEST, tensor, (uint64_t)i / 4, 0);
        values[i] = ((int)(r.v[i % 4] >> 24) - 128) * 0x1p-5; /* bf16 holds these exactly */
    }
    return values;
}

/* ---- One operator on one backend ------------------------------------------------------------- */

typedef struct results {
    int n_inputs;
    double *y, *dx[AN_MAX_INPUTS], *dparam[AN_MAX_PARAMS], *loss;
    int64_t y_count, dx_count[AN_MAX_INPUTS], dparam_count[AN_MAX_PARAMS];
} results;

typedef struct manner {
    an_backend *backend;
    const char *impl; /* cpu: as an_cpu_prepare() takes it */
    an_layout_kind kind;
    an_dtype dtype;     /* of the inputs */
    an_dtype rounded_y; /* y is rounded to this type before backward */
    bool training;
} manner;

static double *values_plain(const void *tensor, an_dtype dtype, int64_t count)
{
    double *values = block_new(sizeof(double) * (size_t)count);
    for (int64_t i = 0; i < count; i++)
        values[i] = get(tensor, dtype, i);
    return values;
}

/* Tensors of a run: what args point to. */
typedef struct tensors {
    an_op_args args;
    an_slot slots[8];
    an_step_state state;
} tensors;

static void *plain_new(an_dtype dtype, int64_t count, uint32_t seed)
{
    void *tensor = block_new(an_dtype_bytes(dtype) * (size_t)count);
    double *values = fresh_values(count, seed);
    for (int64_t i = 0; i < count; i++)
        put(tensor, dtype, i, values[i]);
    free(values);
    return tensor;
}

static void fill_tensors(tensors *t, const an_op_desc *desc, const an_layout *in,
                         const an_prepared *op, an_dtype param)
{
    *t = (tensors){.state = {1, 3, desc->n, 0, 0}};
    for (int i = 0; i < desc->n_inputs; i++) {
        double *values = fresh_values(count_of(in[i]), (uint32_t)i);
        t->args.x[i] = tensor_new(in[i], values);
        t->args.dx[i] = block_new(an_layout_bytes(in[i]));
        free(values);
    }
    double *dy = fresh_values(count_of(op->out), 20);
    t->args.dy = desc->kind == AN_OP_SOFTMAX ? NULL : tensor_new(op->out, dy);
    free(dy);
    t->args.y = block_new(an_layout_bytes(op->out));
    for (int p = 0; an_param_count(desc, p) > 0; p++) {
        t->args.param[p] = plain_new(param, an_param_count(desc, p), (uint32_t)(30 + p));
        t->args.dparam[p] = block_new(an_dtype_bytes(param) * (size_t)an_param_count(desc, p));
    }
    t->args.packed = block_new(op->packed);
    t->args.saved = block_new(op->saved);
    t->args.scratch = block_new(op->scratch);
    t->args.scores = block_new(sizeof(an_score) * (size_t)desc->n);
    t->args.results = block_new(sizeof(an_results));
    for (int n = 0; n < desc->n; n++)
        t->slots[n].label = n % desc->out.c;
    t->args.slots = t->slots;
    t->args.state = &t->state;
}

static void free_tensors(tensors *t)
{
    for (int i = 0; i < AN_MAX_INPUTS; i++) {
        free((void *)t->args.x[i]);
        free(t->args.dx[i]);
    }
    for (int p = 0; p < AN_MAX_PARAMS; p++) {
        free((void *)t->args.param[p]);
        free(t->args.dparam[p]);
    }
    free(t->args.y);
    free((void *)t->args.dy);
    free(t->args.packed);
    free(t->args.saved);
    free(t->args.scratch);
    free(t->args.scores);
    free(t->args.results);
}

static void round_tensor(an_layout layout, void *tensor, an_dtype to)
{
    EACH(layout, i, at)
    {
        double value = get(tensor, layout.dtype, at);
        uint16_t half;
        an_store(&half, 0, AN_BF16, (float)value);
        put(tensor, layout.dtype, at, to == AN_BF16 ? an_bf16_to_float(half) : (float)value);
    }
}

static results collect(const tensors *t, const an_op_desc *desc, const an_layout *in,
                       const an_prepared *op, an_dtype param, double *y)
{
    results r = {.n_inputs = desc->n_inputs, .y = y, .y_count = count_of(op->out)};
    for (int i = 0; i < desc->n_inputs; i++) {
        r.dx[i] = values_of(in[i], t->args.dx[i]);
        r.dx_count[i] = count_of(in[i]);
    }
    for (int p = 0; an_param_count(desc, p) > 0; p++) {
        r.dparam_count[p] = an_param_count(desc, p);
        r.dparam[p] = values_plain(t->args.dparam[p], param, r.dparam_count[p]);
    }
    if (desc->kind == AN_OP_SOFTMAX) {
        r.loss = calloc((size_t)desc->n, sizeof *r.loss);
        assert_non_null(r.loss);
        for (int n = 0; n < desc->n; n++)
            r.loss[n] = (float)t->args.scores[n].loss; /* in double where ref computes it */
    }
    return r;
}

static results compute(const manner *how, const an_op_desc *desc)
{
    an_backend *backend = how->backend;
    an_layout in[AN_MAX_INPUTS];
    an_prepared *op;
    tensors t;
    for (int i = 0; i < desc->n_inputs; i++)
        in[i] = (an_layout){how->kind, how->dtype, desc->n, desc->in[i]};
    const an_prepare prepare = {.ops = &desc,
                                .n_ops = 1,
                                .in = in,
                                .masks = how->training,
                                .training = true,
                                .want_dx = true,
                                .want_dw = true,
                                .split = 2};
    if (backend->api == &an_cpu_api)
        expect_ok(an_cpu_prepare(backend, &prepare, how->impl, &op));
    else
        expect_ok(backend->api->op_prepare(backend, &prepare, &op));
    fill_tensors(&t, desc, in, op, backend->param_dtype);
    expect_ok(backend->api->op_pack(backend, op, &t.args));
    expect_ok(backend->api->op_forward(backend, op, &t.args));
    double *y = values_of(op->out, t.args.y);
    round_tensor(op->out, t.args.y, how->rounded_y);
    expect_ok(backend->api->op_backward(backend, op, &t.args));
    results r = collect(&t, desc, in, op, backend->param_dtype, y);
    free_tensors(&t);
    backend->api->op_free(backend, op);
    return r;
}

static void free_results(results *r)
{
    free(r->y);
    free(r->loss);
    for (int i = 0; i < AN_MAX_INPUTS; i++)
        free(r->dx[i]);
    for (int p = 0; p < AN_MAX_PARAMS; p++)
        free(r->dparam[p]);
}

static double rounded(double value, an_dtype dtype)
{
    uint16_t half;
    an_store(&half, 0, AN_BF16, (float)value);
    return dtype == AN_BF16 ? an_bf16_to_float(half) : (float)value;
}

static void same(const char *name, const char *what, const double *got, const double *expected,
                 int64_t count, an_dtype dtype)
{
    for (int64_t i = 0; i < count; i++)
        if (!(got[i] == rounded(expected[i], dtype)))
            fail_msg("%s: %s[%lld] is %.9g, expected %.9g", name, what, (long long)i, got[i],
                     rounded(expected[i], dtype));
}

/* `got` must be `expected`, rounded: y and dx to the types given, the rest to float32. */
static void same_results(const char *name, const results *got, const results *expected,
                         an_dtype y_dtype, an_dtype dx_dtype)
{
    same(name, "y", got->y, expected->y, got->y_count, y_dtype);
    for (int i = 0; i < got->n_inputs; i++)
        same(name, "dx", got->dx[i], expected->dx[i], got->dx_count[i], dx_dtype);
    for (int p = 0; p < AN_MAX_PARAMS && got->dparam[p]; p++)
        same(name, "dparam", got->dparam[p], expected->dparam[p], got->dparam_count[p], AN_F32);
    if (got->loss)
        same(name, "loss", got->loss, expected->loss, 3, AN_F32);
}

/* ---- The operators --------------------------------------------------------------------------- */

typedef struct operator
{
    const char *name;
    bool native;   /* computes in float32 on tensors of either type */
    bool exact;    /* moves, compares and adds: no rounding on the operands here */
    bool training; /* dropout */
    an_op_desc desc;
}
operator;

#define ONE(KIND, C, H, W) .kind = AN_OP_##KIND, .n = 3, .n_inputs = 1, .in = {{C, H, W}}

/* 20 channels are no multiple of 8, 32 are one of 16. */
static const operator operators[] = {
    {"conv",
     false,
     false,
     true,
     {ONE(CONV, 20, 7, 6), .u.conv = {12, 3, 3, 1, 2, 1, 1, 1, 1, true}}},
    {"conv of 32",
     false,
     false,
     true,
     {ONE(CONV, 32, 7, 6), .u.conv = {32, 3, 3, 1, 2, 1, 1, 1, 1, true}}},
    {"fc", false, false, true, {ONE(FC, 20, 3, 2), .u.fc = {140}}},
    {"fc of 192", false, false, true, {ONE(FC, 32, 3, 2), .u.fc = {140}}},
    {"relu", true, true, true, {ONE(NEURON, 20, 7, 6), .u.neuron.kind = AN_RELU}},
    {"tanh", true, false, true, {ONE(NEURON, 20, 7, 6), .u.neuron = {AN_TANH, 1.7, 0.7}}},
    {"logistic", true, false, true, {ONE(NEURON, 20, 7, 6), .u.neuron.kind = AN_LOGISTIC}},
    {"max pool", true, true, true, {ONE(POOL, 20, 7, 6), .u.pool = {AN_POOL_MAX, 3, 2, 1, true}}},
    {"avg pool", true, false, true, {ONE(POOL, 20, 7, 6), .u.pool = {AN_POOL_AVG, 3, 2, 1, true}}},
    {"max pool of 32",
     true,
     true,
     true,
     {ONE(POOL, 32, 7, 6), .u.pool = {AN_POOL_MAX, 3, 2, 0, true}}},
    {"lrn", true, false, true, {ONE(LRN, 20, 7, 6), .u.lrn = {5, 2, 2, 1e-2, 0.75}}},
    {"lrn of 32", true, false, true, {ONE(LRN, 32, 9, 8), .u.lrn = {5, 2, 2, 1e-2, 0.75}}},
    {"lrn, any power", true, false, true, {ONE(LRN, 20, 7, 6), .u.lrn = {3, 1, 1, 1e-2, 0.6}}},
    {"lrn within", true, false, true, {ONE(LRN_WITHIN, 20, 7, 6), .u.lrn = {5, 1, 1, 1e-2, 0.75}}},
    {"lrn within, any power",
     true,
     false,
     true,
     {ONE(LRN_WITHIN, 32, 3, 2), .u.lrn = {7, 1, 1, 1e-2, 0.6}}},
    {"dropout",
     true,
     false,
     true,
     {ONE(DROPOUT, 20, 7, 6), .u.dropout = {AN_DROPOUT_INVERTED, 0.75, 4}}},
    {"dropout, inference",
     true,
     true,
     false,
     {ONE(DROPOUT, 20, 7, 6), .u.dropout = {AN_DROPOUT_MASK, 0.75, 4}}},
    {"concat",
     true,
     true,
     true,
     {.kind = AN_OP_CONCAT, .n = 3, .n_inputs = 2, .in = {{20, 7, 6}, {5, 7, 6}}}},
    {"concat of 48",
     true,
     true,
     true,
     {.kind = AN_OP_CONCAT, .n = 3, .n_inputs = 2, .in = {{32, 7, 6}, {16, 7, 6}}}},
    {"eltsum",
     true,
     true,
     true,
     {.kind = AN_OP_ELTSUM, .n = 3, .n_inputs = 3, .in = {{20, 7, 6}, {20, 7, 6}, {20, 7, 6}}}},
    {"copy", true, true, true, {ONE(ELTSUM, 20, 7, 6)}},
    {"softmax", true, false, true, {ONE(SOFTMAX, 20, 1, 1)}},
};
enum { OPERATORS = sizeof operators / sizeof operators[0] };

static an_op_desc resolved(const operator* o)
{
    an_op_desc desc = o->desc;
    expect_ok(an_op_resolve(&desc));
    return desc;
}

static const char *label(const operator* o, const char *variant)
{
    static char text[96];
    snprintf(text, sizeof text, "%s, %s", o->name, variant);
    return text;
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void test_layouts(void **state)
{
    static const char *const names[] = {"plain", "nhwc", "c8", "c16"};
    an_backend *cpu = open_cpu();
    (void)state;
    for (int i = 0; i < OPERATORS; i++) {
        an_op_desc desc = resolved(&operators[i]);
        manner how = {cpu, NULL, AN_LAYOUT_PLAIN, AN_F32, AN_F32, operators[i].training};
        results expected = compute(&how, &desc);
        for (int kind = AN_LAYOUT_NHWC; kind <= AN_LAYOUT_C16; kind++) {
            how.kind = (an_layout_kind)kind;
            results got = compute(&how, &desc);
            same_results(label(&operators[i], names[kind]), &got, &expected, AN_F32, AN_F32);
            free_results(&got);
        }
        free_results(&expected);
    }
    an_backend_close(cpu);
}

static void test_bf16_storage(void **state)
{
    an_backend *cpu = open_cpu();
    (void)state;
    if (!((an_cpu *)cpu)->kernels->relu[1]) {
        an_backend_close(cpu);
        print_message("this processor has no AVX-512, and no kernels for bf16\n");
        skip();
    }
    for (int i = 0; i < 4 * OPERATORS; i++) {
        const operator* o = & operators[i / 4];
        if (!o->native)
            continue; /* products in bf16 are the processor's: test_parity_cpu.c */
        an_op_desc desc = resolved(o);
        bool wide = desc.kind == AN_OP_SOFTMAX; /* whose output is float32 */
        manner how = {cpu, NULL, AN_LAYOUT_PLAIN, AN_F32, wide ? AN_F32 : AN_BF16, o->training};
        results expected = compute(&how, &desc);
        how.kind = (an_layout_kind)(i % 4);
        how.dtype = AN_BF16;
        results got = compute(&how, &desc);
        same_results(label(o, "bf16"), &got, &expected, wide ? AN_F32 : AN_BF16, AN_BF16);
        free_results(&got);
        free_results(&expected);
    }
    an_backend_close(cpu);
}

static void test_instruction_sets(void **state)
{
    an_backend *cpu = open_cpu();
    alexnet_isa best = an_cpu_isa(ALEXNET_ISA_ANY);
    (void)state;
    for (int i = 0; i < 4 * OPERATORS; i++) {
        const operator* o = & operators[i / 4];
        if (!o->native)
            continue;
        an_op_desc desc = resolved(o);
        manner how = {cpu, NULL, (an_layout_kind)(i % 4), AN_F32, AN_F32, o->training};
        ((an_cpu *)cpu)->kernels = an_cpu_kernels_for(ALEXNET_ISA_BASELINE);
        results expected = compute(&how, &desc);
        for (int isa = ALEXNET_ISA_AVX2; isa <= (int)best; isa++) {
            ((an_cpu *)cpu)->kernels = an_cpu_kernels_for((alexnet_isa)isa);
            results got = compute(&how, &desc);
            same_results(label(o, an_cpu_isa_name((alexnet_isa)isa)), &got, &expected, AN_F32,
                         AN_F32);
            free_results(&got);
        }
        free_results(&expected);
    }
    an_backend_close(cpu);
}

static void test_fallback(void **state)
{
    an_backend *cpu = open_cpu(), *ref = rig_open_ref();
    (void)state;
    for (int i = 0; i < OPERATORS; i++) {
        an_op_desc desc = resolved(&operators[i]);
        manner how = {ref, NULL, AN_LAYOUT_PLAIN, AN_F64, AN_F32, operators[i].training};
        results expected = compute(&how, &desc);
        how.backend = cpu;
        how.impl = "ref";
        how.kind = AN_LAYOUT_C8;
        how.dtype = AN_F32;
        results got = compute(&how, &desc);
        same_results(label(&operators[i], "ref"), &got, &expected, AN_F32, AN_F32);
        free_results(&got);
        free_results(&expected);
    }
    an_backend_close(ref);
    an_backend_close(cpu);
}

/* Operators without rounding give the bits of ref, also for ties in max pooling. */
static void test_exact_operators(void **state)
{
    an_backend *cpu = open_cpu(), *ref = rig_open_ref();
    (void)state;
    for (int i = 0; i < 4 * OPERATORS; i++) {
        const operator* o = & operators[i / 4];
        if (!o->exact)
            continue;
        an_op_desc desc = resolved(o);
        manner how = {ref, NULL, AN_LAYOUT_PLAIN, AN_F64, AN_F32, o->training};
        results expected = compute(&how, &desc);
        how.backend = cpu;
        how.dtype = AN_F32;
        how.kind = (an_layout_kind)(i % 4);
        results got = compute(&how, &desc);
        same_results(label(o, "exact"), &got, &expected, AN_F32, AN_F32);
        free_results(&got);
        free_results(&expected);
    }
    an_backend_close(ref);
    an_backend_close(cpu);
}

/* Ties between two bf16 numbers become the even one; conversions of eight at a time agree. */
static void test_bf16_conversion(void **state)
{
    static const struct {
        float value;
        uint16_t half;
    } known[] = {
        {1.0f, 0x3f80},        {0x1.01p0f, 0x3f80},       {0x1.010002p0f, 0x3f81},
        {0x1.03p0f, 0x3f82},   {-0x1.03p0f, 0xbf82},      {0x1.fffffep127f, 0x7f80},
        {-INFINITY, 0xff80},   {-0.0f, 0x8000},           {0x1p-149f, 0x0000},
        {0x1.8p-133f, 0x0002}, {0x1.fefffep127f, 0x7f7f},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_int_equal(an_float_to_bf16(known[i].value), known[i].half);
    assert_true(isnan(an_bf16_to_float(an_float_to_bf16(NAN))));
    for (uint32_t i = 0; i < 4096; i++) {
        an_random4 a = an_random(1, AN_PURPOSE_TEST, 0, i, 0),
                   b = an_random(1, AN_PURPOSE_TEST, 1, i, 0);
        an_float8 v, back;
        uint16_t stored[8];
        memcpy(&v, &a, sizeof a);
        memcpy((char *)&v + sizeof a, &b, sizeof b);
        an_store8(stored, 0, AN_BF16, &v);
        an_load8(stored, 0, AN_BF16, &back);
        for (int l = 0; l < 8; l++) {
            float one = v[l], again = back[l], expected = an_bf16_to_float(stored[l]);
            assert_int_equal(stored[l], an_float_to_bf16(one));
            assert_memory_equal(&again, &expected, sizeof again);
        }
    }
}

static void test_unknown_implementation(void **state)
{
    an_backend *cpu = open_cpu();
    an_prepared *op;
    an_op_desc desc = resolved(&operators[0]);
    const an_op_desc *list[] = {&desc};
    an_layout in = {AN_LAYOUT_PLAIN, AN_F32, desc.n, desc.in[0]};
    const an_prepare prepare = {.ops = list,
                                .n_ops = 1,
                                .in = &in,
                                .masks = true,
                                .training = true,
                                .want_dx = true,
                                .want_dw = true,
                                .split = 1};
    (void)state;
    expect_failure(an_cpu_prepare(cpu, &prepare, "abacus", &op), ALEXNET_ERROR_UNSUPPORTED, "conv");
    assert_null(op);
    expect_ok(an_cpu_prepare(cpu, &prepare, NULL, &op));
    assert_string_equal(an_cpu_refused(op), "pixels: the tuning names another variant");
    assert_non_null(strstr(op->impl, "onednn"));
    an_cpu_api.op_free(cpu, op);
    an_backend_close(cpu);
}

/* The number of NaNs in the output of two operators in a row, for an input with one NaN. */
static int64_t nans_after(an_backend *cpu, const an_op_desc *first, const an_op_desc *second)
{
    const an_op_desc *list[] = {first, second};
    an_layout in = {AN_LAYOUT_PLAIN, AN_F32, first->n, first->in[0]};
    const an_prepare prepare = {.ops = list,
                                .n_ops = 2,
                                .in = &in,
                                .masks = true,
                                .training = true,
                                .want_dx = true,
                                .want_dw = true,
                                .plain_out = true,
                                .split = 1};
    an_prepared *op;
    tensors t;
    expect_ok(an_cpu_prepare(cpu, &prepare, NULL, &op));
    fill_tensors(&t, first, &in, op, AN_F32);
    put((void *)t.args.x[0], AN_F32, 4, NAN);
    expect_ok(an_cpu_api.op_pack(cpu, op, &t.args));
    expect_ok(an_cpu_api.op_forward(cpu, op, &t.args));
    int64_t found = 0;
    for (int64_t i = 0; i < count_of(op->out); i++)
        found += isnan(((const float *)t.args.y)[i]);
    free_tensors(&t);
    an_cpu_api.op_free(cpu, op);
    return found;
}

/* With a ReLU after each operator, and for pooling also before it. */
static void check_nan(an_backend *cpu, const char *precision)
{
    for (int i = 0; i < OPERATORS; i++) {
        an_op_desc desc = resolved(&operators[i]);
        an_op_desc after = {.kind = AN_OP_NEURON, .n = desc.n, .n_inputs = 1, .in = {desc.out}};
        an_op_desc before = {.kind = AN_OP_NEURON, .n = desc.n, .n_inputs = 1, .in = {desc.in[0]}};
        if (desc.kind == AN_OP_DROPOUT || desc.n_inputs > 1)
            continue;
        expect_ok(an_op_resolve(&after));
        expect_ok(an_op_resolve(&before));
        if (nans_after(cpu, &desc, &after) == 0)
            fail_msg("%s swallows a NaN in %s", operators[i].name, precision);
        if (desc.kind == AN_OP_POOL && nans_after(cpu, &before, &desc) == 0)
            fail_msg("%s after a ReLU swallows a NaN in %s", operators[i].name, precision);
    }
}

static void test_nan_goes_through(void **state)
{
    static const alexnet_precision precisions[] = {ALEXNET_PRECISION_FP32, ALEXNET_PRECISION_BF16};
    static const char *const names[] = {"fp32", "bf16"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        an_backend *cpu = open_as(precisions[i]);
        check_nan(cpu, names[i]);
        an_backend_close(cpu);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_bf16_storage),
        cmocka_unit_test(test_instruction_sets),
        cmocka_unit_test(test_fallback),
        cmocka_unit_test(test_exact_operators),
        cmocka_unit_test(test_bf16_conversion),
        cmocka_unit_test(test_unknown_implementation),
        cmocka_unit_test(test_nan_goes_through),
    };
    return cmocka_run_group_tests_name("layouts on cpu", tests, NULL, NULL);
}
