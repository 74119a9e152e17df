/*
 * Folders as data sets: what is found, in which order, under which numbers; and what is said about
 * folders that are none.
 */
#include "picture_tree.h"

#include <sys/stat.h>

#include "base/alloc.h"
#include "data/names.h"

static void put_all(const char *const *paths)
{
    for (; *paths; paths++)
        put(*paths);
}

static void check_error(const char *path, const char *names, const an_class_list *list,
                        alexnet_status expected, const char *text)
{
    alexnet_dataset *d = (alexnet_dataset *)&d;
    alexnet_status status = an_dataset_open(&d, path, names, list);
    if (status != expected || !strstr(an_error_text(), text))
        fail_msg("%s: %s \"%s\", expected %s \"%s\"", path, alexnet_status_name(status),
                 an_error_text(), alexnet_status_name(expected), text);
    assert_null(d);
}

static const char *const tree[] = {
    "t/cat/b.JPG",         "t/cat/a.jpeg",      "t/cat/deep/er/c.png",
    "t/cat/deep.jpe",      "t/cat/notes.txt",   "t/cat/.d.jpg",
    "t/cat/.hidden/e.jpg", "t/cat/noending",    "t/cat/f.jpg.bak",
    "t/cat-b/g.jpg",       "t/Zebra/h.PNG",     "t/\xC3\xA4ndern/i.jpg",
    "t/cat/\xFF\n.jpg",    "t/.git/j.jpg",      "t/README.jpg",
    "t/Zebra/k.jpg/l.jpg", "t/cat/deep-er.jpg", NULL};

static void test_finds_pictures_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int label;
    } expected[] = {{"Zebra/h.PNG", 0},        {"Zebra/k.jpg/l.jpg", 0}, {"cat/a.jpeg", 1},
                    {"cat/b.JPG", 1},          {"cat/deep-er.jpg", 1},   {"cat/deep.jpe", 1},
                    {"cat/deep/er/c.png", 1},  {"cat/\xFF\n.jpg", 1},    {"cat-b/g.jpg", 2},
                    {"\xC3\xA4ndern/i.jpg", 3}};
    put_all(tree);
    alexnet_dataset *d = open_good("t", NULL, NULL);
    assert_int_equal(d->classes, 4);
    assert_string_equal(d->class_ids[0], "Zebra");
    assert_string_equal(d->class_ids[1], "cat");
    assert_string_equal(d->class_ids[2], "cat-b");
    assert_string_equal(d->class_names[3], "\xC3\xA4ndern");
    assert_int_equal(d->root[0], '/');
    assert_int_equal(d->count, sizeof expected / sizeof *expected);
    for (int64_t i = 0; i < d->count; i++) {
        assert_string_equal(below(d, i), expected[i].path);
        assert_int_equal(d->samples[i].label, expected[i].label);
        assert_true(an_is_file(d->samples[i].path));
    }
    an_dataset_release(d);
}

static void test_links_are_followed_but_not_in_circles(void **state)
{
    (void)state;
    put("t/cat/a.jpg");
    put("t/dog/d.jpg");
    put("else/where/b.jpg");
    assert_int_equal(symlink("../../else/where", "t/cat/far"), 0);
    assert_int_equal(symlink("..", "t/cat/up"), 0);
    assert_int_equal(symlink(".", "t/cat/here"), 0);
    assert_int_equal(symlink("a.jpg", "t/cat/same.jpg"), 0);
    assert_int_equal(symlink("nowhere", "t/cat/broken.jpg"), 0);
    alexnet_dataset *d = open_good("t", NULL, NULL);
    assert_string_equal(below(d, 0), "cat/a.jpg");
    assert_string_equal(below(d, 1), "cat/broken.jpg");
    assert_string_equal(below(d, 2), "cat/far/b.jpg");
    assert_string_equal(below(d, 3), "cat/same.jpg");
    assert_string_equal(below(d, 4), "dog/d.jpg"); /* and not cat/up/dog/d.jpg as a cat */
    assert_int_equal(d->count, 5);
    an_dataset_release(d);
}

