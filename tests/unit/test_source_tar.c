/*
 * Archives as data sets: the same items, labels, bytes and batches as from a tree of class folders,
 * whichever archives they are in; labels by files, folders and ImageNet's lists.
 */
#include "picture_tree.h"
#include "tar_rig.h"

#include <sys/stat.h>

#include "base/alloc.h"
#include "data/endings.h"
#include "data/loader.h"
#include "data/pattern.h"

static void check_error(const char *path, alexnet_status expected, const char *text)
{
    alexnet_dataset *d = (alexnet_dataset *)&d;
    alexnet_status status = an_dataset_open(&d, NULL, path, NULL, NULL);
    if (status != expected || !strstr(an_error_text(), text))
        fail_msg("%s: %s \"%s\", expected %s \"%s\"", path, alexnet_status_name(status),
                 an_error_text(), alexnet_status_name(expected), text);
    assert_null(d);
}

/* ---- One set of pictures in every form ---- */

static const char *const pictures[][2] = {
    {"n01/a.JPEG", "rgb420.jpg"}, {"n01/b.JPEG", "grey.jpg"},  {"n01/sub/c.png", "grey16.png"},
    {"n02/a.JPEG", "cmyk.jpg"},   {"n02/z.jpg", "grey2.png"},  {"n10/1.jpg", "arithmetic.jpg"},
    {"n10/2.png", "grey1.png"},   {"n10/10.png", "gamma.png"},
};
enum { PICTURES = sizeof pictures / sizeof *pictures, CLASSES = 3 };

/* Read a file below tests/golden. */
static unsigned char *read_golden(const char *name, size_t *length)
{
    char path[4096], link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", scratch_home);
    const ssize_t n = readlink(link, path, sizeof path - 128);
    assert_true(n > 0);
    snprintf(path + n, 128, "/golden/%s", name);
    return scratch_read(path, length);
}

static unsigned char *read_picture(int i, size_t *length)
{
    char name[64];
    snprintf(name, sizeof name, "pictures/%s", pictures[i][1]);
    return read_golden(name, length);
}

static void add_picture(tar_rig *tar, const char *name, int i)
{
    size_t length;
    unsigned char *bytes = read_picture(i, &length);
    tar_file(tar, name, bytes, length);
    free(bytes);
}

static void write_folder(void)
{
    for (int i = 0; i < PICTURES; i++) {
        char path[256];
        size_t length;
        unsigned char *bytes = read_picture(i, &length);
        snprintf(path, sizeof path, "folder/%s", pictures[i][0]);
        put(path);
        scratch_write(path, bytes, length);
        free(bytes);
    }
}

/* Write all into one archive, in no order, below the folders `above`. */
static void write_whole(const char *path, const char *above)
{
    tar_rig tar = {.length = 0};
    for (int i = 0; i < PICTURES; i++) {
        char name[256];
        const int j = i * 5 % PICTURES;
        snprintf(name, sizeof name, "%s%s", above, pictures[j][0]);
        add_picture(&tar, name, j);
    }
    tar_text(&tar, "readme.txt", "text");
    tar_write(&tar, path);
}

/* Write shards, with picture i in shard i % 3. */
static void write_shards(const char *folder)
{
    assert_int_equal(mkdir(folder, 0777), 0);
    for (int s = 0; s < 3; s++) {
        char path[64];
        tar_rig tar = {.length = 0};
        for (int i = PICTURES - 1; i >= 0; i--)
            if (i % 3 == s)
                add_picture(&tar, pictures[i][0], i);
        snprintf(path, sizeof path, "%s/x-%03d.tar", folder, s + 8);
        tar_write(&tar, path);
    }
}

/* Write an archive that holds one archive for each class, like that of ImageNet's training
 * pictures. */
static void write_nested(const char *path)
{
    static const char *const classes[CLASSES] = {"n10", "n01", "n02"};
    tar_rig outer = {.length = 0};
    for (int c = 0; c < CLASSES; c++) {
        char name[16];
        tar_rig inner = {.length = 0};
        for (int i = 0; i < PICTURES; i++)
            if (strncmp(pictures[i][0], classes[c], 3) == 0)
                add_picture(&inner, pictures[i][0] + 4, i);
        tar_finish(&inner);
        snprintf(name, sizeof name, "%s.tar", classes[c]);
        tar_file(&outer, name, inner.bytes, inner.length);
    }
    tar_write(&outer, path);
}

