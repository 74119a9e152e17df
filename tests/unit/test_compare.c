/*
 * Two data sets that are used together: the classes that differ, and pictures that are in both.
 */
#include "picture_tree.h"

#include <pthread.h>

#include "base/alloc.h"

static char logged[4096];

static void note(void *user, alexnet_log_level level, const char *line)
{
    (void)user;
    assert_int_equal(level, ALEXNET_LOG_WARNING);
    snprintf(logged + strlen(logged), sizeof logged - strlen(logged), "%s\n", line);
}

/* ---- Classes ---- */

static void expect_classes(const char *train, const char *val, const char *text)
{
    alexnet_dataset *a = open_good(train, NULL, NULL), *b = open_good(val, NULL, NULL);
    alexnet_dataset *matched;
    alexnet_status status = an_dataset_match_classes(&matched, a, b);
    assert_true(matched == (text ? NULL : b));
    an_dataset_release(matched);
    if (status != (text ? ALEXNET_ERROR_FORMAT : ALEXNET_OK))
        fail_msg("%s", alexnet_status_name(status));
    if (text && !strstr(an_error_text(), text))
        fail_msg("\"%s\" lacks \"%s\"", an_error_text(), text);
    an_dataset_release(a);
    an_dataset_release(b);
}

static void test_names_the_class_that_differs(void **state)
{
    (void)state;
    put("t/ant/a.jpg");
    put("t/bee/b.jpg");
    put("t/cat/c.jpg");
    put("same/ant/a.jpg");
    put("same/bee/b.jpg");
    put("same/cat/c.jpg");
    put("case/ant/a.jpg");
    put("case/Bee/b.jpg");
    put("case/cat/c.jpg");
    put("less/bee/b.jpg");
    put("first/ant/a.jpg");
    put("more/ant/a.jpg");
    put("more/bee/b.jpg");
    put("more/cat/c.jpg");
    put("more/dog/d.jpg");
    put("more/eel/e.jpg");
    put("one/caf\xC3\xA9/a.jpg");
    put("one/x/a.jpg");
    put("two/cafe\xCC\x81/a.jpg");
    put("two/x/a.jpg");
    expect_classes("t", "same", NULL);
    expect_classes("t", "case", "\"bee\" only in ");
    expect_classes("t", "case", "\"Bee\" only in ");
    expect_classes("t", "case", "/case; capitals and the encoding of accents count");
    expect_classes("t", "less", "(3 and 1): \"ant\" and 1 more only in ");
    expect_classes("t", "first", "(3 and 1): \"bee\" and 1 more only in ");
    expect_classes("t", "more", "(3 and 5): \"dog\" and 1 more only in ");
    /* These names look the same on a screen. */
    expect_classes("one", "two", "(with U+00E9) only in ");
    expect_classes("one", "two", "(with U+0301) only in ");
    expect_classes("one", "two", "/two; capitals and the encoding of accents count");
}

static void test_names_an_order_that_differs(void **state)
{
    (void)state;
    static const char *const ids[] = {"bee", "ant"};
    const an_class_list list = {2, ids, ids};
    put("t/ant/a.jpg");
    put("t/bee/b.jpg");
    alexnet_dataset *a = open_good("t", NULL, NULL), *b = open_good("t", NULL, &list);
    alexnet_dataset *matched;
    assert_int_equal(an_dataset_match_classes(&matched, a, b), ALEXNET_ERROR_FORMAT);
    assert_null(matched);
    assert_non_null(strstr(an_error_text(), "their order differs"));
    an_dataset_release(a);
    an_dataset_release(b);
}

static void put_list(const char *path, const char *lines)
{
    scratch_text(path, lines);
}

/* A validation set may lack numbers of the training set, also the highest; it gets all of its
 * classes. It may not have others, and names are not numbers. */
static void test_numbers_that_validation_lacks(void **state)
{
    (void)state;
    put("p/a.jpg");
    put("p/b.jpg");
    put("p/c.jpg");
    put_list("t.txt", "p/a.jpg 0\np/b.jpg 1\np/c.jpg 11\n");
    put_list("v.txt", "p/c.jpg 4\np/a.jpg 1\n");
    put_list("all.txt", "p/c.jpg 11\n");
    put_list("more.txt", "p/c.jpg 12\n");
    put_list("names.txt", "p/c.jpg x\n");
    alexnet_dataset *t = open_good("t.txt", NULL, NULL), *v = open_good("v.txt", NULL, NULL), *m;
    assert_int_equal(v->classes, 5);
    assert_int_equal(an_dataset_match_classes(&m, t, v), ALEXNET_OK);
    an_dataset_release(v);
    assert_int_equal(m->classes, 12);
    assert_int_equal(m->count, 2);
    for (int c = 0; c < 12; c++) {
        assert_string_equal(m->class_ids[c], t->class_ids[c]);
        assert_string_equal(m->class_names[c], t->class_names[c]);
    }
    assert_int_equal(m->samples[0].label, 1);
    assert_non_null(strstr(m->samples[0].name, "/a.jpg"));
    assert_int_equal(m->samples[1].label, 4);
    an_dataset_release(m);
    an_dataset_release(t);
    expect_classes("t.txt", "all.txt", NULL);
    expect_classes("t.txt", "more.txt", "(12 and 13): \"12\" only in ");
    expect_classes("t.txt", "names.txt", "(12 and 1): \"0\" and 11 more only in ");
}

/* ---- Pictures of both ---- */

