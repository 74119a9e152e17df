/*
 * Words and numbers: parsing that trusts nothing, choices, and the nearest word.
 */
#include "expect.h"

#include <locale.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf8.h"

static void expect_double(const char *text, double expected)
{
    double value;
    assert_true(an_text_to_double(text, &value));
    assert_true(value == expected);
}

static void test_doubles(void **state)
{
    (void)state;
    double value;
    expect_double("0.1", 0.1);
    expect_double(" -2.5e-3 ", -2.5e-3);
    expect_double("1e308", 1e308);
    expect_double("+7", 7);
    const char *bad[] = {"",     " ",        "x",     "1x",     "1 2", "1,5",   "nan", "NaN", "inf",
                         "-inf", "infinity", "1e999", "-1e999", "--1", "0.1.2", "1e",  "e5",  "."};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (an_text_to_double(bad[i], &value))
            fail_msg("\"%s\" passed for %g", bad[i], value);
}

/* A caller with a comma for a decimal point reads the same files. */
static void test_doubles_in_any_locale(void **state)
{
    (void)state;
    double value;
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8"))
        print_message("no locale with a decimal comma here; checked in the current one\n");
    expect_double("0.25", 0.25);
    assert_false(an_text_to_double("0,25", &value));
    setlocale(LC_NUMERIC, "C");
}

static void test_integers(void **state)
{
    (void)state;
    int64_t value;
    assert_true(an_text_to_int("42", &value));
    assert_int_equal(value, 42);
    assert_true(an_text_to_int(" -7 ", &value));
    assert_int_equal(value, -7);
    assert_true(an_text_to_int("9223372036854775807", &value));
    assert_true(value == INT64_MAX);
    const char *bad[] = {"",    " ",  "4.0", "1e3", "0x10", "12 13", "9223372036854775808",
                         "abc", "5 %"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (an_text_to_int(bad[i], &value))
            fail_msg("\"%s\" passed for %lld", bad[i], (long long)value);
}

static void test_choices(void **state)
{
    (void)state;
    assert_int_equal(an_text_choice("no|yes", "no"), 0);
    assert_int_equal(an_text_choice("no|yes", "yes"), 1);
    assert_int_equal(an_text_choice("no|yes", "ye"), -1);
    assert_int_equal(an_text_choice("no|yes", "yess"), -1);
    assert_int_equal(an_text_choice("no|yes", ""), -1);
    assert_int_equal(an_text_choice("no|yes", "no|yes"), -1);
    assert_int_equal(an_text_position("cpu,cpuacct", ',', "cpuacct"), 1);
    assert_int_equal(an_text_position("cpuset", ',', "cpu"), -1);
    assert_int_equal(an_text_position("", ',', "cpu"), -1);
}

static void test_distances(void **state)
{
    (void)state;
    assert_int_equal(an_text_distance("", ""), 0);
    assert_int_equal(an_text_distance("", "abc"), 3);
    assert_int_equal(an_text_distance("padding", "padding"), 0);
    assert_int_equal(an_text_distance("paddng", "padding"), 1); /* left out */
    assert_int_equal(an_text_distance("pading", "padding"), 1);
    assert_int_equal(an_text_distance("paddding", "padding"), 1); /* put in */
    assert_int_equal(an_text_distance("pabding", "padding"), 1);  /* another */
    assert_int_equal(an_text_distance("apdding", "padding"), 1);  /* two exchanged */
    assert_int_equal(an_text_distance("kitten", "sitting"), 3);
    assert_int_equal(an_text_distance("TF32", "tf32"), 0);
    char long_word[200];
    memset(long_word, 'a', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    assert_true(an_text_distance(long_word, "a") > 48);
}

static void expect_match(const char *pattern, const char *name, bool expected)
{
    if (an_text_matches(pattern, name) != expected)
        fail_msg("%s and %s", pattern, name);
}

static void test_patterns(void **state)
{
    (void)state;
    expect_match("conv1", "conv1", true);
    expect_match("conv1", "conv11", false);
    expect_match("conv11", "conv1", false);
    expect_match("conv*", "conv1", true);
    expect_match("conv*", "conv", true);
    expect_match("conv*", "econv", false);
    expect_match("*", "", true);
    expect_match("", "", true);
    expect_match("", "a", false);
    expect_match("fc?", "fc6", true);
    expect_match("fc?", "fc", false);
    expect_match("fc?", "fc10", false);
    expect_match("*v*2", "conv12", true);
    expect_match("*a*b", "abab", true);
    expect_match("*a*b", "abac", false);
    expect_match("a**b", "ab", true);
    expect_match("*ab", "aab", true);
    /* A matcher that tries every division of the letters among the stars would practically never
     * end. */
    expect_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*ab",
                 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false);
}

static void test_plurals(void **state)
{
    (void)state;
    assert_string_equal(an_text_plural(0, "class", "classes"), "classes");
    assert_string_equal(an_text_plural(1, "class", "classes"), "class");
    assert_string_equal(an_text_plural(2, "class", "classes"), "classes");
}

static const char *word_at(void *user, int i)
{
    return ((const char *const *)user)[i];
}

static void test_the_nearest(void **state)
{
    (void)state;
    const char *words[] = {"rate", "rate_bias", NULL, "epochs", "batch"};
    const char *near = an_text_nearest("epoch", 5, word_at, words);
    assert_string_equal(near, "epochs");
    assert_string_equal(an_text_nearest("rate_bais", 5, word_at, words), "rate_bias");
    assert_string_equal(an_text_nearest("rat", 5, word_at, words), "rate");
    assert_null(an_text_nearest("completely", 5, word_at, words));
    assert_null(an_text_nearest("x", 0, word_at, words));
    assert_null(an_text_nearest("data", 5, word_at, words)); /* half of the letters differ */
    const char *more[] = {"j", "validation", "lr", "to"};
    assert_string_equal(an_text_nearest("val", 4, word_at, more), "validation"); /* its beginning */
    assert_null(an_text_nearest("va", 4, word_at, more));
    assert_null(an_text_nearest("x", 4, word_at, more)); /* no letter is the same */
    assert_string_equal(an_text_nearest("j", 4, word_at, more), "j");
    assert_string_equal(an_text_nearest("lt", 4, word_at, more), "lr");
}

/* Any bytes can be written on one line and read back unchanged. */
static void test_percent(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
    } cases[] = {{"a b/c.jpg", "a b/c.jpg"},
                 {"", ""},
                 {"100%\n", "100%25%0A"},
                 {"caf\xC3\xA9", "caf\xC3\xA9"},
                 {"caf\xE9\x7F", "caf%E9%7F"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *written = an_text_percent(cases[i].text);
        assert_string_equal(written, cases[i].written);
        assert_true(an_text_unpercent(written));
        assert_string_equal(written, cases[i].text);
        an_free(written);
    }
    static const char *const bad[] = {"%", "%4", "a%00", "%ag", "%AG", "%%41"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[8];
        strcpy(text, bad[i]);
        assert_false(an_text_unpercent(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percent),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_doubles_in_any_locale),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_distances),
        cmocka_unit_test(test_the_nearest),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_plurals),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
