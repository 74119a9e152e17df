/*
 * When a convolution is computed in pairs of columns (backend/cuda/conv_pairs.c), on a fake device
 * whose clock runs slower for the one form or the other; and whether a network that is trained so
 * learns the same. What pairs compute is compared with ref in test_parity_cuda.c.
 */
#include "unit/net_rig.h"

#include <string.h>

#include "backend/cuda/trial.h"
#include "base/text.h"
#include "cuda/fake.h"
#include "op/op.h"

/* ---- Which form ------------------------------------------------------------------------------ */

enum { OUTPUTS = 16, SIDE = 13 };

static double seconds_of_one, seconds_of_pairs, seconds_of_dw;

static cudaError_t elapsed(float *milliseconds, cudaEvent_t first, cudaEvent_t second)
{
    (void)first, (void)second;
    const bool pairs = fake_count.last_outputs == 2 * OUTPUTS;
    const double more =
        pairs && fake_count.last_direction == AN_BACKWARD_WEIGHTS ? seconds_of_dw : 0;
    *milliseconds = (float)(1e3 * (pairs ? seconds_of_pairs + more : seconds_of_one));
    return cudaSuccess;
}

/* The latest warning. */
static char warning[512];

static void keep_warning(void *user, alexnet_log_level level, const char *line)
{
    (void)user;
    if (level == ALEXNET_LOG_WARNING)
        an_print_in(warning, sizeof warning, "%s", line);
}

/* How a first convolution is prepared. */
typedef struct request {
    int n;
    bool deterministic, untried, inference, frozen;
    const char *tuning, *table; /* the caller's, and the backend's own; NULL: none */
    double one, pairs;          /* the seconds that each form takes */
    double dw;                  /* that pairs take more for gradients of weights */
} request;

static an_prepared *prepare(an_backend *backend, const request *r, const an_op_desc *const *ops,
                            int n_ops, const an_layout *in)
{
    const an_prepare asked = {.ops = ops,
                              .n_ops = n_ops,
                              .in = in,
                              .training = !r->inference,
                              .want_dw = in && !r->inference && !r->frozen,
                              .next_dw = !in && !r->inference && !r->frozen,
                              .untried = r->untried,
                              .split = 1};
    an_prepared *prepared;
    expect_ok(an_cuda_api.op_prepare(backend, &asked, &prepared));
    return prepared;
}

/* Whether pairs are used; augment and the convolution must agree. */
static bool uses_pairs(const request *r)
{
    an_op_desc augment = {.kind = AN_OP_AUGMENT, .n = r->n};
    an_op_desc conv = {.kind = AN_OP_CONV, .n = r->n, .n_inputs = 1};
    an_op_desc pool = {.kind = AN_OP_POOL, .n = r->n, .n_inputs = 1};
    const an_op_desc *ops[] = {&augment, &conv, &pool};
    alexnet_ctx *ctx = rig_ctx("cuda", ALEXNET_PRECISION_BF16, 1);
    an_backend *backend;
    augment.u.augment = (an_augment_desc){1, SIDE, SIDE, AN_MEAN_NONE, AN_CHANNELS_RGB, {1, 1, 1}};
    conv.u.conv = (an_conv_desc){.k = OUTPUTS, .r = 5, .s = 5, .stride = 2, .groups = 1};
    pool.u.pool = (an_pool_desc){AN_POOL_MAX, 3, 2, 0, true};
    expect_ok(an_op_resolve(&augment));
    conv.in[0] = augment.out;
    expect_ok(an_op_resolve(&conv));
    pool.in[0] = conv.out;
    expect_ok(an_op_resolve(&pool));
    ctx->deterministic = r->deterministic;
    ctx->log = keep_warning;
    warning[0] = '\0';
    expect_ok(an_cuda_api.open(&backend, ctx, 0, ALEXNET_PRECISION_BF16));
    const an_tuning_place place = an_device_place(backend->api, &backend->info);
    if (r->tuning)
        expect_ok(an_tuning_parse(&backend->tuning, r->tuning, "a tuning", &place));
    if (r->table)
        expect_ok(an_tuning_parse(&backend->default_tuning, r->table, "a table", &place));
    an_cuda *cuda = (an_cuda *)backend;
    an_cuda_libs libs = *cuda->libs;
    libs.cudaEventElapsedTime = elapsed;
    cuda->libs = &libs;
    seconds_of_one = r->one;
    seconds_of_pairs = r->pairs;
    seconds_of_dw = r->dw;
    an_prepared *pictures = prepare(backend, r, ops, 3, NULL);
    assert_int_equal(pictures->taken, 1);
    an_prepared *first = prepare(backend, r, ops + 1, 2, &pictures->out);
    const bool pairs = strstr(first->impl, " pairs") != NULL;
    assert_int_equal(strstr(first->tail, "-pairs") != NULL, pairs);
    assert_int_equal(pictures->out.shape.c, pairs ? 2 * 16 : 16);
    an_cuda_api.op_free(backend, pictures);
    an_cuda_api.op_free(backend, first);
    an_backend_close(backend);
    an_ctx_release(ctx);
    assert_int_equal(fake_count.live, 0);
    assert_int_equal(fake_count.descriptors, 0);
    return pairs;
}