/* All batches of a data set in its order, as one hash. */
static uint64_t batches_of(alexnet_dataset *d)
{
    enum { BATCH = 3, SIDE = 8 };
    an_loader *loader;
    an_batch batch;
    bool more;
    uint32_t order[PICTURES];
    uint64_t hash = 1;
    for (uint32_t i = 0; i < PICTURES; i++)
        order[i] = i;
    assert_int_equal(an_loader_new(&loader, d, (an_fit){AN_FIT_SHORT, SIDE, false}, BATCH, 3, NULL),
                     ALEXNET_OK);
    assert_int_equal(an_loader_start(loader, order, PICTURES, 0), ALEXNET_OK);
    while (an_loader_next(loader, &batch, &more) == ALEXNET_OK && more)
        for (int i = 0; i < batch.count; i++) {
            if (batch.pictures[i].status != ALEXNET_OK)
                fail_msg("%s", batch.pictures[i].error);
            hash = hash * 31 + (uint64_t)batch.pictures[i].label;
            for (int b = 0; b < SIDE * SIDE * 3; b++)
                hash = hash * 31 + batch.pixels[i * SIDE * SIDE * 3 + b];
        }
    an_loader_free(loader);
    return hash;
}

static void check_same(const char *path, alexnet_dataset *folder, const char *what)
{
    alexnet_dataset *d = open_good(path, NULL, NULL);
    const char *key, *expected;
    assert_string_equal(d->source->kind->name, "tar");
    assert_int_equal(d->classes, folder->classes);
    for (int c = 0; c < d->classes; c++)
        assert_string_equal(d->class_ids[c], folder->class_ids[c]);
    assert_int_equal(d->count, folder->count);
    for (int64_t i = 0; i < d->count; i++) {
        key = d->source->items[d->samples[i].item].key;
        expected = folder->source->items[folder->samples[i].item].key;
        assert_string_equal(key, expected);
        assert_int_equal(d->samples[i].label, folder->samples[i].label);
        const char *end = d->samples[i].name + strlen(d->samples[i].name) - strlen(key);
        assert_ptr_equal(key, end);
    }
    if (batches_of(d) != batches_of(folder))
        fail_msg("%s: other batches", what);
    assert_true(an_dataset_fingerprint(d) == an_dataset_fingerprint(folder));
    an_dataset_release(d);
}

static void test_same_as_folder(void **state)
{
    (void)state;
    write_folder();
    write_whole("whole.tar", "");
    write_whole("deeper.tar", "./data/photos/");
    write_shards("shards");
    write_nested("ILSVRC2012_img_train.tar");
    alexnet_dataset *folder = open_good("folder", NULL, NULL);
    static const char *const paths[] = {"whole.tar",
                                        "deeper.tar",
                                        "shards",
                                        "shards/x-{008..010}.tar",
                                        "shards/x-0{08,09,10}.tar",
                                        "ILSVRC2012_img_train.tar"};
    for (int again = 0; again < 2; again++) /* the second time from the index */
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
            check_same(paths[i], folder, paths[i]);
    an_dataset_release(folder);
}

/* A part of a data set given by a pattern is opened again as a run does, from another working
 * folder. */
static void test_reopen(void **state)
{
    (void)state;
    alexnet_dataset *whole, *train, *val, *again;
    write_shards("shards");
    whole = open_good("shards/x-{008..010}.tar", NULL, NULL);
    assert_int_equal(whole->root[0], '/');
    assert_int_equal(an_dataset_split(whole, 0.3, 5, &train, &val), ALEXNET_OK);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(
        an_dataset_reopen(&again, NULL, whole->source->kind->name, val->root, val->part, NULL),
        ALEXNET_OK);
    assert_true(an_dataset_fingerprint(again) == an_dataset_fingerprint(val));
    an_dataset_release(again);
    an_dataset_release(train);
    an_dataset_release(val);
    an_dataset_release(whole);
}