/* Compare two folders and keep what is logged. */
static void compare(const char *train, const char *val)
{
    alexnet_ctx ctx = {.log = note};
    alexnet_dataset *a = open_good(train, NULL, NULL), *b = open_good(val, NULL, NULL);
    *logged = '\0';
    pthread_mutex_init(&ctx.log_lock, NULL);
    assert_int_equal(warn_shared(&ctx, a, b), ALEXNET_OK);
    pthread_mutex_destroy(&ctx.log_lock);
    an_dataset_release(a);
    an_dataset_release(b);
}

static void expect_logged(const char *text)
{
    if (!strstr(logged, text))
        fail_msg("\"%s\" lacks \"%s\"", logged, text);
}

static void test_finds_pictures_of_both(void **state)
{
    (void)state;
    put("t/cat/a.jpg");
    put("t/cat/b.jpg");
    put("t/dog/c.jpg");
    put("v/cat/x.jpg"); /* as large as a.jpg, with other bytes */
    put("v/dog/y.jpg");
    put("v/dog/z.jpg");
    compare("t", "v");
    assert_string_equal(logged, "");
    scratch_text("v/dog/other-name.jpg", "t/cat/b.jpg");
    compare("t", "v");
    expect_logged(
        "1 of 4 validation pictures is also among the training pictures: validation errors");
    expect_logged("/v/dog/other-name.jpg is also the training picture ");
    expect_logged("/t/cat/b.jpg\n");
    compare("t", "t");
    expect_logged("3 of 3 validation pictures are also ");
    assert_int_equal(remove("v/dog/y.jpg"), 0);
    assert_int_equal(symlink("../../t/dog/c.jpg", "v/dog/y.jpg"), 0);
    compare("t", "v");
    expect_logged("2 of 4 validation pictures are also ");
}

static void test_nothing_is_no_picture(void **state)
{
    (void)state;
    put("t/cat/a.jpg");
    put("v/cat/b.jpg");
    scratch_text("t/cat/empty.jpg", "");
    scratch_text("v/cat/empty.jpg", "");
    assert_int_equal(symlink("nowhere", "t/cat/gone.jpg"), 0);
    assert_int_equal(symlink("nowhere", "v/cat/gone.jpg"), 0);
    compare("t", "v");
    assert_string_equal(logged, "");
}

/* ---- A source whose pictures cannot be told apart without reading them, nor read ---- */

static int attempts;

static alexnet_status read_nothing(const an_data_source *source, int64_t item, an_item_data *out)
{
    *out = (an_item_data){0};
    attempts++;
    return AN_FAIL(ALEXNET_ERROR_IO, "%s is lost", source->items[item].name);
}

static int64_t stamp_alike(const an_data_source *source, int64_t item, bool timed)
{
    (void)source;
    (void)item;
    (void)timed;
    return 1;
}

static void close_nothing(an_data_source *source)
{
    (void)source;
}

static alexnet_dataset *open_lost(int items)
{
    static const an_data_kind lost = {
        .name = "lost", .read = read_nothing, .stamp = stamp_alike, .close = close_nothing};
    an_data_source *source;
    alexnet_dataset *d;
    assert_int_equal(an_data_source_new(&source, &lost, "lost"), ALEXNET_OK);
    assert_int_equal(an_strings_add(&source->classes, an_strdup("x")), ALEXNET_OK);
    for (int i = 0; i < items; i++) {
        char *name = an_format("picture %d", i);
        assert_int_equal(an_data_source_add(source, name, name, 0), ALEXNET_OK);
    }
    assert_int_equal(an_dataset_new(&d, NULL, source, NULL, NULL), ALEXNET_OK);
    return d;
}

/* A picture that cannot be read is tried once, not once for each that it is compared with. */
static void test_reads_each_once(void **state)
{
    (void)state;
    alexnet_dataset *train = open_lost(40), *val = open_lost(10);
    attempts = 0;
    assert_int_equal(warn_shared(NULL, train, val), ALEXNET_OK);
    assert_in_range(attempts, 10, 50);
    an_dataset_release(train);
    an_dataset_release(val);
}

static void test_no_memory(void **state)
{
    (void)state;
    alexnet_status status = ALEXNET_ERROR_NO_MEMORY;
    put("t/ant/a.jpg");
    put("v/ant/a.jpg");
    put("v/bee/b.jpg");
    alexnet_dataset *a = open_good("t", NULL, NULL), *b = open_good("v", NULL, NULL), *matched;
    for (uint64_t n = 1; status == ALEXNET_ERROR_NO_MEMORY; n++) {
        an_alloc_fail_at(n);
        status = warn_shared(NULL, a, b);
        if (status == ALEXNET_OK)
            status = an_dataset_match_classes(&matched, a, b);
        an_alloc_fail_at(0);
    }
    assert_int_equal(status, ALEXNET_ERROR_FORMAT);
    an_dataset_release(a);
    an_dataset_release(b);
}

static void test_rule_of_bad_pictures(void **state)
{
    (void)state;
    assert_false(an_too_many_bad(1, 100, 0));
    assert_true(an_too_many_bad(1, 99, 0));
    assert_false(an_too_many_bad(5, 60, 5));
    assert_true(an_too_many_bad(6, 60, 5));
    assert_false(an_too_many_bad(6, 600, 5));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_names_the_class_that_differs),
        TEST(test_names_an_order_that_differs),
        TEST(test_numbers_that_validation_lacks),
        TEST(test_finds_pictures_of_both),
        TEST(test_nothing_is_no_picture),
        TEST(test_reads_each_once),
        TEST(test_no_memory),
        cmocka_unit_test(test_rule_of_bad_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