static void test_fastest(void **state)
{
    (void)state;
    for (int inference = 0; inference < 2; inference++) {
        assert_true(uses_pairs(&(request){.n = 32, .inference = inference, .one = 2, .pairs = 1}));
        assert_false(uses_pairs(&(request){.n = 32, .inference = inference, .one = 1, .pairs = 2}));
        assert_false(uses_pairs(&(request){.n = 32, .inference = inference, .one = 1, .pairs = 1}));
    }
}

/* What a frozen convolution does not compute does not count. */
static void test_frozen(void **state)
{
    request r = {.n = 32, .one = 2, .pairs = 1, .dw = 5};
    (void)state;
    assert_false(uses_pairs(&r));
    r.frozen = true;
    assert_true(uses_pairs(&r));
}

/* Where nothing is timed, columns are computed one at a time. */
static void test_untimed(void **state)
{
    (void)state;
    assert_false(uses_pairs(&(request){.n = 8, .one = 2, .pairs = 1}));
    assert_false(uses_pairs(&(request){.n = 32, .untried = true, .one = 2, .pairs = 1}));
    assert_false(uses_pairs(&(request){.n = 32, .deterministic = true, .one = 2, .pairs = 1}));
}

#define ROW(TAIL)                                                                                  \
    "[conv1]\nisa = *\nprecision = *\noperator = *\n" TAIL                                         \
    "forward = proposal-1\nbackward_weights = proposal-1\n"

/* A run continues in the form that its record names, and a tuning's rows for one form select it. A
 * row without a tail, as the search for a tuning writes them, is for one column at a time. */
static void test_tuned(void **state)
{
    (void)state;
    const int batches[] = {8, 32};
    for (int i = 0; i < 2; i++)
        for (int deterministic = 0; deterministic < 2; deterministic++) {
            request r = {.n = batches[i], .deterministic = deterministic, .one = 1, .pairs = 2};
            r.tuning = ROW("tail = bias-pairs\n");
            assert_true(uses_pairs(&r));
            r.untried = true;
            assert_true(uses_pairs(&r));
            r.untried = false;
            r.one = 3;
            r.tuning = ROW("tail = bias\n");
            assert_false(uses_pairs(&r));
            r.tuning = ROW("");
            assert_false(uses_pairs(&r));
        }
    assert_string_equal(warning, "");
    /* rows for another layer say nothing, and the row that is missed is the usual one */
    request r = {.n = 32, .one = 3, .pairs = 2, .tuning = ROW("tail = another\n")};
    assert_true(uses_pairs(&r));
    assert_non_null(strstr(warning, "tail = bias:"));
}

