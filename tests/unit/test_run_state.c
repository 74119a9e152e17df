/*
 * The progress record: every bit of it comes back, and a damaged one is refused by name.
 */
#include "expect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "train/run_state.h"

/* The least, the most, and one that no short decimal is. */
enum { WEIGHTS = 4 };
static const float weights[WEIGHTS] = {0, 1e-9f, 1e9f, 1.f / 3};

static an_run_state sample(void)
{
    an_run_state r = {.phase = AN_PHASE_VAL,
                      .step = 123456789012345,
                      .shift = -5,
                      .mean_done = 64,
                      .interval = {7, 1, 1.0 / 3, 0.1, 1e-300},
                      .epoch = {1000000, 99, 12345.678901234567, 5e5, 3},
                      .best = {.images = 50,
                               .skipped = 1,
                               .loss = 1e300,
                               .top1_error = 0.12345678901234567,
                               .top5_error = 1.0 / 3},
                      .best_epoch = 3,
                      .skipped = 4,
                      .log_lines = 9007199254740993, /* 2^53 + 1: no double holds it */
                      .split = 17,
                      .deterministic = true,
                      .told_stuck = true,
                      .has_axes = true,
                      .axes = {{1, 2, 3}, {4, 5, 6}, {7, 1.0 / 3, 9}}};
    r.train = (an_data_identity){an_strdup("/data/\xc3\xa4 \"x\"\\"),
                                 an_strdup("shards"),
                                 {0.1, UINT64_MAX, false, AN_SPLIT_BY_HASH},
                                 5000000000,
                                 0x8000000000000001,
                                 0xfffffffffffffffe};
    r.val = (an_data_identity){
        an_strdup("/v"), an_strdup("folders"), {0.1, 1, true, AN_SPLIT_BY_COUNT}, 2, 0, 0};
    strcpy(r.device, "cpu");
    strcpy(r.isa, "avx512");
    strcpy(r.library, "oneDNN 2.6.3");
    strcpy(r.precision, "bf16");
    r.tuning = an_strdup("[c]\nisa = x\n");
    r.n_class_weights = WEIGHTS;
    r.class_weights = an_malloc(sizeof weights);
    memcpy(r.class_weights, weights, sizeof weights);
    return r;
}

static void expect_equal_tallies(const an_tally *a, const an_tally *b)
{
    assert_memory_equal(a, b, sizeof *a);
}

static void expect_equal_data(const an_data_identity *a, const an_data_identity *b)
{
    assert_string_equal(a->root, b->root);
    assert_string_equal(a->kind, b->kind);
    assert_true(a->part.share == b->part.share && a->part.seed == b->part.seed &&
                a->part.val == b->part.val && a->part.rule == b->part.rule);
    assert_true(a->count == b->count && a->fingerprint == b->fingerprint && a->places == b->places);
}

static void test_round_trip(void **state)
{
    (void)state;
    an_run_state a = sample(), b;
    char *text = an_run_state_to_text(&a);
    assert_non_null(text);
    expect_ok(an_run_state_from_text(&b, text, "file"));
    assert_true(a.phase == b.phase && a.step == b.step && a.skipped == b.skipped);
    assert_true(a.shift == b.shift && a.mean_done == b.mean_done);
    assert_true(a.best.top1_error == b.best.top1_error && a.best.loss == b.best.loss);
    assert_true(a.best.top5_error == b.best.top5_error && a.best.images == b.best.images);
    assert_true(a.best.skipped == b.best.skipped);
    assert_true(a.best_epoch == b.best_epoch && a.log_lines == b.log_lines && a.split == b.split);
    expect_equal_tallies(&a.interval, &b.interval);
    expect_equal_tallies(&a.epoch, &b.epoch);
    expect_equal_data(&a.train, &b.train);
    expect_equal_data(&a.val, &b.val);
    assert_string_equal(a.device, b.device);
    assert_string_equal(a.isa, b.isa);
    assert_string_equal(a.library, b.library);
    assert_string_equal(a.precision, b.precision);
    assert_string_equal(a.tuning, b.tuning);
    assert_true(b.deterministic && b.has_axes && b.told_stuck);
    assert_memory_equal(a.axes, b.axes, sizeof a.axes);
    assert_int_equal(b.n_class_weights, WEIGHTS);
    assert_memory_equal(b.class_weights, weights, sizeof weights);
    an_free(text);
    an_run_state_free(&a);
    an_run_state_free(&b);
}

