/*
 * Archives that are the parts train and val of a data set, in one folder or in one archive.
 */
#include "source_rig.h"
#include "tar_rig.h"

#include <sys/stat.h>

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
    assert_int_equal(an_dataset_layout(NULL, "both", &kind), ALEXNET_OK);
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
    assert_int_equal(an_dataset_layout(NULL, "both", &kind), ALEXNET_OK);
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
        assert_int_equal(an_dataset_layout(NULL, archive, &kind), ALEXNET_OK);
        assert_int_equal(kind, ALEXNET_DATASET_TRAIN_VAL);
        check_error(archive, ALEXNET_ERROR_INVALID_ARGUMENT, "holds the parts train and val");
        snprintf(path, sizeof path, "%s/%s", archive, parts[i % 2]);
        d = open_good(path, NULL, NULL);
        check_part(d, i % 2);
        assert_int_equal(d->root[0], '/');
        assert_int_equal(an_dataset_reopen(&again, NULL, "tar", d->root, (an_part){0}, NULL),
                         ALEXNET_OK);
        assert_true(fingerprint(again) == fingerprint(d));
        an_dataset_release(again);
        assert_int_equal(an_dataset_of_files(&again, NULL, &name, 1), ALEXNET_OK);
        assert_int_equal(again->count, d->count);
        an_dataset_release(again);
        an_dataset_release(d);
        snprintf(path, sizeof path, "%s/other", archive);
        check_error(path, ALEXNET_ERROR_IO, path);
    }
}

/* What is counted for a whole archive is said of it, not of its part, and by an examination once.
 */
static void test_counts_of_an_archive(void **state)
{
    (void)state;
    tar_rig tar = {.length = 0};
    char told[4096] = "";
    static const char *const names[] = {"train/cat/a.jpg", "train/dog/b.jpg", "val/cat/c.jpg",
                                        "val/dog/d.jpg",   "train/cat/a.jpg", "val/dog/d.jpg",
                                        "train/notes.doc"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        tar_text(&tar, names[i], "x");
    tar_write(&tar, "again.tar");
    alexnet_dataset *d[2];
    for (int p = 0; p < 2; p++) {
        char path[64];
        snprintf(path, sizeof path, "again.tar/%s", parts[p]);
        assert_int_equal(an_dataset_examine(&d[p], NULL, path, NULL, NULL), ALEXNET_OK);
        assert_int_equal(d[p]->count, 2);
        assert_non_null(strstr(d[p]->source->doubt, "2 pictures of /"));
        assert_non_null(strstr(d[p]->source->doubt, "/again.tar are in an archive again later"));
    }
    alexnet_ctx_options on = ALEXNET_CTX_OPTIONS_INIT;
    alexnet_check_options options = ALEXNET_CHECK_OPTIONS_INIT;
    alexnet_check_progress progress;
    alexnet_finding finding;
    alexnet_check *check;
    alexnet_ctx *ctx;
    bool more = true;
    on.device = "ref";
    assert_int_equal(alexnet_ctx_new(&ctx, &on), ALEXNET_OK);
    assert_int_equal(alexnet_check_new(&check, ctx, d[0], d[1], &options), ALEXNET_OK);
    while (more)
        assert_int_equal(alexnet_check_step(check, &progress, &more), ALEXNET_OK);
    for (int64_t i = 0; alexnet_check_get(check, i, &finding); i++)
        if (finding.problem == ALEXNET_PROBLEM_DOUBT || finding.problem == ALEXNET_PROBLEM_LEFT_OUT)
            snprintf(told + strlen(told), sizeof told - strlen(told), "%s of %s %lld; ",
                     strrchr(finding.path, '/'), finding.part ? finding.part : "both",
                     (long long)finding.count);
    assert_string_equal(told, "/again.tar of both 1; /again.tar of both 1; ");
    alexnet_check_free(check);
    alexnet_ctx_free(ctx);
    an_dataset_release(d[0]);
    an_dataset_release(d[1]);
}

/* Whichever allocation fails, a part is opened nonetheless (an index that cannot be read is made
 * again) or the lack of memory is reported, and nothing leaks. */
static void check_short_memory(const char *path)
{
    const int64_t before = an_alloc_live();
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        alexnet_dataset *d;
        const uint64_t made = an_alloc_count();
        an_alloc_fail_at(n);
        const alexnet_status rc = an_dataset_open(&d, NULL, path, NULL, NULL);
        an_alloc_fail_at(0);
        failed = an_alloc_count() - made >= n;
        if (rc == ALEXNET_OK)
            an_dataset_release(d);
        else
            assert_int_equal(rc, ALEXNET_ERROR_NO_MEMORY);
        assert_int_equal(an_alloc_live(), before);
    }
}