/* ---- Patterns ---- */

static void test_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *expanded;
    } good[] = {
        {"a-{000..002}.tar", "a-000.tar a-001.tar a-002.tar "},
        {"{8..11}", "8 9 10 11 "},
        {"{08..11}", "08 09 10 11 "},
        {"{a,b}/{0..1}", "a/0 a/1 b/0 b/1 "},
        {"x{,y}", "x xy "},
        {"x{5..5}}", "x5} "},
        {"{{0..,c}d}", "error"},
        {"x{}", "error"},
        {"x{3..1}", "error"},
        {"x{-1..1}", "error"},
        {"x{0..99999999}", "error"},
        {"x{0..999}{0..999}", "error"},
        {"x{0..9999999999}", "error"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        an_strings list;
        char text[256] = "";
        if (an_pattern_expand(&list, good[i].pattern) != ALEXNET_OK)
            strcpy(text, "error");
        for (int64_t j = 0; j < list.count; j++)
            strcat(strcat(text, list.at[j]), " ");
        assert_string_equal(text, good[i].expanded);
        an_strings_free(&list);
    }
}

/* ---- Labels ---- */

/* "class key, class key, ..." in the order of the items. */
static void check_items(const alexnet_dataset *d, const char *expected)
{
    char text[1024] = "";
    for (int64_t i = 0; i < d->count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s %s", i ? ", " : "",
                 d->class_ids[d->samples[i].label], d->source->items[d->samples[i].item].key);
    assert_string_equal(text, expected);
}

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
            assert_int_equal(d->source->left_out.total, 8);
            assert_non_null(strstr(d->source->doubt, "3 keys of"));
            assert_non_null(
                strstr(d->source->doubt, order ? "4.png, not 4.png" : "1.jpg, not 1.png"));
            assert_int_equal(d->source->kind->stamp(d->source, 3), 5); /* "later" */
            an_dataset_release(d);
        }
        assert_int_equal(remove("keys.tar.alexnet-index"), 0);
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
    tar_rig tar = {.length = 0};
    char text[2000];
    memset(text, 'a', sizeof text);
    tar_file(&tar, "a.cls", text, sizeof text);
    tar_write(&tar, "x.tar");
    check_error("x.tar", ALEXNET_ERROR_FORMAT, "a label of 2000 bytes; at most 1024 are read");
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

/* ---- Pictures without classes ---- */

/* Archives among files and folders, as `classify` takes them: labels are not needed. */
static void test_among_files(void **state)
{
    (void)state;
    static const char *const paths[] = {"b.jpg", "x.tar", "folder", "x-{0..1}.tar"};
    static const struct {
        const char *end, *bytes;
    } expected[] = {{"b.jpg", "b.jpg"},         {"x.tar/1.jpg", "one"},
                    {"x.tar/d/2.jpg", "two"},   {"folder/a.jpg", "folder/a.jpg"},
                    {"x-1.tar/a.jpg", "right"}, {"x-0.tar/b.jpg", "left"}};
    enum { ITEMS = sizeof expected / sizeof *expected };
    alexnet_dataset *d;
    tar_rig tar = {.length = 0};
    put("./b.jpg");
    scratch_write("b.jpg", "b.jpg", 5);
    put("folder/a.jpg");
    tar_text(&tar, "d/2.jpg", "two");
    tar_text(&tar, "1.jpg", "one");
    tar_write(&tar, "x.tar");
    tar_text(&tar, "b.jpg", "left");
    tar_write(&tar, "x-0.tar");
    tar_text(&tar, "a.jpg", "right");
    tar_write(&tar, "x-1.tar");
    if (an_dataset_of_files(&d, NULL, paths, 4) != ALEXNET_OK)
        fail_msg("%s", an_error_text());
    assert_int_equal(d->count, ITEMS);
    for (int64_t i = 0; i < ITEMS; i++) {
        an_item_data data;
        const char *name = d->samples[i].name, *end = expected[i].end;
        const size_t length = strlen(expected[i].bytes);
        assert_int_equal(d->samples[i].label, -1);
        assert_string_equal(name + strlen(name) - strlen(end), end);
        assert_int_equal(d->source->kind->stamp(d->source, i), length);
        assert_int_equal(d->source->kind->read(d->source, i, &data), ALEXNET_OK);
        assert_int_equal(data.length, length);
        assert_memory_equal(data.bytes, expected[i].bytes, length);
        an_free(data.bytes);
    }
    an_dataset_release(d);
    tar_text(&tar, "a.txt", "x");
    tar_write(&tar, "x.tar");
    assert_int_equal(an_dataset_of_files(&d, NULL, paths, 4), ALEXNET_ERROR_FORMAT);
    assert_non_null(strstr(an_error_text(), "x.tar holds no .jpg"));
}

