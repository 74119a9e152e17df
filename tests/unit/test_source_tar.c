/*
 * Archives as data sets: the same items, labels, bytes and batches as from a tree of class folders,
 * whichever archives they are in; labels by ImageNet's lists; what is refused.
 */
#include "source_rig.h"
#include "tar_rig.h"

#include <sys/stat.h>

#include "base/alloc.h"
#include "data/loader/loader.h"
#include "data/source/pattern.h"

/* ---- One set of pictures in every form ---- */

static const char *const pictures[][2] = {
    {"n01/a.JPEG", "rgb420.jpg"}, {"n01/b.JPEG", "grey.jpg"}, {"n01/sub/c.png", "grey16.png"},
    {"n02/a.JPEG", "cmyk.jpg"},   {"n02/z.jpg", "grey2.png"}, {"n10/1.jpg", "arithmetic.jpg"},
    {"n10/2.png", "grey1.png"},   {"n10/10.png", "gamma.png"}};
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
    while (an_loader_next(loader, NULL, &batch, &more) == ALEXNET_OK && more)
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

static void check_like(const char *path, alexnet_dataset *folder, const char *what)
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
    assert_true(fingerprint(d) == fingerprint(folder));
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
                                        "shards/x-0{08,09,10,09}.tar", /* once each */
                                        "ILSVRC2012_img_train.tar"};
    for (int again = 0; again < 2; again++) /* the second time from the index */
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
            check_like(paths[i], folder, paths[i]);
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
    assert_true(fingerprint(again) == fingerprint(val));
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
    } good[] = {{"a-{000..002}.tar", "a-000.tar a-001.tar a-002.tar "},
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
                {"x{0..9999999999}", "error"}};
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
    scratch_text("b.jpg", "b.jpg");
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
        assert_int_equal(d->source->kind->stamp(d->source, i, false), length);
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
    memset(tar.bytes + tar.length, 'x', 5120); /* what POSIX leaves undefined, and an archive */
    tar.length += 5120;
    tar_text(&tar, "n01/b.jpg", "x");
    tar_finish(&tar);
    check_goes_on(&tar, 2048);
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
    memset(tar.bytes + tar.length - 7001, 'x', 7001); /* as Python's tarfile and GNU tar accept */
    scratch_write("stray.tar", tar.bytes, tar.length);
    an_dataset_release(open_good("stray.tar", NULL, NULL));
}

static void test_errors(void **state)
{
    (void)state;
    tar_rig tar = {.length = 0};
    tar_text(&tar, "a.jpg", "x");
    tar_write(&tar, "flat.tar");
    check_error("flat.tar", ALEXNET_ERROR_FORMAT, "have no labels: beside KEY.jpg no KEY.cls");
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
    scratch_text("x.tar.gz", "\x1F\x8B\x08");
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
    scratch_text(path, text);
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
    const struct CMUnitTest tests[] = {
        TEST(test_same_as_folder), TEST(test_reopen),       cmocka_unit_test(test_patterns),
        TEST(test_errors),         TEST(test_imagenet_val), TEST(test_among_files),
        TEST(test_no_memory),      TEST(test_joined)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
