/*
 * Tunings: which rows apply to an operator; rows that are written and read again; and the errors in
 * bad ones, by file, line and key.
 */
#include "net_rig.h"

#include "backend/backend.h"
#include "base/builtin.h"

static const alexnet_status bad = ALEXNET_ERROR_FORMAT;

static an_op_desc conv3(void)
{
    an_op_desc op = {.kind = AN_OP_CONV,
                     .n = 2,
                     .n_inputs = 1,
                     .in = {{256, 13, 13}},
                     .u.conv = {384, 3, 3, 1, 1, 1, 1, 1, 1, false}};
    expect_ok(an_op_resolve(&op));
    return op;
}

enum { D, C, W, VARIANTS };
static const char *const names[VARIANTS + 1] = {"direct", "channels_last", "winograd"};

static an_tuning_place place_of(const char *isa)
{
    return (an_tuning_place){
        .isa = isa, .processor = "Chip, 8 GiB", .library = "lib 1.2.3", .variants = names};
}

static an_variants ask(const char *text, const char *isa, const char *precision, bool training)
{
    an_op_desc op = conv3();
    an_tuning *tuning;
    an_variants v = {{D, D, D}};
    an_tuning_query query = {place_of(isa), precision, false, training, &op, NULL};
    expect_ok(an_tuning_parse(&tuning, text, "t.ini", &query.place));
    an_tuning_apply(tuning, &query, &v);
    an_tuning_free(tuning);
    return v;
}

static void expect_variants(an_variants v, an_variant forward, an_variant data, an_variant weights)
{
    assert_int_equal(v.of[AN_FORWARD], forward);
    assert_int_equal(v.of[AN_BACKWARD_DATA], data);
    assert_int_equal(v.of[AN_BACKWARD_WEIGHTS], weights);
}

static void test_signature(void **state)
{
    (void)state;
    char text[AN_OP_SIGNATURE];
    an_op_desc op = conv3(), fc = {.kind = AN_OP_FC, .n = 1, .n_inputs = 1, .in = {{256, 6, 6}}};
    fc.u.fc.k = 4096;
    expect_ok(an_op_resolve(&fc));
    an_op_signature(&op, text);
    assert_string_equal(text, "conv 3x3/1 groups 1 256x13x13 to 384x13x13");
    an_op_signature(&fc, text);
    assert_string_equal(text, "fc 256x6x6 to 4096x1x1");
}

static void test_which_row_counts(void **state)
{
    (void)state;
    static const char text[] =
        "[a]\nisa = avx2 avx512\nprecision = fp32\noperator = conv 3x3/1 groups 1 *\n"
        "forward = winograd\n"
        "[b]\nisa = *\nprecision = fp32 bf16\noperator = *13x13*\ntraining = yes\n"
        "forward = channels_last\nbackward_data = channels_last\n"
        "[c]\nisa = avx2\nprecision = *\noperator = conv*\ntraining = no\nbackward_weights = "
        "winograd\n";
    expect_variants(ask(text, "avx2", "fp32", true), W, C, D);
    expect_variants(ask(text, "avx512", "fp32", true), W, C, D);
    expect_variants(ask(text, "avx51", "fp32", true), C, C, D);
    expect_variants(ask(text, "avx512_bf16", "bf16", true), C, C, D);
    expect_variants(ask(text, "avx512", "tf32", true), D, D, D);
    expect_variants(ask(text, "avx2", "fp32", false), W, D, W);
    expect_variants(ask(text, "", "fp32", false), D, D, D);
    expect_variants(ask("", "avx2", "fp32", true), D, D, D);
}

static bool fits(const char *pattern)
{
    char text[256];
    snprintf(text, sizeof text, "[a]\nisa = *\nprecision = *\noperator = %s\nforward = winograd\n",
             pattern);
    return ask(text, "avx2", "fp32", false).of[AN_FORWARD] == W;
}

static void test_stars(void **state)
{
    (void)state;
    assert_true(fits("*") && fits("conv*") && fits("*x13") && fits("conv*256*384*") && fits("**"));
    assert_true(fits("conv 3x3/1 groups 1 256x13x13 to 384x13x13"));
    assert_true(fits("*13x13 to *")); /* not at the first 13 */
    assert_false(fits("conv"));
    assert_false(fits("fc*") || fits("*x14") || fits("conv*385*"));
    assert_false(fits("conv 3x3/1 groups 1 256x13x13 to 384x13x130"));
    /* Exponential for a matcher that backtracks to every star. */
    assert_false(fits("*x*x*x*x*x*x*x*x*3*3*3*3*3*3*3*3*1*1*1*1*1*1*1* * * * * * * *z"));
}