static void test_without_validation(void **state)
{
    (void)state;
    an_run_state a = sample(), b;
    an_free(a.val.root);
    an_free(a.val.kind);
    a.val.root = a.val.kind = NULL;
    char *text = an_run_state_to_text(&a);
    assert_non_null(text);
    expect_ok(an_run_state_from_text(&b, text, "file"));
    assert_null(b.val.root);
    an_free(text);
    an_run_state_free(&a);
    an_run_state_free(&b);
}

/* Each rule is recorded, so that a run keeps the one that it began with. */
static void test_rules(void **state)
{
    (void)state;
    for (int rule = AN_SPLIT_BY_PATH; rule <= AN_SPLIT_BY_COUNT; rule++) {
        an_run_state a = sample(), b;
        a.train.part.rule = (an_split_rule)rule;
        char *text = an_run_state_to_text(&a);
        expect_ok(an_run_state_from_text(&b, text, "file"));
        assert_int_equal(b.train.part.rule, rule);
        an_run_state_free(&b);
        an_free(text);
        an_run_state_free(&a);
    }
}

/* A record from before there was a choice of rules means the only rule of that time. */
static void test_rule_of_older_records(void **state)
{
    (void)state;
    an_run_state a = sample(), b;
    char *text = an_run_state_to_text(&a), *rule = strstr(text, "\"share_rule\"");
    assert_non_null(rule);
    rule[1] = 'x';
    expect_ok(an_run_state_from_text(&b, text, "file"));
    assert_int_equal(b.train.part.rule, AN_SPLIT_BY_COUNT);
    an_run_state_free(&b);
    an_free(text);
    an_run_state_free(&a);
}

/* Replace the first `from` of the sample's text by `to`, and read it. */
static alexnet_status damaged(const char *from, const char *to)
{
    an_run_state a = sample(), b;
    char *text = an_run_state_to_text(&a), *at = strstr(text, from);
    if (!at)
        fail_msg("%s has no %s", text, from);
    *at = '\0';
    char *changed = an_format("%s%s%s", text, to, at + strlen(from));
    alexnet_status rc = an_run_state_from_text(&b, changed, "last.safetensors");
    if (rc != ALEXNET_OK) {
        assert_null(b.train.root);
        assert_null(b.val.root);
    }
    an_run_state_free(&b);
    an_free(changed);
    an_free(text);
    an_run_state_free(&a);
    return rc;
}

