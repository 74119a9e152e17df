/*
 * The parity check judges other backends. Here it is judged itself, on copies of ref with a known
 * flaw each:
 *
 *     exact     ref as it is: no deviation at all
 *     float     results rounded to float32: inside what is allowed
 *     bf16      on a backend that says so: activations rounded to bf16, the probabilities and the
 *               rest to float32: inside
 *     bf16 dw   parameters' gradients of a layer by itself rounded to bf16 too: outside
 *     tf32      operands of convolution and fully connected layers cut to 10 bits of fraction:
 *               outside, in the forward pass of every case that has such a layer
 *     one       a single element of a result moved by 2^-10 of its tensor's largest: outside,
 *               wherever it happens, in the output and in each gradient
 *     nan       a single NaN: outside, and the fraction is infinite
 */
#include "ops/ops_rig.h"

#include <math.h>
#include <string.h>

#include "backend/parity/parity.h"
#include "backend/ref/ref.h"
#include "base/alloc.h"

typedef enum flaw { EXACT, ROUNDED, BF16, BF16_DW, TF32, ONE, NOT_A_NUMBER } flaw;
typedef enum place { IN_Y, IN_DX, IN_DW, IN_DBIAS } place;

static flaw planted;
static place where;

/* Keep `bits` bits of fraction, rounding to nearest and even. */
static void round_to(double *x, int64_t count, int bits)
{
    for (int64_t i = 0; i < count; i++) {
        int exponent;
        double fraction = frexp(x[i], &exponent);
        x[i] = ldexp(nearbyint(ldexp(fraction, bits + 1)), exponent - bits - 1);
    }
}

static void spoil(double *x, int64_t count)
{
    double largest = 0;
    for (int64_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(x[i]));
    x[count / 3] = planted == ONE ? x[count / 3] + 0x1p-10 * largest : NAN;
}

static void flawed_result(void *x, int64_t count, place p)
{
    if (!x || planted == EXACT)
        return;
    bool activation = p == IN_Y || p == IN_DX;
    if (planted == BF16_DW || (planted == BF16 && activation))
        round_to(x, count, 7);
    else if (planted == ROUNDED || planted == TF32 || planted == BF16)
        round_to(x, count, 23);
    else if (p == where)
        spoil(x, count);
}

/* A copy with 10 bits of fraction. */
static double *cut(const double *x, int64_t count)
{
    double *y = an_malloc((size_t)count * sizeof *y);
    assert_non_null(y);
    memcpy(y, x, (size_t)count * sizeof *y);
    round_to(y, count, 10);
    return y;
}

static alexnet_status flawed_forward(an_backend *backend, an_prepared *op, const an_op_args *args)
{
    const an_op_desc *desc = &((const an_ref_run *)op)->desc;
    an_op_args changed = *args;
    double *x = NULL;
    if (planted == TF32 && (desc->kind == AN_OP_CONV || desc->kind == AN_OP_FC))
        changed.x[0] = x = cut(args->x[0], an_batch_count(desc, desc->in[0]));
    alexnet_status rc = an_ref_api.op_forward(backend, op, &changed);
    /* Softmax is computed in float32 everywhere: IN_DW is rounded like a parameter's gradient. */
    flawed_result(args->y, an_batch_count(desc, desc->out),
                  desc->kind == AN_OP_SOFTMAX ? IN_DW : IN_Y);
    an_free(x);
    return rc;
}

static alexnet_status flawed_backward(an_backend *backend, an_prepared *op, const an_op_args *args)
{
    const an_op_desc *desc = &((const an_ref_run *)op)->desc;
    alexnet_status rc = an_ref_api.op_backward(backend, op, args);
    for (int i = 0; i < desc->n_inputs; i++)
        flawed_result(args->dx[i], an_batch_count(desc, desc->in[i]), IN_DX);
    flawed_result(args->dparam[0], an_param_count(desc, 0), IN_DW);
    flawed_result(args->dparam[1], an_param_count(desc, 1), IN_DBIAS);
    return rc;
}

static an_parity judge(const an_parity_case *which, flaw f, place p)
{
    an_backend *ref = rig_open_ref();
    an_backend_api api = an_ref_api;
    api.op_forward = flawed_forward;
    api.op_backward = flawed_backward;
    an_backend flawed = *ref;
    flawed.api = &api;
    if (f == BF16 || f == BF16_DW)
        flawed.precision = ALEXNET_PRECISION_BF16;
    planted = f;
    where = p;
    an_parity result;
    expect_ok(an_parity_case_run(&flawed, ref, which, 1, &result));
    if (result.worst > 0)
        print_message("%s: forward %g, dx %g, dw %g; %s\n", which->name, result.forward, result.dx,
                      result.dw, result.where);
    an_backend_close(ref);
    return result;
}