static void test_rows_are_read_again(void **state)
{
    (void)state;
    an_op_desc op = conv3();
    an_variants v = {{W, D, C}};
    an_tuning_query query = {place_of("avx2"), "fp32", false, true, &op, NULL};
    char *row = an_tuning_row("conv3", &query, &v);
    assert_non_null(row);
    expect_variants(ask(row, "avx2", "fp32", true), W, D, C);
    expect_variants(ask(row, "avx2", "fp32", false), D, D, D);
    expect_variants(ask(row, "avx512", "fp32", true), D, D, D);
    an_free(row);
    query.training = false;
    row = an_tuning_row("conv3", &query, &v);
    assert_null(strstr(row, "backward"));
    expect_variants(ask(row, "avx2", "fp32", false), W, D, D);
    an_free(row);
}

static an_variant forward_at(const char *text, const char *processor, const char *library)
{
    an_op_desc op = conv3();
    an_tuning *tuning;
    an_variants got = {{D, D, D}};
    an_tuning_query query = {place_of("avx2"), "fp32", false, false, &op, NULL};
    query.place.processor = processor;
    query.place.library = library;
    expect_ok(an_tuning_parse(&tuning, text, "t.ini", &query.place));
    an_tuning_apply(tuning, &query, &got);
    assert_true(an_tuning_serves(tuning, "fp32") == (got.of[AN_FORWARD] != D));
    an_tuning_free(tuning);
    return got.of[AN_FORWARD];
}

/* A library's proposals are numbered anew by each processor and version: a row is for one. */
static void test_processor_and_library(void **state)
{
    (void)state;
    an_op_desc op = conv3();
    an_variants v = {{W, D, C}};
    an_tuning_query query = {place_of("avx2"), "fp32", false, false, &op, NULL};
    query.place.proposals = true;
    char *row = an_tuning_row("conv3", &query, &v);
    assert_non_null(row);
    assert_non_null(strstr(row, "\nprocessor = Chip, 8 GiB\nlibrary = lib 1.2.3\n"));
    assert_int_equal(forward_at(row, "Chip, 8 GiB", "lib 1.2.3"), W);
    assert_int_equal(forward_at(row, "Chip, 9 GiB", "lib 1.2.3"), D);
    assert_int_equal(forward_at(row, "Chip, 8 GiB", "lib 1.2.4"), D);
    an_free(row);
    static const char stars[] = "[a]\nisa = *\nprocessor = Chip*\nlibrary = lib 1.*\n"
                                "precision = *\noperator = *\nforward = winograd\n";
    assert_int_equal(forward_at(stars, "Chip, 9 GiB", "lib 1.9"), W);
    assert_int_equal(forward_at(stars, "Other", "lib 1.9"), D);
    assert_int_equal(forward_at(stars, "Chip, 9 GiB", "lib 2.0"), D);
}

/* Where only deterministic proposals are counted, their numbers are others. */
static void test_deterministic(void **state)
{
    (void)state;
    an_op_desc op = conv3();
    an_variants v = {{W, D, C}};
    an_tuning_query query = {place_of("avx2"), "fp32", false, false, &op, NULL};
    query.place.proposals = true;
    for (int written = 0; written < 2; written++) {
        an_tuning *tuning;
        query.deterministic = written;
        char *row = an_tuning_row("conv3", &query, &v);
        assert_non_null(row);
        assert_non_null(
            strstr(row, written ? "\ndeterministic = yes\n" : "\ndeterministic = no\n"));
        expect_ok(an_tuning_parse(&tuning, row, "t.ini", &query.place));
        for (int asked = 0; asked < 2; asked++) {
            an_variants got = {{D, D, D}};
            query.deterministic = asked;
            an_tuning_apply(tuning, &query, &got);
            assert_int_equal(got.of[AN_FORWARD], asked == written ? W : D);
        }
        an_tuning_free(tuning);
        an_free(row);
    }
}