#define FORM(TAIL)                                                                                 \
    "[conv1]\nisa = *\nprecision = *\noperator = *\ntail = " TAIL "\nforward = auto\n"

/* A row may name a form and leave the algorithm to trials: tools/gpu.sh compares the forms so. */
static void test_tuned_form(void **state)
{
    (void)state;
    request r = {.n = 32, .one = 1, .pairs = 2, .tuning = FORM("bias-pairs")};
    assert_true(uses_pairs(&r));
    r = (request){.n = 32, .one = 3, .pairs = 2, .tuning = FORM("bias")};
    assert_false(uses_pairs(&r));
}

/* The backend's own table selects a form like a tuning, which takes precedence. Its numbers do not
 * hold where only deterministic algorithms are counted, of which its rows say that they are not. */
static void test_a_table(void **state)
{
    (void)state;
    request r = {
        .n = 32, .one = 1, .pairs = 2, .table = ROW("deterministic = no\ntail = bias-pairs\n")};
    assert_true(uses_pairs(&r));
    r.deterministic = true;
    assert_false(uses_pairs(&r));
    r.deterministic = false;
    r.tuning = ROW("tail = bias\n");
    assert_false(uses_pairs(&r));
    r = (request){.n = 32, .one = 3, .pairs = 2, .table = ROW("tail = bias\n")};
    assert_false(uses_pairs(&r));
    r.tuning = ROW("tail = bias-pairs\n");
    assert_true(uses_pairs(&r));
    assert_string_equal(warning, "");
}

/* Likewise in what an operator asks. */
static void test_asking_a_table(void **state)
{
    static const char table[] = "[all]\nisa = *\ndeterministic = no\nprecision = *\noperator = *\n"
                                "forward = proposal-2\n";
    an_op_desc op = {.kind = AN_OP_FC, .n = 1, .n_inputs = 1, .in = {{8, 1, 1}}, .u.fc = {4}};
    an_backend backend = {.api = &an_cuda_api};
    const an_tuning_place place = an_device_place(&an_cuda_api, &backend.info);
    (void)state;
    expect_ok(an_op_resolve(&op));
    expect_ok(an_tuning_parse(&backend.default_tuning, table, "a table", &place));
    assert_int_equal(an_backend_variants(&backend, &op, true).of[AN_FORWARD], AN_CUDA_PROPOSAL + 1);
    backend.deterministic = true;
    assert_int_equal(an_backend_variants(&backend, &op, true).of[AN_FORWARD], AN_CUDA_AUTO);
    an_backend_free_tunings(&backend);
}

/* ---- A network ------------------------------------------------------------------------------- */

enum { CLASSES = 5, SLOTS = 4, STEPS = 6 };

static const char text[] =
    "[input]\nsize = 21\nside = 25\nmean = channel\nscale = 0.02\n"
    "[c]\ntype = conv\ninputs = input\nfilters = 8\nfilterSize = 5\nstride = 2\nround = floor\n"
    "neuron = relu\n"
    "[n]\ntype = cmrnorm\ninputs = c\ngroups = 1\nsize = 5\nscale = 0.5\ndivide = no\npow = "
    "0.75\nminDiv = 2\n"
    "[p]\ntype = pool\ninputs = n\nsizeX = 3\nstride = 2\nround = ceil\n"
    "[f]\ntype = fc\ninputs = p\noutputs = classes\n[s]\ntype = softmax\ninputs = f\n";

typedef struct outcome {
    double loss[STEPS], weights[RIG_PARAMS][2048];
    float probabilities[SLOTS * CLASSES]; /* by another program, afterwards */
} outcome;

static void classify(net_rig *rig, outcome *out)
{
    an_program *training = rig->program;
    an_program_options options = an_program_inference(SLOTS, SLOTS);
    const int keep[] = {AN_LAYER_LAST};
    options.keep = keep;
    options.n_keep = 1;
    expect_ok(an_program_compile(&rig->program, rig->net, &options));
    expect_ok(an_program_pack(rig->program));
    rig_step(rig, 0);
    expect_ok(an_program_read(rig->program, AN_LAYER_LAST, out->probabilities));
    an_program_free(rig->program);
    rig->program = training;
}