static void test_train_and_val(void **state)
{
    (void)state;
    alexnet_dataset_kind kind;
    put("both/train/cat/a.jpg");
    put("both/val/cat/a.jpg");
    put("one/train/a.jpg");
    put("one/test/a.jpg");
    assert_int_equal(an_dataset_layout("both", &kind), ALEXNET_OK);
    assert_int_equal(kind, ALEXNET_DATASET_TRAIN_VAL);
    assert_int_equal(an_dataset_layout("one", &kind), ALEXNET_OK);
    assert_int_equal(kind, ALEXNET_DATASET_CLASSES);
    assert_int_equal(an_dataset_layout("none", &kind), ALEXNET_ERROR_IO);
    check_error("both", NULL, NULL, ALEXNET_ERROR_INVALID_ARGUMENT, "train and val");
    /* A split by other names is no pair of classes; a class of such a name beside others is one. */
    check_error("one", NULL, NULL, ALEXNET_ERROR_INVALID_ARGUMENT,
                "one holds the folders test and train, which are no classes");
    put("rails/Train/a.jpg");
    put("rails/tram/a.jpg");
    alexnet_dataset *d = open_good("rails", NULL, NULL);
    assert_int_equal(d->classes, 2);
    an_dataset_release(d);
}

static void test_bad_folders(void **state)
{
    (void)state;
    put("flat/a.jpg");
    put("flat/b.jpg");
    put("t/cat/a.jpg");
    put("t/dog/notes.txt");
    put("latin/caf\xE9/a.jpg");
    put("escape/a\x1B[2J/a.jpg");
    assert_int_equal(mkdir("empty", 0777), 0);
    check_error("none", NULL, NULL, ALEXNET_ERROR_IO, "none");
    check_error("empty", NULL, NULL, ALEXNET_ERROR_FORMAT, "empty");
    check_error("flat", NULL, NULL, ALEXNET_ERROR_FORMAT, "2 pictures but no class folders");
    check_error("flat/a.jpg", NULL, NULL, ALEXNET_ERROR_FORMAT, "is a file");
    check_error("t", NULL, NULL, ALEXNET_ERROR_FORMAT, "t/dog");
    check_error("latin", NULL, NULL, ALEXNET_ERROR_FORMAT, "not UTF-8");
    check_error("escape", NULL, NULL, ALEXNET_ERROR_FORMAT, "not UTF-8");
    put("t/dog/a.png");
    assert_int_equal(chmod("t/dog", 0), 0);
    if (geteuid() != 0) /* root may read it */
        check_error("t", NULL, NULL, ALEXNET_ERROR_IO, "t/dog: Permission denied");
    assert_int_equal(chmod("t/dog", 0777), 0);
    an_dataset_release(open_good("t", NULL, NULL));
}

static void test_too_deep(void **state)
{
    (void)state;
    char path[1024] = "t/cat";
    for (int i = 0; i < 63; i++)
        strcat(path, "/d");
    strcat(path, "/a.jpg");
    put(path);
    alexnet_dataset *d = open_good("t", NULL, NULL);
    assert_int_equal(d->count, 1);
    an_dataset_release(d);
    strcpy(strrchr(path, '/'), "/d/a.jpg");
    put(path);
    check_error("t", NULL, NULL, ALEXNET_ERROR_UNSUPPORTED, "folders deep");
}

static void test_names_file(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error; /* error NULL: good */
        size_t length;            /* 0: of the text */
    } files[] = {
        {"\xEF\xBB\xBFn01 tench, Tinca tinca\r\n\n  \nn03   cr\xC3\xAApe \nn99 other", NULL, 0},
        {"n01 a\nn02\n", ":2:", 0},
        {"n01 a\n n02 b\n", ":2:", 0},
        {"n01 a\nn02 b\nn01 c\n", "n01 twice, in lines 1 and 3", 0},
        {"n01 caf\xE9\n", ":1: not UTF-8", 0},
        {"n01 \x1B[2J\n", ":1: not UTF-8", 0},
        {"n01 a\0b\n", ":1: not text", 8},
        {"\n\n", "no class names", 0},
    };
    put("t/n01/a.jpg");
    put("t/n02/a.jpg");
    put("t/n03/a.jpg");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        scratch_write("names.txt", files[i].text,
                      files[i].length ? files[i].length : strlen(files[i].text));
        if (files[i].error) {
            check_error("t", "names.txt", NULL, ALEXNET_ERROR_FORMAT, files[i].error);
            continue;
        }
        alexnet_dataset *d = open_good("t", "names.txt", NULL);
        assert_string_equal(d->class_names[0], "tench, Tinca tinca");
        assert_string_equal(d->class_names[1], "n02");
        assert_string_equal(d->class_names[2], "cr\xC3\xAApe");
        assert_string_equal(d->class_ids[2], "n03");
        an_dataset_release(d);
    }
    check_error("t", "none.txt", NULL, ALEXNET_ERROR_IO, "none.txt");
}