/* A folder, or a link to one, that has such an archive and no other, is that archive. */
static void test_folder_of_an_archive(void **state)
{
    (void)state;
    static const char *const folders[] = {"one", "one/", "links", "link"};
    alexnet_dataset_kind kind;
    put("one/x.tar");
    put("links/notes.txt");
    write_folders("one/x.tar", "photos/");
    assert_int_equal(symlink("../one/x.tar", "links/train.tar"), 0);
    assert_int_equal(symlink("one", "link"), 0);
    for (int i = 0; i < 8; i++) {
        char path[64];
        const char *folder = folders[i / 2];
        assert_int_equal(an_dataset_layout(NULL, folder, &kind), ALEXNET_OK);
        assert_int_equal(kind, ALEXNET_DATASET_TRAIN_VAL);
        check_error(folder, ALEXNET_ERROR_INVALID_ARGUMENT, "holds the parts train and val");
        snprintf(path, sizeof path, "%s/%s", folder, parts[i % 2]);
        alexnet_dataset *d = open_good(path, NULL, NULL), *again;
        check_part(d, i % 2);
        assert_int_equal(an_dataset_reopen(&again, NULL, "tar", d->root, (an_part){0}, NULL),
                         ALEXNET_OK);
        assert_true(fingerprint(again) == fingerprint(d));
        an_dataset_release(again);
        an_dataset_release(d);
    }
    check_short_memory("one/val");
    write_folders("one/y.tar", "photos/");
    assert_int_equal(an_dataset_layout(NULL, "one", &kind), ALEXNET_OK);
    assert_int_equal(kind, ALEXNET_DATASET_CLASSES);
    check_error("one/val", ALEXNET_ERROR_IO, "one/val");
}

/* ---- Where no index can be kept beside the archive ---- */

/* A folder in the way of the index, which stops root too. */
static void block_index(const char *archive)
{
    char path[64];
    snprintf(path, sizeof path, "%s.alexnet-index", archive);
    assert_int_equal(mkdir(path, 0777), 0);
}

/* Change a byte of the second header, as the first is always looked at, and let the archive look as
 * it did, or else a second older. */
static void damage(const char *archive, bool looks_older)
{
    struct stat info;
    const int fd = open(archive, O_RDWR);
    assert_true(fd >= 0 && fstat(fd, &info) == 0);
    assert_int_equal(pwrite(fd, "?", 1, 1024), 1);
    const struct timespec times[2] = {
        info.st_atim, {info.st_mtim.tv_sec - (looks_older ? 1 : 0), info.st_mtim.tv_nsec}};
    assert_int_equal(futimens(fd, times), 0);
    assert_int_equal(close(fd), 0);
}