static void test_damage(void **state)
{
    (void)state;
    const alexnet_status bad = ALEXNET_ERROR_FORMAT;
    const char *not_object = "last.safetensors: its record of progress is not a JSON object";
    const char *range = "last.safetensors: its record of progress has values out of range";
    expect_ok(damaged("\"split\":17", "\"split\":18"));
    expect_ok(damaged("\"best_images\"", "\"x\""));        /* an older record */
    expect_ok(damaged("\"log_lines\"", "\"log_length\"")); /* in bytes */
    expect_ok(damaged("\"tuning\"", "\"x\""));             /* another older record */
    expect_ok(damaged("\"kind\":\"shards\"", "\"x\":1"));  /* older records are all of folders */
    expect_failure(damaged("\"kind\":\"shards\"", "\"kind\":1"), bad, "lacks kind");
    expect_failure(damaged("\"hash\"", "\"luck\""), bad, "lacks share_rule");
    expect_failure(damaged("\"hash\"", "\"counted\""), bad, "lacks share_rule");
    expect_failure(damaged("\"hash\"", "1"), bad, "lacks share_rule");
    expect_failure(damaged("\"best_top5_error\"", "\"x\""), bad, "lacks best_top5_error");
    expect_failure(damaged("\"tuning\":\"", "\"tuning\":7,\"x\":\""), bad, "lacks tuning");
    expect_failure(damaged("{", "["), bad, not_object);
    expect_failure(damaged("{\"phase\"", "{,\"phase\""), bad, not_object);
    expect_failure(damaged("\"step\":123456789012345,", ""), bad,
                   "last.safetensors: its record of progress lacks step");
    expect_failure(damaged("\"step\":123456789012345", "\"step\":\"7\""), bad, "lacks step");
    expect_failure(damaged("\"step\":123456789012345", "\"step\":1.5"), bad, "lacks step");
    expect_failure(damaged("\"step\":123456789012345", "\"step\":null"), bad, "lacks step");
    expect_failure(damaged("\"step\":123456789012345", "\"step\":99999999999999999999"), bad,
                   not_object);
    expect_failure(damaged("\"step\":123456789012345", "\"step\":-1"), bad, range);
    expect_failure(damaged("\"phase\":2", "\"phase\":4"), bad, range);
    expect_failure(damaged("\"phase\":2", "\"phase\":-1"), bad, range);
    expect_failure(damaged("\"phase\":2", "\"phase\":4294967296"), bad, range);
    expect_failure(damaged("\"split\":17", "\"split\":0"), bad, range);
    expect_failure(damaged("\"split\":17", "\"split\":4097"), bad, range);
    expect_failure(damaged("\"split\":17", "\"split\":4294967297"), bad, range);
    expect_failure(damaged("\"log_lines\":9007199254740993", "\"log_lines\":-1"), bad, range);
    expect_failure(damaged("\"log_lines\":9", "\"log_length\":-9"), bad, range);
    expect_failure(damaged("\"log_lines\"", "\"x\""), bad, "lacks log_lines");
    expect_failure(damaged("\"images\":7", "\"images\":9223372036854775807"), bad, range);
    expect_failure(damaged("\"skipped\":4", "\"skipped\":-1"), bad, range);
    expect_failure(damaged("\"shift\":-5", "\"shift\":-123456789012346"), bad, range);
    expect_failure(damaged("\"shift\":-5", "\"shift\":9223372036854775807"), bad, range);
    expect_failure(damaged("\"mean_done\":64", "\"mean_done\":-1"), bad, range);
    expect_failure(damaged("\"best_epoch\":3", "\"best_epoch\":-3"), bad, range);
    expect_failure(damaged("\"count\":5000000000", "\"count\":0"), bad, range);
    expect_failure(damaged("\"count\":2", "\"count\":-2"), bad, range);
    expect_failure(damaged("\"share\":0.1", "\"share\":1.1"), bad, range);
    expect_failure(damaged("\"3g\"", "\"x\""), bad, "lacks 3g");
    expect_ok(damaged("\"class_weights\"", "\"x\"")); /* of a run without a file of them */
    expect_failure(damaged("\"class_weights\":[", "\"class_weights\":[],\"x\":["), bad,
                   "lacks class_weights");
    expect_failure(damaged("\"class_weights\":[", "\"class_weights\":7,\"x\":["), bad,
                   "lacks class_weights");
    expect_failure(damaged("\"class_weights\":[0", "\"class_weights\":[\"0\",1"), bad, range);
    expect_failure(damaged("\"class_weights\":[0", "\"class_weights\":[-1"), bad, range);
    expect_failure(damaged("\"class_weights\":[0", "\"class_weights\":[1e300,1"), bad, range);
    expect_failure(damaged("\"class_weights\":[0", "\"class_weights\":[1e-300,1"), bad, range);
    expect_failure(damaged("\"train\":{", "\"train\":null,\"x\":{"), bad, range);
    expect_failure(damaged("\"train\":{", "\"train\":5,\"x\":{"), bad, "lacks");
    expect_failure(damaged("\"val\":{", "\"value\":{"), bad, "lacks val");
    expect_failure(damaged("\"root\":\"/v\"", "\"root\":7"), bad, "lacks root");
    expect_failure(damaged("\"device\":\"cpu\"", "\"device\":3"), bad, "lacks device");
    expect_failure(damaged("\"images\":7,", ""), bad, "lacks images");
}

/* Every prefix is refused. */
static void test_cut_short(void **state)
{
    (void)state;
    an_run_state a = sample(), b;
    char *text = an_run_state_to_text(&a);
    for (size_t length = strlen(text); length-- > 0;) {
        text[length] = '\0';
        expect_failure(an_run_state_from_text(&b, text, "f"), ALEXNET_ERROR_FORMAT, "not a JSON");
    }
    an_free(text);
    an_run_state_free(&a);
}

/* A word that is too long for its field is cut. */
static void test_long_words(void **state)
{
    (void)state;
    char device[400];
    memset(device, 'd', sizeof device - 1);
    device[sizeof device - 1] = '\0';
    char *to = an_format("\"device\":\"%s\"", device);
    expect_ok(damaged("\"device\":\"cpu\"", to)); /* cut: it is for people, and for comparing */
    an_free(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_without_validation),
        cmocka_unit_test(test_rules),      cmocka_unit_test(test_rule_of_older_records),
        cmocka_unit_test(test_damage),     cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_long_words),
    };
    return cmocka_run_group_tests_name("progress records", tests, NULL, NULL);
}