/* ---- What is no data set ---- */

/* An archive that goes on after the zeros that end it, for `bytes` more. */
static void check_goes_on(tar_rig *tar, int bytes)
{
    char text[64];
    snprintf(text, sizeof text, "goes on for %d bytes after the zeros", bytes);
    scratch_write("joined.tar", tar->bytes, tar->length);
    check_error("joined.tar", ALEXNET_ERROR_FORMAT, text);
    tar->length = 0;
}

static void test_joined(void **state)
{
    (void)state;
    tar_rig tar = {.length = 0};
    for (int i = 0; i < 2; i++) { /* cat a.tar b.tar */
        tar_text(&tar, i ? "n02/a.jpg" : "n01/a.jpg", "x");
        tar_finish(&tar);
    }
    check_goes_on(&tar, 2048);
    tar_text(&tar, "n01/a.jpg", "x");
    tar_finish(&tar);
    tar.bytes[tar.length++] = 'x';
    check_goes_on(&tar, 1);
    tar_text(&tar, "n01/a.jpg",
             "x"); /* a single block of zeros, where more is written over an end */
    memset(tar.bytes + tar.length, 0, 512);
    tar.length += 512;
    tar_text(&tar, "n01/b.jpg", "x");
    tar_finish(&tar);
    check_goes_on(&tar, 2048);
    static tar_rig inner;
    tar_text(&inner, "a.jpg", "x");
    tar_finish(&inner);
    tar_text(&inner, "b.jpg", "x");
    tar_finish(&inner);
    tar_file(&tar, "n01.tar", inner.bytes, inner.length);
    tar_write(&tar, "nested.tar");
    check_error("nested.tar", ALEXNET_ERROR_FORMAT, "nested.tar/n01.tar goes on");
    tar_text(&tar, "n01/a.jpg", "x"); /* padding, as to the size of a record */
    memset(tar.bytes + tar.length, 0, 20000);
    tar.length += 20000;
    scratch_write("padded.tar", tar.bytes, tar.length);
    an_dataset_release(open_good("padded.tar", NULL, NULL));
}

static void test_errors(void **state)
{
    (void)state;
    tar_rig tar = {.length = 0};
    tar_text(&tar, "a.jpg", "x");
    tar_write(&tar, "flat.tar");
    check_error("flat.tar", ALEXNET_ERROR_FORMAT, "have no labels: no KEY.cls");
    check_error("flat.tar", ALEXNET_ERROR_FORMAT, "ILSVRC2012_validation_ground_truth.txt");
    tar_text(&tar, "n01/a.txt", "x");
    tar_write(&tar, "texts.tar");
    check_error("texts.tar", ALEXNET_ERROR_FORMAT, "holds no .jpg");
    tar_text(&tar, "n01.tar", "no archive");
    tar_write(&tar, "inner.tar");
    check_error("inner.tar", ALEXNET_ERROR_FORMAT, "inner.tar/n01.tar is not a tar archive");
    check_error("none.tar", ALEXNET_ERROR_IO, "none.tar");
    check_error("none-{0..3}.tar", ALEXNET_ERROR_IO, "none-0.tar");
    check_error("none-{3..0}.tar", ALEXNET_ERROR_INVALID_ARGUMENT, "is not a pattern");
    scratch_write("x.tar.gz", "\x1F\x8B\x08", 3);
    check_error("x.tar.gz", ALEXNET_ERROR_FORMAT, "gunzip");
    tar_text(&tar, "n01/a.jpg", "x");
    put("parts/train-0.tar");
    tar_write(&tar, "parts/train-0.tar");
    tar_text(&tar, "n01/a.jpg", "x");
    tar_write(&tar, "parts/val-0.tar");
    check_error("parts", ALEXNET_ERROR_INVALID_ARGUMENT, "parts train and val");
    an_dataset_release(open_good("parts/train-{0..0}.tar", NULL, NULL));
}