static const an_parity_case small[] = {
    {"conv + relu + pool",
     3,
     true,
     {{.kind = AN_OP_CONV,
       .n = 2,
       .n_inputs = 1,
       .in = {{8, 9, 11}},
       .u.conv = {6, 3, 3, 1, 2, 1, 0, 1, 2, false}},
      {.kind = AN_OP_NEURON, .u.neuron.kind = AN_RELU},
      {.kind = AN_OP_POOL, .u.pool = {AN_POOL_MAX, 3, 2, 1, true}}}},
    {"fc + tanh",
     2,
     true,
     {{.kind = AN_OP_FC, .n = 3, .n_inputs = 1, .in = {{40, 2, 2}}, .u.fc = {20}},
      {.kind = AN_OP_NEURON, .u.neuron = {AN_TANH, 1.7, 0.7}}}},
    {"lrn",
     1,
     true,
     {{.kind = AN_OP_LRN,
       .n = 2,
       .n_inputs = 1,
       .in = {{10, 4, 5}},
       .u.lrn = {5, 2, 2, 1e-4, 0.75}}}},
};
enum { SMALL_COUNT = sizeof small / sizeof small[0] };

static void test_ref_equals_itself(void **state)
{
    (void)state;
    for (int i = 0; i < an_parity_case_count; i++)
        assert_true(judge(&an_parity_cases[i], EXACT, IN_Y).worst == 0);
}

static void test_float_results_pass(void **state)
{
    (void)state;
    for (int i = 0; i < SMALL_COUNT; i++) {
        double worst = judge(&small[i], ROUNDED, IN_Y).worst;
        assert_true(worst > 0 && worst <= 1);
    }
}

static void test_bf16_passes(void **state)
{
    (void)state;
    for (int i = 0; i < an_parity_case_count; i++)
        assert_true(judge(&an_parity_cases[i], BF16, IN_Y).worst <= 1);
    for (int i = 0; i < SMALL_COUNT; i++) {
        double worst = judge(&small[i], BF16, IN_Y).worst;
        assert_true(worst > 0.1 && worst <= 1);
    }
}

static void test_bf16_gradients_fail(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        an_parity_case alone = small[i];
        alone.n_ops = 1;
        assert_true(judge(&alone, BF16, IN_Y).dw <= 1);
        assert_true(judge(&alone, BF16_DW, IN_Y).dw > 1);
    }
}

static void test_tf32_fails(void **state)
{
    (void)state;
    int seen = 0;
    for (int i = 0; i < an_parity_case_count; i++) {
        an_op_kind kind = an_parity_cases[i].ops[0].kind;
        if (kind != AN_OP_CONV && kind != AN_OP_FC)
            continue;
        assert_true(judge(&an_parity_cases[i], TF32, IN_Y).forward > 1);
        seen++;
    }
    assert_int_equal(seen, 7);
}

static void test_one_wrong_element_fails(void **state)
{
    (void)state;
    for (int i = 0; i < SMALL_COUNT; i++) {
        assert_true(judge(&small[i], ONE, IN_Y).forward > 1);
        assert_true(judge(&small[i], ONE, IN_DX).dx > 1);
        if (small[i].ops[0].kind == AN_OP_LRN)
            continue;
        assert_true(judge(&small[i], ONE, IN_DW).dw > 1);
        assert_true(judge(&small[i], ONE, IN_DBIAS).dw > 1);
    }
}

static void test_nan_fails(void **state)
{
    (void)state;
    assert_true(isinf(judge(&small[1], NOT_A_NUMBER, IN_Y).forward));
    assert_true(isinf(judge(&small[1], NOT_A_NUMBER, IN_DX).dx));
    assert_true(isinf(judge(&small[1], NOT_A_NUMBER, IN_DW).dw));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ref_equals_itself), cmocka_unit_test(test_float_results_pass),
        cmocka_unit_test(test_bf16_passes),       cmocka_unit_test(test_bf16_gradients_fail),
        cmocka_unit_test(test_tf32_fails),        cmocka_unit_test(test_one_wrong_element_fails),
        cmocka_unit_test(test_nan_fails),
    };
    return cmocka_run_group_tests_name("parity", tests, NULL, NULL);
}