/* A row for a batch or a tail is for no other; rows without are for all. */
static void test_batch_and_tail(void **state)
{
    (void)state;
    an_op_desc op = conv3();
    an_variants v = {{W, D, C}};
    an_tuning_query query = {place_of("avx2"), "fp32", false, true, &op, "relu"};
    query.place.proposals = true;
    char *row = an_tuning_row("conv3", &query, &v);
    an_tuning *tuning;
    assert_non_null(row);
    assert_non_null(strstr(row, "\nbatch = 2\ntail = relu\n"));
    expect_ok(an_tuning_parse(&tuning, row, "t.ini", &query.place));
    for (int i = 0; i < 4; i++) {
        an_variants got = {{D, D, D}};
        op.n = i == 1 ? 3 : 2;
        query.tail = i == 2 ? "bias" : i == 3 ? NULL : "relu";
        an_tuning_apply(tuning, &query, &got);
        expect_variants(got, i ? D : W, D, i ? D : C);
    }
    an_tuning_free(tuning);
    an_free(row);
    query.tail = NULL;
    query.place.proposals = false;
    row = an_tuning_row("conv3", &query, &v);
    assert_true(!strstr(row, "batch =") && !strstr(row, "tail =") && !strstr(row, "library ="));
    expect_variants(ask(row, "avx2", "fp32", true), W, D, C);
    an_free(row);
}

static void refuse(const char *text, const char *part)
{
    an_tuning *tuning;
    const an_tuning_place x = place_of("x");
    expect_failure(an_tuning_parse(&tuning, text, "t.ini", &x), bad, part);
    assert_null(tuning);
}

static void test_bad_texts(void **state)
{
    (void)state;
#define ROW "[a]\nisa = x\nprecision = fp32\noperator = *\n"
    refuse(ROW, "t.ini:1: this row lacks forward, backward_data or backward_weights");
    refuse(ROW "[b]\nisa = x\n", "t.ini:1: this row lacks forward");
    refuse("[a]\nforward = direct\n", "t.ini:1: this row lacks isa");
    refuse("[a]\nisa = x\nforward = direct\n", "t.ini:1: this row lacks precision");
    refuse("[a]\nisa = x\nprecision = fp32\nforward = direct\n",
           "t.ini:1: this row lacks operator");
    refuse(ROW "forward = fast\n",
           "t.ini:5: forward = fast: expected direct|channels_last|winograd");
    refuse(ROW "training = 1\n", "t.ini:5: training = 1: expected no|yes");
    refuse(ROW "isa = y\n", "t.ini:5: isa is given twice");
    refuse(ROW "batch = 0\n", "t.ini:5: batch = 0: expected 1 or more");
    refuse(ROW "batch = many\n", "t.ini:5: batch = many: expected 1 or more");
    refuse(ROW "batch = 3000000000\n", "t.ini:5: batch = 3000000000: expected 1 or more");
    refuse(ROW "batch = 2\nbatch = 2\n", "t.ini:6: batch is given twice");
    refuse(ROW "tail =\n", "t.ini:5: tail has no value");
    refuse(ROW "forward = direct\nforward = direct\n", "t.ini:6: forward is given twice");
    refuse(ROW "backward = direct\n", "t.ini:5: backward is not a key of a tuning");
    refuse("[a]\nisa =\n", "t.ini:2: isa has no value");
    refuse("forward = direct\n", "t.ini:1");
    refuse("[a\n", "t.ini:1");
}

/* Rows for another instruction set may belong to another backend, whose variants are not known
 * here; so may all rows, for a backend that has no variants. The keys that a row must have are
 * required in all rows. */
static void test_rows_for_others(void **state)
{
    (void)state;
    static const char text[] = "[a]\nisa = sm_90 y\nprecision = *\noperator = *\nforward = fast\n"
                               "[b]\nisa = x\nprecision = *\noperator = *\nforward = winograd\n"
                               "[c]\nisa = z\nprecision = *\noperator = *\nforward = odd\n";
    an_tuning *tuning;
    expect_variants(ask(text, "x", "fp32", true), W, D, D);
    an_tuning_place y = place_of("y");
    expect_failure(an_tuning_parse(&tuning, text, "t.ini", &y), bad, "t.ini:5: forward");
    y.variants = NULL;
    expect_ok(an_tuning_parse(&tuning, text, "t.ini", &y));
    an_tuning_free(tuning);
    refuse("[a]\nisa = y\nprecision = *\nforward = odd\n", "t.ini:1: this row lacks operator");
}