/* The archive is searched once for all of these: damaged headers are not noticed. */
static void test_searched_once(void **state)
{
    (void)state;
    alexnet_dataset_kind kind;
    write_folders("flat.tar", "");
    block_index("flat.tar");
    assert_int_equal(symlink(".", "same"), 0);
    assert_int_equal(an_dataset_layout(NULL, "flat.tar", &kind), ALEXNET_OK);
    damage("flat.tar", false);
    for (int i = 0; i < 4; i++) {
        char path[64];
        assert_int_equal(an_dataset_layout(NULL, "same/flat.tar", &kind), ALEXNET_OK);
        assert_int_equal(kind, ALEXNET_DATASET_TRAIN_VAL);
        snprintf(path, sizeof path, "%sflat.tar/%s", i < 2 ? "" : "./same/", parts[i % 2]);
        alexnet_dataset *d = open_good(path, NULL, NULL);
        check_part(d, i % 2);
        an_dataset_release(d);
    }
    damage("flat.tar", true);
    check_error("flat.tar", ALEXNET_ERROR_FORMAT, "flat.tar is damaged at byte 1024");
    write_folders("flat.tar", "");
    check_error("flat.tar", ALEXNET_ERROR_INVALID_ARGUMENT, "holds the parts train and val");
}

/* What is held is the newest of several, of each archive its own, and memory may run out. */
static void test_held(void **state)
{
    (void)state;
    alexnet_status rc = ALEXNET_ERROR_NO_MEMORY;
    write_folders("flat.tar", "");
    write_archives("outer.tar");
    block_index("flat.tar");
    block_index("outer.tar");
    for (uint64_t n = 1; rc == ALEXNET_ERROR_NO_MEMORY; n++) {
        alexnet_dataset *d;
        const struct timespec times[2] = {{0, 0}, {(time_t)(1000000000 + n), 0}};
        assert_int_equal(utimensat(AT_FDCWD, "flat.tar", times, 0), 0);
        an_alloc_fail_at(n);
        rc = an_dataset_open(&d, NULL, "flat.tar/train", NULL, NULL);
        an_alloc_fail_at(0);
        if (rc == ALEXNET_OK) {
            check_part(d, 0);
            an_dataset_release(d);
        }
        d = open_good("outer.tar/val", NULL, NULL);
        check_part(d, 1);
        an_dataset_release(d);
    }
    assert_int_equal(rc, ALEXNET_OK);
    damage("flat.tar", false);
    alexnet_dataset *d = open_good("flat.tar/val", NULL, NULL);
    check_part(d, 1);
    an_dataset_release(d);
}

/* A link to an archive in a folder that can be written to has the index beside it. */
static void test_index_beside_a_link(void **state)
{
    (void)state;
    tar_rig tar = {.length = 0};
    put("away/flat.tar");
    put("links/flat.tar");
    write_folders("away/flat.tar", "");
    tar_text(&tar, "n01/a.jpg", "x");
    tar_text(&tar, "n02/b.jpg", "x");
    tar_write(&tar, "away/plain.tar");
    scratch_remove("links/flat.tar");
    assert_int_equal(symlink("../away/flat.tar", "links/flat.tar"), 0);
    an_dataset_release(open_good("links/flat.tar/val", NULL, NULL));
    assert_int_equal(access("links/flat.tar.alexnet-index", F_OK), 0);
    scratch_remove("links/flat.tar");
    assert_int_equal(symlink("../away/plain.tar", "links/plain.tar"), 0);
    an_dataset_release(open_good("links", NULL, NULL));
    assert_int_equal(access("links/plain.tar.alexnet-index", F_OK), 0);
    assert_int_not_equal(access("away/plain.tar.alexnet-index", F_OK), 0);
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
        assert_int_equal(an_dataset_layout(NULL, archives[i], &kind), ALEXNET_OK);
        assert_int_equal(kind, ALEXNET_DATASET_CLASSES);
        snprintf(path, sizeof path, "%s/train", archives[i]);
        check_error(path, ALEXNET_ERROR_IO, path);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_parts),
                                       TEST(test_parts_of_an_archive),
                                       TEST(test_counts_of_an_archive),
                                       TEST(test_no_parts),
                                       TEST(test_searched_once),
                                       TEST(test_held),
                                       TEST(test_index_beside_a_link),
                                       TEST(test_folder_of_an_archive)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
