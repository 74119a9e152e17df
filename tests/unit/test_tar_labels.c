/*
 * The labels of pictures in archives, by files with the same key and by folders, and which members
 * are pictures.
 */
#include "source_rig.h"
#include "tar_rig.h"

#include "data/picture/endings.h"

static void test_labels(void **state)
{
    (void)state;
    tar_rig tar = {.length = 0};
    tar_text(&tar, "01.jpg", "x");
    tar_text(&tar, "01.cls", "10\n");
    tar_text(&tar, "d/02.cls", "2"); /* before its picture, and not beside it */
    tar_text(&tar, "03.json", "{\"label\": 0, \"caption\": \"x\"}");
    tar_text(&tar, "03.mask.png", "x"); /* belongs to 03.png */
    tar_text(&tar, "03.png", "x");
    tar_text(&tar, "d/02.JPG", "x");
    tar_text(&tar, "04.cls", " 002 \r\n"); /* takes precedence over the JSON */
    tar_text(&tar, "04.json", "{\"cls\": 7}");
    tar_text(&tar, "04.jpeg", "x");
    tar_text(&tar, "05.jpg", "x"); /* has none */
    tar_text(&tar, "06.json", "{\"url\": \"x\"}");
    tar_text(&tar, "06.jpg", "x");    /* nor has this */
    tar_text(&tar, "07.v2.png", "x"); /* all that 07 has */
    tar_text(&tar, "07.cls", "1");
    tar_text(&tar, ".08.cls", "damaged\xFF");
    tar_write(&tar, "x.tar");
    for (int again = 0; again < 2; again++) {
        alexnet_dataset *d = open_good("x.tar", NULL, NULL);
        assert_int_equal(d->classes, 11);
        assert_string_equal(d->class_ids[10], "10");
        check_items(d, "0 03.png, 1 07.v2.png, 2 04.jpeg, 2 d/02.JPG, 10 01.jpg");
        assert_int_equal(d->source->loose, 2);
        assert_int_equal(d->source->left_out.total, 1);
        an_dataset_release(d);
    }
    /* One label that is not a number makes all labels names. */
    tar_text(&tar, "a.jpg", "x");
    tar_text(&tar, "a.json", "{\"class\": \"2\"}");
    tar_text(&tar, "b.jpg", "x");
    tar_text(&tar, "b.cls", "tench, Tinca tinca");
    tar_text(&tar, "c.jpg", "x");
    tar_text(&tar, "c.cls", "10");
    tar_write(&tar, "names.tar");
    alexnet_dataset *d = open_good("names.tar", NULL, NULL);
    check_items(d, "10 c.jpg, 2 a.jpg, tench, Tinca tinca b.jpg");
    an_dataset_release(d);
}

/* A key with a label is one example. Which of its pictures is used depends on their names, not on
 * their places; a warning says so if another may be meant. */
static void test_pictures_of_a_key(void **state)
{
    (void)state;
    char text[128];
    static const char *const files[] = {
        "1.png",     "1.jpg",      "1.seg.png", /* a mask that is called like a picture */
        "2.seg.png", "2.tif",      "2.npy",     /* expected: a picture, a mask, an array */
        "3.a.png",   "3.b.webp",   "3.c.jpeg",  /* none is plain */
        "4.png",     "4.png",                   /* written again */
        "5.seg.png",                            /* the only one */
        "d/1.webp",  "d/1.v2.jpg",
    };
    const int count = sizeof files / sizeof *files;
    for (int order = 0; order < 2; order++) {
        tar_rig tar = {.length = 0};
        for (int k = 1; k <= 5; k++) {
            char name[16];
            snprintf(name, sizeof name, "%d.cls", k);
            tar_text(&tar, name, "0");
        }
        tar_text(&tar, "d/1.cls", "0");
        for (int i = 0; i < count; i++)
            tar_text(&tar, files[order ? count - 1 - i : i], i == (order ? 4 : 10) ? "later" : "x");
        tar_write(&tar, "keys.tar");
        for (int again = 0; again < 2; again++) {
            alexnet_dataset *d = open_good("keys.tar", NULL, NULL);
            check_items(d, "0 1.jpg, 0 2.tif, 0 3.c.jpeg, 0 4.png, 0 5.seg.png, 0 d/1.webp");
            assert_string_equal(an_endings_text(text, sizeof text, &d->source->left_out),
                                "6 pictures beside others of their keys, 1 .npy");
            assert_non_null(strstr(d->source->doubt, "2 keys of"));
            assert_non_null(
                strstr(d->source->doubt, order ? "3.c.jpeg, not 3.b.webp" : "1.jpg, not 1.png"));
            assert_int_equal(d->source->kind->stamp(d->source, 3, false), 5); /* "later" */
            an_dataset_release(d);
        }
        assert_int_equal(remove("keys.tar.alexnet-index"), 0);
    }
}

