/*
 * Archives that are the parts train and val of a data set, in one folder or in one archive.
 */
#include "source_rig.h"
#include "tar_rig.h"

/* train-*.tar and val-*.tar in one folder are the parts of a data set. */
static void test_parts(void **state)
{
    (void)state;
    tar_rig tar = {.length = 0};
    alexnet_dataset_kind kind;
    put("both/train-0.tar");
    for (int i = 0; i < 3; i++) {
        tar_text(&tar, i == 0 ? "n01/a.jpg" : i == 1 ? "n01/b.jpg" : "n01/c.jpg", "x");
        tar_write(&tar, i == 0   ? "both/train-0.tar"
                        : i == 1 ? "both/train-1.tar"
                                 : "both/val-0.tar");
    }
    assert_int_equal(an_dataset_layout("both", &kind), ALEXNET_OK);
    assert_int_equal(kind, ALEXNET_DATASET_TRAIN_VAL);
    alexnet_dataset *train = open_good("both/train", NULL, NULL);
    alexnet_dataset *val = open_good("both/val", NULL, NULL);
    assert_int_equal(train->count, 2);
    assert_int_equal(val->count, 1);
    assert_non_null(strstr(val->samples[0].name, "val-0.tar/n01/c.jpg"));
    an_dataset_release(train);
    an_dataset_release(val);
    check_error("both/test", ALEXNET_ERROR_IO, "both/test");
    scratch_remove("both/val-0.tar");
    check_error("both/val", ALEXNET_ERROR_IO, "both/val");
    assert_int_equal(an_dataset_layout("both", &kind), ALEXNET_OK);
    assert_int_equal(kind, ALEXNET_DATASET_CLASSES);
    an_dataset_release(open_good("both", NULL, NULL));
}

/* ---- One archive with both ---- */

static const char *const members[2][4] = {{"n02/b.jpg", "n01/a.jpg", "n01/deep/c.jpg", NULL},
                                          {"n01/v.jpg", "n02/b.jpg", NULL}};
static const char *const parts[] = {"train", "val"};

/* Each part below a folder of its own; pictures beside them belong to no part. */
static void write_folders(const char *path, const char *above)
{
    tar_rig tar = {.length = 0};
    char name[64];
    for (int i = 0; i < 4; i++)
        for (int p = 0; p < 2; p++)
            if (i < 3 && members[p][i]) {
                snprintf(name, sizeof name, "%s%s/%s", above, parts[p], members[p][i]);
                tar_text(&tar, name, name + strlen(above));
            }
    snprintf(name, sizeof name, "%sother/n01/x.jpg", above);
    tar_text(&tar, name, "x");
    tar_write(&tar, path);
}

/* Each part as an archive. */
static void write_archives(const char *path)
{
    tar_rig outer = {.length = 0};
    for (int p = 0; p < 2; p++) {
        tar_rig inner = {.length = 0};
        char name[64];
        for (int i = 0; members[p][i]; i++) {
            snprintf(name, sizeof name, "%s/%s", parts[p], members[p][i]);
            tar_text(&inner, members[p][i], name);
        }
        tar_finish(&inner);
        snprintf(name, sizeof name, "%s.tar", parts[p]);
        tar_file(&outer, name, inner.bytes, inner.length);
    }
    tar_write(&outer, path);
}

/* A part has its own pictures with their own bytes, under the names that they have in it. */
static void check_part(const alexnet_dataset *d, int part)
{
    int count = 0;
    while (members[part][count])
        count++;
    assert_int_equal(d->count, count);
    assert_int_equal(d->classes, 2);
    for (int64_t i = 0; i < d->count; i++) {
        an_item_data data;
        char name[64];
        const char *key = d->source->items[d->samples[i].item].key;
        snprintf(name, sizeof name, "%s/%s", parts[part], key);
        assert_memory_equal(d->class_ids[d->samples[i].label], key, 3);
        assert_int_equal(d->source->kind->read(d->source, d->samples[i].item, &data), ALEXNET_OK);
        assert_int_equal(data.length, strlen(name));
        assert_memory_equal(data.bytes, name, data.length);
        an_free(data.bytes);
        if (i > 0)
            assert_true(strcmp(d->source->items[d->samples[i - 1].item].key, key) < 0);
    }
}

static void test_parts_of_an_archive(void **state)
{
    (void)state;
    static const char *const archives[] = {"flat.tar", "deep.tar", "outer.tar"};
    alexnet_dataset_kind kind;
    write_folders("flat.tar", "");
    write_folders("deep.tar", "./photos/of/");
    write_archives("outer.tar");
    for (int i = 0; i < 6; i++) {
        char path[64];
        const char *archive = archives[i / 2], *name = path;
        alexnet_dataset *d, *again;
        assert_int_equal(an_dataset_layout(archive, &kind), ALEXNET_OK);
        assert_int_equal(kind, ALEXNET_DATASET_TRAIN_VAL);
        check_error(archive, ALEXNET_ERROR_INVALID_ARGUMENT, "holds the parts train and val");
        snprintf(path, sizeof path, "%s/%s", archive, parts[i % 2]);
        d = open_good(path, NULL, NULL);
        check_part(d, i % 2);
        assert_int_equal(d->root[0], '/');
        assert_int_equal(an_dataset_reopen(&again, NULL, "tar", d->root, (an_part){0}, NULL),
                         ALEXNET_OK);
        assert_true(an_dataset_fingerprint(again) == an_dataset_fingerprint(d));
        an_dataset_release(again);
        assert_int_equal(an_dataset_of_files(&again, NULL, &name, 1), ALEXNET_OK);
        assert_int_equal(again->count, d->count);
        an_dataset_release(again);
        an_dataset_release(d);
        snprintf(path, sizeof path, "%s/other", archive);
        check_error(path, ALEXNET_ERROR_IO, path);
    }
}

/* No parts: train is a class like any other, or there are labels. */
static void test_no_parts(void **state)
{
    (void)state;
    tar_rig tar = {.length = 0};
    alexnet_dataset_kind kind;
    tar_text(&tar, "train/a.jpg", "x");
    tar_text(&tar, "ship/b.jpg", "x");
    tar_write(&tar, "classes.tar");
    for (int i = 0; i < 2; i++) {
        tar_text(&tar, "train/a.jpg", "x");
        tar_text(&tar, "val/c.jpg", "x");
        if (i == 0)
            tar_text(&tar, "val/c.cls", "0");
    }
    tar_write(&tar, "labels.tar");
    static const char *const archives[] = {"classes.tar", "labels.tar"};
    for (int i = 0; i < 2; i++) {
        char path[64];
        assert_int_equal(an_dataset_layout(archives[i], &kind), ALEXNET_OK);
        assert_int_equal(kind, ALEXNET_DATASET_CLASSES);
        snprintf(path, sizeof path, "%s/train", archives[i]);
        check_error(path, ALEXNET_ERROR_IO, path);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_parts), TEST(test_parts_of_an_archive),
                                       TEST(test_no_parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