/* ---- ImageNet's validation pictures ---- */

static void write_val(void)
{
    tar_rig tar = {.length = 0};
    for (int i = 4; i >= 1; i--) {
        char name[64];
        snprintf(name, sizeof name, "ILSVRC2012_val_%08d.JPEG", i);
        tar_text(&tar, name, "x");
    }
    tar_write(&tar, "ILSVRC2012_img_val.tar");
}

static void put_text(const char *path, const char *text)
{
    put(path);
    scratch_write(path, text, strlen(text));
}

static void check_val(void)
{
    alexnet_dataset *d = open_good("ILSVRC2012_img_val.tar", NULL, NULL);
    assert_int_equal(d->classes, 3);
    assert_string_equal(d->class_ids[0], "n01440764");
    assert_string_equal(d->class_ids[1], "n01443537");
    assert_string_equal(d->class_ids[2], "n02119789");
    check_items(d, "n01440764 ILSVRC2012_val_00000002.JPEG, "
                   "n01443537 ILSVRC2012_val_00000003.JPEG, "
                   "n02119789 ILSVRC2012_val_00000001.JPEG, "
                   "n02119789 ILSVRC2012_val_00000004.JPEG");
    an_dataset_release(d);
}

static void test_imagenet_val(void **state)
{
    (void)state;
    static const char truth[] = "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt";
    const alexnet_status bad = ALEXNET_ERROR_FORMAT;
    write_val();
    put_text("./val.txt",
             "val/ILSVRC2012_val_00000004.JPEG 277\r\nILSVRC2012_val_00000001.JPEG 277\n"
             "ILSVRC2012_val_00000002.JPEG 0\nILSVRC2012_val_00000003.JPEG 1\n");
    alexnet_dataset *d = open_good("ILSVRC2012_img_val.tar", NULL, NULL);
    check_items(d, "n01440764 ILSVRC2012_val_00000002.JPEG, "
                   "n01443537 ILSVRC2012_val_00000003.JPEG, "
                   "n02119022 ILSVRC2012_val_00000001.JPEG, "
                   "n02119022 ILSVRC2012_val_00000004.JPEG");
    an_dataset_release(d);
    put_text("./val.txt", "ILSVRC2012_val_00000001.JPEG 277\n");
    check_error("ILSVRC2012_img_val.tar", bad, "no label for ILSVRC2012_val_00000002.JPEG");
    put_text("./val.txt", "ILSVRC2012_val_00000001.JPEG\n");
    check_error("ILSVRC2012_img_val.tar", bad, "has no label after it");
    put_text(truth, "1\n2\n3\n1\n");
    check_error("ILSVRC2012_img_val.tar", bad, "meta.mat, is missing");
    size_t length;
    unsigned char *mat = read_golden("archives/meta.mat", &length);
    scratch_write("ILSVRC2012_devkit_t12/data/meta.mat", mat, length);
    check_val();
    scratch_write("ILSVRC2012_devkit_t12/data/meta.mat", mat, length / 2);
    check_error("ILSVRC2012_img_val.tar", bad, "data/meta.mat");
    free(mat);
    put_text("./ILSVRC2012_synsets.txt", "n02119789\nn01440764\nn01443537\n");
    check_val();
    put_text("./ILSVRC2012_synsets.txt", "n01440764 2 a\nn01443537 3 b\nn02119789 1 kit_fox\n");
    check_val();
    put_text("./ILSVRC2012_synsets.txt", "n01440764 2\nn01443537 2\nn02119789 1\n");
    check_error("ILSVRC2012_img_val.tar", bad, "the number of n01443537 is 2; each of 1 to 3");
    remove("ILSVRC2012_synsets.txt");
    put_text("./map_clsloc.txt", "n02119789 1 kit_fox\nn01440764 2 tench\nn01443537 3 goldfish\n");
    check_val();
    put_text(truth, "1\n2\n4\n1\n");
    check_error("ILSVRC2012_img_val.tar", bad, "\"4\" is not the number of a class in");
    put_text(truth, "1\n2\n3\n");
    check_error("ILSVRC2012_img_val.tar", bad, "the labels of 3 pictures, but");
    put_text("./imagenet_2012_validation_synset_labels.txt",
             "n02119789\nn01440764\nn01443537\nn02119789\n");
    check_val();
}