/* tar appends a changed file to an archive, and unpacks the last. */
static void test_written_again(void **state)
{
    (void)state;
    tar_rig tar = {.length = 0};
    tar_text(&tar, "cat/a.jpg", "x");
    tar_text(&tar, "cat/b.jpg", "x");
    tar_text(&tar, "dog/a.jpg", "x");
    tar_text(&tar, "cat/a.jpg", "again");
    tar_text(&tar, "cat/a.jpg", "thrice");
    tar_write(&tar, "x.tar");
    for (int again = 0; again < 2; again++) {
        alexnet_dataset *d = open_good("x.tar", NULL, NULL);
        check_items(d, "cat cat/a.jpg, cat cat/b.jpg, dog dog/a.jpg");
        assert_int_equal(d->source->kind->stamp(d->source, 0, false), strlen("thrice"));
        assert_int_equal(d->source->left_out.total, 0);
        assert_non_null(strstr(d->source->doubt, "2 pictures of"));
        assert_non_null(strstr(d->source->doubt, "are in an archive again later"));
        an_dataset_release(d);
    }
}

/* Labels of no picture do not count: a data set's own JSON leaves the classes to the folders, and
 * leaves numbers what they are. A number below 0 is refused among others. */
static void test_labels_of_no_picture(void **state)
{
    (void)state;
    tar_rig tar = {.length = 0}, numbers = {.length = 0};
    tar_text(&tar, "ds/dataset.json", "{\"class\": \"vision\", \"label\": \"my data\"}");
    tar_text(&tar, "ds/cat/1.jpg", "x");
    tar_text(&tar, "ds/dog/1.jpg", "x");
    tar_write(&tar, "folders.tar");
    alexnet_dataset *d = open_good("folders.tar", NULL, NULL);
    check_items(d, "cat cat/1.jpg, dog dog/1.jpg");
    an_dataset_release(d);
    tar_text(&numbers, "dataset.json", "{\"label\": \"my data\"}");
    tar_text(&numbers, "a.jpg", "x");
    tar_text(&numbers, "a.cls", "10");
    tar_text(&numbers, "b.jpg", "x");
    tar_text(&numbers, "b.cls", "2");
    tar_write(&numbers, "numbers.tar");
    d = open_good("numbers.tar", NULL, NULL);
    assert_int_equal(d->classes, 11);
    check_items(d, "2 b.jpg, 10 a.jpg");
    an_dataset_release(d);
    tar_text(&numbers, "a.jpg", "x");
    tar_text(&numbers, "a.cls", "10");
    tar_text(&numbers, "b.jpg", "x");
    tar_text(&numbers, "b.cls", "-1");
    tar_write(&numbers, "negative.tar");
    check_error("negative.tar", ALEXNET_ERROR_FORMAT, "are numbers, but one is -1");
}

/* Numeric labels are indices of a model's classes, unless the classes have numbers as names. */
static void test_numbers_of_a_model(void **state)
{
    (void)state;
    static const char *const ids[] = {"n01", "n02", "n03"}, *const numbers[] = {"2", "1", "0"};
    const an_class_list by_name = {3, ids, ids}, by_number = {3, numbers, numbers},
                        few = {2, ids, ids};
    alexnet_dataset *d;
    tar_rig tar = {.length = 0};
    tar_text(&tar, "a.jpg", "x");
    tar_text(&tar, "a.cls", "2");
    tar_text(&tar, "b.jpg", "x");
    tar_text(&tar, "b.cls", "0");
    tar_write(&tar, "x.tar");
    d = open_good("x.tar", NULL, &by_name);
    check_items(d, "n01 b.jpg, n03 a.jpg");
    an_dataset_release(d);
    d = open_good("x.tar", NULL, &by_number);
    check_items(d, "0 b.jpg, 2 a.jpg");
    an_dataset_release(d);
    assert_int_equal(an_dataset_open(&d, NULL, "x.tar", NULL, &few), ALEXNET_ERROR_FORMAT);
    assert_non_null(
        strstr(an_error_text(), "x.tar are numbers up to 2, but the model's 2 classes"));
    /* In a tree of folders, numbers are always names. */
    put("tree/0/a.jpg");
    put("tree/1/a.jpg");
    assert_int_equal(an_dataset_open(&d, NULL, "tree", NULL, &by_name), ALEXNET_ERROR_FORMAT);
}