/* The built-in tables can be read for every instruction set. */
static void test_built_in_tables(void **state)
{
    static const char *const isas[] = {"baseline", "avx2", "avx512", "avx512_bf16", "amx"};
    (void)state;
    for (const alexnet_builtin *t = an_builtin_tunings; t->name; t++)
        for (int i = 0; i < an_backend_count; i++)
            for (size_t j = 0; j < sizeof isas / sizeof *isas; j++) {
                an_tuning *tuning;
                if (strcmp(an_backends[i]->name, t->name) != 0)
                    continue;
                an_tuning_place place = place_of(isas[j]);
                place.variants = an_backends[i]->variants;
                expect_ok(an_tuning_parse(&tuning, t->text, t->name, &place));
                an_tuning_free(tuning);
            }
}

/* Where the caller's file and the backend's own table name a variant, the caller's counts. */
static void test_both_have_a_row(void **state)
{
    (void)state;
    static const char theirs[] = "[a]\nisa = *\nprecision = *\noperator = *\nforward = direct\n";
    static const char own[] = "[a]\nisa = *\nprecision = *\noperator = *\nforward = winograd\n"
                              "backward_data = winograd\n";
    an_op_desc op = conv3();
    an_backend *backend;
    if (!rig_has_device("cpu"))
        skip();
    alexnet_ctx *ctx = rig_ctx("cpu", ALEXNET_PRECISION_FP32, 1);
    ctx->tuning = an_strdup(theirs);
    ctx->tuning_name = an_strdup("t.ini");
    expect_ok(an_backend_open(&backend, ctx, true, NULL));
    const an_tuning_place place = an_device_place(backend->api, &backend->info);
    an_tuning_free(backend->default_tuning);
    expect_ok(an_tuning_parse(&backend->default_tuning, own, "own", &place));
    const an_variants both = an_backend_variants(backend, &op, true);
    assert_string_equal(backend->api->variants[both.of[AN_FORWARD]], "direct");
    assert_string_equal(backend->api->variants[both.of[AN_BACKWARD_DATA]], "winograd");
    an_backend_close(backend);
    an_ctx_release(ctx);
}

/* The caller's file takes precedence over the backend's own table; both are for the cpu alone. */
static void test_what_a_backend_takes(void **state)
{
    (void)state;
    static const char text[] =
        "[a]\nisa = *\nprecision = *\noperator = *\nbackward_weights = winograd\n";
    an_op_desc op = conv3();
    an_backend *backend;
    if (!rig_has_device("cpu"))
        skip();
    alexnet_ctx *ctx = rig_ctx("cpu", ALEXNET_PRECISION_FP32, 1);
    expect_ok(an_backend_open(&backend, ctx, true, NULL));
    an_variants built_in = an_backend_variants(backend, &op, true);
    an_backend_close(backend);
    ctx->tuning = an_strdup(text);
    ctx->tuning_name = an_strdup("t.ini");
    expect_ok(an_backend_open(&backend, ctx, true, NULL));
    an_variants both = an_backend_variants(backend, &op, true);
    assert_true(both.of[AN_FORWARD] == built_in.of[AN_FORWARD]);
    assert_true(both.of[AN_BACKWARD_DATA] == built_in.of[AN_BACKWARD_DATA]);
    assert_string_equal(backend->api->variants[both.of[AN_BACKWARD_WEIGHTS]], "winograd");
    an_backend_close(backend);
    an_device_defaults defaults = {.tuning = "[a]\nisa = *\n"};
    expect_ok(an_backend_open(&backend, ctx, true, &defaults)); /* the caller's own goes first */
    an_backend_close(backend);
    an_free(ctx->tuning);
    ctx->tuning = NULL;
    expect_ok(an_backend_open(&backend, ctx, true, &defaults)); /* a run's bad one is left out */
    assert_null(backend->tuning);
    an_backend_close(backend);
    an_ctx_release(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signature),
        cmocka_unit_test(test_which_row_counts),
        cmocka_unit_test(test_stars),
        cmocka_unit_test(test_rows_are_read_again),
        cmocka_unit_test(test_processor_and_library),
        cmocka_unit_test(test_deterministic),
        cmocka_unit_test(test_batch_and_tail),
        cmocka_unit_test(test_bad_texts),
        cmocka_unit_test(test_both_have_a_row),
        cmocka_unit_test(test_what_a_backend_takes),
        cmocka_unit_test(test_rows_for_others),
        cmocka_unit_test(test_built_in_tables),
    };
    return cmocka_run_group_tests_name("tuning", tests, NULL, NULL);
}