/* The update writes the copies that the next step reads: nothing is packed between steps. */
static void expect_no_packing(const an_program *program)
{
    for (int i = 0; i < an_program_steps(program); i++) {
        an_step_info info;
        an_program_step(program, i, &info);
        assert_int_not_equal(info.pass, ALEXNET_PASS_PACK);
    }
}

/* Train for some steps in the form that a tuning's row with this tail names.
 * @param frozen  the first convolution does not learn */
static outcome *train(const char *tail, bool frozen)
{
    net_rig rig;
    outcome *out = an_calloc(1, sizeof *out);
    alexnet_ctx *ctx = rig_ctx("cuda", ALEXNET_PRECISION_TF32, 1);
    an_program_options options = an_program_training(SLOTS, 1);
    const bool first[RIG_PARAMS] = {true, true}; /* input and c */
    assert_non_null(out);
    ctx->tuning = an_format(ROW("%s"), tail);
    ctx->tuning_name = an_strdup("a tuning");
    if (frozen)
        options.frozen = first;
    rig_open(&rig, ctx, rig_parse(text, CLASSES), &options, 3);
    char *used = an_program_tuning(rig.program);
    assert_non_null(used);
    assert_non_null(strstr(used, tail));
    an_free(used);
    expect_no_packing(rig.program);
    rig_set_rates(&rig, 0.05, 0.001, 0.9);
    for (int step = 0; step < STEPS; step++)
        out->loss[step] = rig_run(&rig, (uint64_t)step);
    for (int i = 0; i < rig.net->count; i++) {
        assert_in_range(rig.net->params[i].count, 1, 2048);
        expect_ok(an_net_read(rig.net, AN_VALUES, i, out->weights[i], AN_F64));
    }
    classify(&rig, out);
    rig_close(&rig);
    return out;
}

static double largest_difference(const double *a, const double *b, int64_t count)
{
    double largest = 0;
    for (int64_t i = 0; i < count; i++)
        largest = fabs(a[i] - b[i]) <= largest ? largest : fabs(a[i] - b[i]);
    return largest;
}

/* Pairs and single columns compute the same sums in another order: in float32 they differ by 2^-24
 * times a few times the root of at most 324 terms. A value near the middle between two numbers of
 * tf32 may then be rounded to the other one, an error of 2^-11 in one of 50 terms or more. */
static void compare(const outcome *got, const outcome *expected)
{
    for (int step = 0; step < STEPS; step++)
        assert_true(fabs(got->loss[step] - expected->loss[step]) <= 0x1p-12);
    for (int i = 0; i < RIG_PARAMS; i++)
        assert_true(largest_difference(got->weights[i], expected->weights[i], 2048) <=
                    0x1p-12 * rig_largest(expected->weights[i], 2048));
    for (int i = 0; i < SLOTS * CLASSES; i++)
        assert_true(fabsf(got->probabilities[i] - expected->probabilities[i]) <= 0x1p-12f);
}

static void test_training(void **state)
{
    (void)state;
    for (int frozen = 0; frozen < 2; frozen++) {
        outcome *one = train("tail = relu\n", frozen);
        outcome *pairs = train("tail = relu-pairs\n", frozen);
        compare(pairs, one);
        assert_true(fabs(one->loss[0] - one->loss[STEPS - 1]) > 0.1); /* it learns */
        an_free(one);
        an_free(pairs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fastest),        cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_untimed),        cmocka_unit_test(test_tuned),
        cmocka_unit_test(test_tuned_form),     cmocka_unit_test(test_a_table),
        cmocka_unit_test(test_asking_a_table), cmocka_unit_test(test_training)};
    fake_reset();
    return cmocka_run_group_tests_name("pairs of columns", tests, NULL, NULL);
}