/* ---- Memory ---- */

static alexnet_status open_all(const char *path)
{
    alexnet_dataset *d;
    AN_CHECK(an_dataset_open(&d, NULL, path, NULL, NULL));
    an_dataset_release(d);
    AN_CHECK(an_dataset_of_files(&d, NULL, &path, 1));
    an_dataset_release(d);
    return ALEXNET_OK;
}

/* Any allocation may fail: this gives an error, leaks nothing, and leaves no incomplete index. */
static void test_no_memory(void **state)
{
    (void)state;
    static const char *const paths[] = {"x.tar", "shards", "ILSVRC2012_img_val.tar",
                                        "parts.tar/train"};
    tar_rig tar = {.length = 0};
    tar_rig parts = {.length = 0};
    static const char record[] = "16 path=d/c.jpg\n";
    tar_header(&tar, "pax", 'x', sizeof record - 1);
    tar_data(&tar, record, sizeof record - 1);
    tar_text(&tar, "c.jpg", "x");
    tar_text(&tar, "a.jpg", "x");
    tar_text(&tar, "a.cls", "1");
    tar_text(&tar, "b.json", "{\"cls\": \"x\"}");
    tar_text(&tar, "b.jpg", "x");
    tar_write(&tar, "x.tar");
    tar_text(&parts, "train/n01/a.jpg", "x");
    tar_text(&parts, "val/n01/b.jpg", "x");
    tar_write(&parts, "parts.tar");
    write_shards("shards");
    write_val();
    put_text("ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt", "1\n2\n3\n1\n");
    put_text("./ILSVRC2012_synsets.txt", "n02119789\nn01440764\nn01443537\n");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (int kept = 0; kept < 2; kept++) {
            alexnet_status rc = ALEXNET_ERROR_NO_MEMORY;
            uint64_t n = 0;
            const int64_t live = an_alloc_live();
            for (; rc == ALEXNET_ERROR_NO_MEMORY || n < 20; n++) {
                if (!kept) {
                    remove("x.tar.alexnet-index");
                    remove("parts.tar.alexnet-index");
                    remove("ILSVRC2012_img_val.tar.alexnet-index");
                    remove("shards/x-008.tar.alexnet-index");
                    remove("shards/x-009.tar.alexnet-index");
                    remove("shards/x-010.tar.alexnet-index");
                }
                const uint64_t before = an_alloc_count();
                an_alloc_fail_at(n + 1);
                rc = open_all(paths[i]);
                an_alloc_fail_at(0);
                assert_int_equal(an_alloc_live(), live);
                if (rc != ALEXNET_OK && rc != ALEXNET_ERROR_NO_MEMORY)
                    fail_msg("%s: %s", paths[i], an_error_text());
                if (rc == ALEXNET_OK && an_alloc_count() - before > n)
                    rc = ALEXNET_ERROR_NO_MEMORY; /* it was not needed; go on */
            }
        }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_same_as_folder),
                                       TEST(test_reopen),
                                       cmocka_unit_test(test_patterns),
                                       TEST(test_labels),
                                       TEST(test_folders),
                                       TEST(test_numbers_of_a_model),
                                       TEST(test_bad_labels),
                                       TEST(test_errors),
                                       TEST(test_imagenet_val),
                                       TEST(test_among_files),
                                       TEST(test_no_memory),
                                       TEST(test_labels_of_no_picture),
                                       TEST(test_pictures_of_a_key),
                                       TEST(test_joined),
                                       TEST(test_links)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
