/*
 * Files of weights of classes: what people and their editors write is read, and what is not a name
 * and a weight is refused with its line.
 */
#include "expect.h"
#include "scratch.h"

#include "train/class_weights.h"

static char *ids[] = {"zebra", "golden retriever", "a", "\xc3\xa4", "7", "#hash"};
static an_classes classes = {5, ids, ids}; /* the sixth for a test of its own */

static alexnet_status try(float *weights, int *named, const char *text, size_t length)
{
    scratch_write("w.txt", text, length);
    return an_class_weights_read(weights, &classes, "w.txt", named);
}

static void expect_weights(const char *text, const float *expected, int count)
{
    float weights[6];
    int named = -1;
    expect_ok(try(weights, &named, text, strlen(text)));
    assert_int_equal(named, count);
    for (int i = 0; i < classes.count; i++)
        assert_true(weights[i] == expected[i]);
}

static void test_what_is_read(void **state)
{
    (void)state;
    expect_weights("zebra 2\n", (const float[]){2, 1, 1, 1, 1}, 1);
    expect_weights("golden retriever 0.5\n7 7\na 0\n\xc3\xa4 1e-9\nzebra 1e9",
                   (const float[]){1e9f, 0.5f, 0, 1e-9f, 7}, 5);
    expect_weights(
        "\xEF\xBB\xBFzebra\t2\r\n\r\n  # golden retriever 9\r\n\tgolden retriever \t 3 \r\n",
        (const float[]){2, 3, 1, 1, 1}, 2);
    expect_weights("# names: all\na\t 0.25\n#\n\n", (const float[]){1, 1, 0.25f, 1, 1}, 1);
}

static void expect_refused(const char *text, size_t length, const char *part)
{
    float weights[6];
    int named;
    expect_failure(try(weights, &named, text, length), ALEXNET_ERROR_FORMAT, part);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const char range[] = "; expected 0 or a number from 1e-09 to 1e+09";
    static const struct {
        const char *text, *error;
    } bad[] = {
        {"a 1\nzebra\n",
         "w.txt:2: \"zebra\" is not the name of a class, a space or tab, and a weight"},
        {"golden retriever\n", "w.txt:1: the weight of \"golden\" is \"retriever\""},
        {"a 1 # one\n", "w.txt:1: the weight of \"a 1 #\" is \"one\""},
        {"a nan\n", range},
        {"a inf\n", range},
        {"a -1\n", range},
        {"a 1e-10\n", range},
        {"a 1.1e9\n", range},
        {"a 1e999\n", range},
        {"a 0x\n", range},
        {"a 1,5\n", range},
        {"\n\nzebr 1\n", "w.txt:3: the data has no class \"zebr\"; did you mean \"zebra\"?"},
        {"a 1\nzebra 1\na 1\n", "w.txt:3: the class \"a\" has a weight already, in line 1"},
        {"a\tb 1\n", "w.txt:1: the name of the class has a tab in it"},
        {"\xff 1\n", "w.txt:1: the name of the class is not UTF-8 text"},
        {"", "w.txt has no weights: expected lines with the name of a class and its weight"},
        {"# a 1\n", "w.txt has no weights"},
        {"a 0\nzebra 0\n7 0\n\xc3\xa4 0\ngolden retriever 0\n",
         "w.txt gives every class the weight 0"},
        {"\xff\xfe"
         "a",
         "w.txt is UTF-16 text; save it as UTF-8"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_refused(bad[i].text, strlen(bad[i].text), bad[i].error);
    expect_refused("a 1\nze\0bra 1\n", 13, "w.txt:2: not text");
    float weights[6];
    int named;
    expect_failure(an_class_weights_read(weights, &classes, "none", &named), ALEXNET_ERROR_IO,
                   "none");
}

/* A class whose name begins with # can have no weight, and comments remain comments. */
static void test_a_name_like_a_comment(void **state)
{
    (void)state;
    classes.count = 6;
    expect_weights("#hash\n#hash x\n# hash 5\n#hash 5 7\na 2\n", (const float[]){1, 1, 2, 1, 1, 1},
                   1);
    static const char text[] = "a 1\n #hash  5\n";
    expect_refused(text, strlen(text),
                   "w.txt:2: a line that begins with # is a comment, so "
                   "the class \"#hash\" gets no weight here; rename the class");
    classes.count = 5;
}

/* Where no name is near, some are listed; of many the first. */
static void test_names_that_are_far(void **state)
{
    (void)state;
    static const char text[] = "elephant 1\n";
    classes.count = 2;
    expect_refused(text, strlen(text),
                   "w.txt:1: the data has no class \"elephant\"; its 2 classes "
                   "are \"golden retriever\", \"zebra\"");
    assert_null(strstr(an_error_text(), "..."));
    classes.count = 6;
    expect_refused(text, strlen(text),
                   "; its 6 classes are \"#hash\", \"7\", \"a\", \"golden "
                   "retriever\", \"zebra\", ...");
    classes.count = 5;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_read, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_refused, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_a_name_like_a_comment, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_names_that_are_far, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests_name("weights of classes", tests, NULL, NULL);
}