static void test_plain_text(void **state)
{
    (void)state;
    static const char *const good[] = {"", "a b", "\xC2\xA0", "\xE2\x82\xAC", "\xF0\x9F\x90\x88"};
    static const char *const bad[] = {"\n",
                                      "\x7F",
                                      "\xC2\x80",
                                      ("\xC2\x9B"
                                       "2J"),
                                      "\xC2",
                                      "\x80",
                                      "\xC0\xAF",
                                      "\xED\xA0\x80",
                                      "\xF4\x90\x80\x80",
                                      "a\xE2\x82"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(an_is_plain_text(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(an_is_plain_text(bad[i]));
}

static void test_classes_of_a_model(void **state)
{
    (void)state;
    static const char *const ids[] = {"dog", "ant", "cat"}, *const names[] = {"Dog", "Ant", "Cat"};
    const an_class_list list = {3, ids, names};
    put("t/cat/a.jpg");
    put("t/dog/b.jpg");
    alexnet_dataset *d = open_good("t", NULL, &list);
    assert_int_equal(d->classes, 3);
    assert_string_equal(d->class_names[1], "Ant");
    assert_string_equal(below(d, 0), "cat/a.jpg");
    assert_int_equal(d->samples[0].label, 2);
    assert_int_equal(d->samples[1].label, 0);
    an_dataset_release(d);
    put("t/eel/c.jpg");
    check_error("t", NULL, &list, ALEXNET_ERROR_FORMAT, "t/eel");
    check_error("t", NULL, &list, ALEXNET_ERROR_FORMAT, "\"dog\"");
}

static void test_loose_files(void **state)
{
    (void)state;
    const char *const paths[] = {"b.jpg", "/a.png", "b.jpg"};
    alexnet_dataset *d;
    assert_int_equal(an_dataset_of_files(&d, paths, 3), ALEXNET_OK);
    assert_int_equal(d->count, 3);
    assert_int_equal(d->classes, 0);
    assert_string_equal(d->samples[1].path, "/a.png");
    assert_int_equal(d->samples[2].label, -1);
    assert_ptr_equal(an_dataset_retain(d), d);
    an_dataset_release(d);
    an_dataset_release(d);
    assert_int_equal(an_dataset_of_files(&d, paths, 0), ALEXNET_OK);
    assert_int_equal(d->count, 0);
    an_dataset_release(d);
    an_dataset_release(NULL);
}

/* Memory that runs out anywhere is an error without a leak (sanitizers watch). */
static void test_no_memory(void **state)
{
    (void)state;
    put("t/cat/a.jpg");
    put("t/cat/deep/b.jpg");
    put("t/dog/b.jpg");
    scratch_write("names.txt", "cat Cat", 7);
    alexnet_dataset *d, *train = NULL, *val = NULL;
    alexnet_status status = ALEXNET_ERROR_NO_MEMORY;
    uint64_t n = 0;
    for (; status == ALEXNET_ERROR_NO_MEMORY; n++) {
        an_alloc_fail_at(n + 1);
        status = an_dataset_open(&d, "t", "names.txt", NULL);
        if (status == ALEXNET_OK)
            status = an_dataset_split(d, 0.5, 1, &train, &val);
        an_alloc_fail_at(0);
        if (d && status != ALEXNET_OK)
            an_dataset_release(d);
    }
    if (status != ALEXNET_OK)
        fail_msg("allocation %llu: %s", (unsigned long long)n, an_error_text());
    assert_true(n > 20);
    assert_int_equal(val->count, 1);
    an_dataset_release(d);
    an_dataset_release(train);
    an_dataset_release(val);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_finds_pictures_in_order),
        TEST(test_links_are_followed_but_not_in_circles),
        TEST(test_train_and_val),
        TEST(test_bad_folders),
        TEST(test_too_deep),
        TEST(test_names_file),
        cmocka_unit_test(test_plain_text),
        TEST(test_classes_of_a_model),
        cmocka_unit_test(test_loose_files),
        TEST(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