static void test_bad_labels(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *error;
    } labels[] = {
        {"a.cls", "", "x.tar/a.cls: a label is expected"},
        {"a.cls", " \n", "a label is expected"},
        {"a.cls", "1\n2", "a label is expected"},
        {"a.cls", "caf\xE9", "a label is expected"},
        {"a.cls", "100000", "100000; 99999 is the largest"},
        {"a.cls", "99999999999999999999", NULL}, /* a name */
        {"a.json", "{", "x.tar/a.json: not JSON: line 1"},
        {"a.json", "{\"label\": 1.5}", "\"label\" is neither"},
        {"a.json", "{\"label\": [1]}", "\"label\" is neither"},
        {"a.json", "{\"label\": \"\"}", "\"label\" is neither"},
        {"a.json", "[1]", "have no labels"},
        {"a.json", "{\"cls\": null}", "have no labels"},
        {"a.json", "{\"label\": -1}", NULL}, /* a name */
    };
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        tar_rig tar = {.length = 0};
        tar_text(&tar, "a.jpg", "x");
        tar_text(&tar, labels[i].name, labels[i].text);
        tar_write(&tar, "x.tar");
        if (labels[i].error)
            check_error("x.tar", ALEXNET_ERROR_FORMAT, labels[i].error);
        else
            an_dataset_release(open_good("x.tar", NULL, NULL));
    }
    tar_rig tar = {.length = 0}, json = {.length = 0}, zero = {.length = 0};
    char text[2000];
    memset(text, 'a', sizeof text);
    tar_file(&tar, "a.cls", text, sizeof text);
    tar_write(&tar, "x.tar");
    check_error("x.tar", ALEXNET_ERROR_FORMAT, "a label of 2000 bytes; at most 1024 are read");
    memcpy(text, "{\"cls\":\"", 8);
    memcpy(text + sizeof text - 2, "\"}", 2);
    tar_file(&json, "a.json", text, sizeof text);
    tar_write(&json, "x.tar");
    check_error("x.tar", ALEXNET_ERROR_FORMAT, "\"cls\" is neither");
    tar_file(&zero, "a.cls", "a\0b", 3);
    tar_write(&zero, "x.tar");
    check_error("x.tar", ALEXNET_ERROR_FORMAT, "a label is expected");
}

static void test_folders(void **state)
{
    (void)state;
    alexnet_dataset *d;
    tar_rig tar = {.length = 0};
    tar_text(&tar, "set/cat/a.jpg", "x");
    tar_text(&tar, "set/stray.jpg", "x");
    tar_text(&tar, "set/cats/deep/b.jpg", "x");
    tar_text(&tar, "set/.DS/c.jpg", "x");
    tar_text(&tar, "set/cats/@eaDir/b.jpg/thumbnail.jpg", "x");
    tar_text(&tar, "set/cat/._a.jpg", "x");
    tar_write(&tar, "x.tar");
    d = open_good("x.tar", NULL, NULL);
    check_items(d, "cat cat/a.jpg, cats cats/deep/b.jpg");
    assert_int_equal(d->source->loose, 1);
    an_dataset_release(d);
    tar_text(&tar, "photos/dog/a.jpg", "x");
    tar_text(&tar, "photos/dog/b.jpg", "x");
    tar_write(&tar, "one.tar");
    d = open_good("one.tar", NULL, NULL);
    check_items(d, "dog dog/a.jpg, dog dog/b.jpg");
    an_dataset_release(d);
    tar_text(&tar, "set/train/cat/a.jpg", "x");
    tar_text(&tar, "set/val/cat/a.jpg", "x");
    tar_write(&tar, "both.tar");
    check_error("both.tar", ALEXNET_ERROR_INVALID_ARGUMENT, "holds the parts train and val");
}

/* Links that are called like pictures are counted as what they are, with what to do. */
static void test_links(void **state)
{
    (void)state;
    char text[256];
    tar_rig tar = {.length = 0};
    tar_text(&tar, "cat/a.jpg", "x");
    tar_header(&tar, "cat/hard.jpg", '1', 0);
    tar_header(&tar, "dog/soft.JPG", '2', 0);
    tar_header(&tar, "dog/notes.txt", '2', 0);
    tar_text(&tar, "dog/b.jpg", "x");
    tar_write(&tar, "x.tar");
    for (int again = 0; again < 2; again++) {
        alexnet_dataset *d = open_good("x.tar", NULL, NULL);
        assert_int_equal(d->count, 2);
        assert_string_equal(an_endings_text(text, sizeof text, &d->source->left_out),
                            "2 links, 1 .txt");
        assert_non_null(an_endings_remedy(text, sizeof text, &d->source->left_out));
        assert_non_null(strstr(text, "tar --dereference --hard-dereference"));
        an_dataset_release(d);
    }
    tar_header(&tar, "cat/a.jpg", '2', 0);
    tar_write(&tar, "links.tar");
    check_error("links.tar", ALEXNET_ERROR_FORMAT, "file, but 1 link; make archives with tar");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_labels),
        TEST(test_pictures_of_a_key),
        TEST(test_labels_of_no_picture),
        TEST(test_numbers_of_a_model),
        TEST(test_bad_labels),
        TEST(test_folders),
        TEST(test_links),
        TEST(test_written_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
