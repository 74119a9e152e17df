/*
 * The walk through folders: what it finds, that links neither double nor lengthen it, and how it
 * counts what it leaves out.
 */
#include "expect.h"
#include "picture_tree.h"

#include <sys/stat.h>

#include "base/alloc.h"
#include "base/walk.h"

static bool takes_jpg(const char *name)
{
    return strcmp(an_ending_of(name), ".jpg") == 0;
}

/* Walk below a folder; what is found must be the paths given, up to NULL. */
static void expect_walk(an_walk *walk, const char *folder, const char *const *paths)
{
    if (an_walk_below(walk, folder) != ALEXNET_OK)
        fail_msg("%s", an_error_text());
    int64_t n = 0;
    for (; paths[n]; n++) {
        if (n >= walk->files.count)
            fail_msg("%s is missing", paths[n]);
        assert_string_equal(walk->files.at[n], paths[n]);
    }
    if (walk->files.count > n)
        fail_msg("%s is too much", walk->files.at[n]);
}

static void test_finds_files_in_byte_order(void **state)
{
    (void)state;
    static const char *const paths[] = {"t/a-b.jpg", "t/a.jpg", "t/a/b.jpg", "t/z/y/x.jpg", NULL};
    an_walk walk = {.takes = takes_jpg};
    for (int i = 0; paths[i]; i++)
        put(paths[i]);
    put("t/.hidden/a.jpg");
    put("t/.b.jpg");
    put("t/z/@eaDir/x.jpg/thumbnail.jpg"); /* of a file server */
    put("t/lost+found/c.jpg");
    put("t/z/other.txt");
    expect_walk(&walk, "t", paths);
    assert_int_equal(walk.direct, 2);
    assert_int_equal(walk.folders.count, 2);
    assert_string_equal(walk.folders.at[1], "z");
    assert_int_equal(walk.left_out.total, 1);
    expect_walk(&walk, "t", paths); /* a second walk finds all of it again */
    an_walk_free(&walk);
}

/* Two links from a folder to itself once made 2^40 paths. */
static void test_links_in_circles(void **state)
{
    (void)state;
    static const char *const paths[] = {"t/a/a.jpg", "t/b/b.jpg", "t/b/same.jpg", NULL};
    an_walk walk = {.takes = takes_jpg};
    put("t/a/a.jpg");
    put("t/b/b.jpg");
    assert_int_equal(symlink("b.jpg", "t/b/same.jpg"), 0);
    assert_int_equal(symlink(".", "t/a/x"), 0);
    assert_int_equal(symlink(".", "t/a/y"), 0);
    assert_int_equal(symlink("..", "t/a/up"), 0);
    assert_int_equal(symlink("../b", "t/a/to-b"), 0);
    assert_int_equal(symlink("../a", "t/b/to-a"), 0);
    assert_int_equal(symlink("t", "link-to-t"), 0);
    expect_walk(&walk, "t", paths);
    static const char *const through[] = {"link-to-t/a/a.jpg", "link-to-t/b/b.jpg",
                                          "link-to-t/b/same.jpg", NULL};
    expect_walk(&walk, "link-to-t", through);
    an_walk_free(&walk);
}

/* Folders elsewhere that all link to one another are read once each, by the first path. */
static void test_nests_of_links(void **state)
{
    (void)state;
    enum { FOLDERS = 40 };
    char path[64], target[64];
    an_walk walk = {.takes = takes_jpg};
    for (int i = 0; i < FOLDERS; i++) {
        snprintf(path, sizeof path, "nest/%02d/%02d.jpg", i, i);
        put(path);
        for (int j = 0; j < FOLDERS; j++) {
            snprintf(target, sizeof target, "../%02d", j);
            snprintf(path, sizeof path, "nest/%02d/to%02d", i, j);
            assert_int_equal(symlink(target, path), 0);
        }
    }
    put("t/a.jpg");
    assert_int_equal(symlink("../nest/00", "t/in"), 0);
    assert_int_equal(an_walk_below(&walk, "t"), ALEXNET_OK);
    assert_int_equal(walk.files.count, FOLDERS + 1);
    assert_int_equal(walk.seen_count, FOLDERS + 1);
    assert_string_equal(walk.files.at[1], "t/in/00.jpg");
    an_walk_free(&walk);
}

/* A folder to which a link leads too keeps its own path. */
static void test_own_paths_before_links(void **state)
{
    (void)state;
    static const char *const paths[] = {"t/z/deep/a.jpg", NULL};
    an_walk walk = {.takes = takes_jpg};
    put("t/z/deep/a.jpg");
    assert_int_equal(symlink("z/deep", "t/a"), 0);
    expect_walk(&walk, "t", paths);
    an_walk_free(&walk);
}

static void test_reserved_folders(void **state)
{
    (void)state;
    static const char *const left[] = {"t/a/a.jpg", NULL}, *const right[] = {"t/b/b.jpg", NULL};
    bool first;
    an_walk walk = {.takes = takes_jpg};
    put("t/a/a.jpg");
    put("t/b/b.jpg");
    assert_int_equal(symlink("../b", "t/a/b"), 0);
    assert_int_equal(symlink("b", "t/c"), 0);
    assert_int_equal(an_walk_reserve(&walk, "t/a", &first), ALEXNET_OK);
    assert_true(first);
    assert_int_equal(an_walk_reserve(&walk, "t/b", &first), ALEXNET_OK);
    assert_int_equal(an_walk_reserve(&walk, "t/c", &first), ALEXNET_OK);
    assert_false(first);
    expect_walk(&walk, "t/a", left);
    expect_walk(&walk, "t/b", right);
    an_walk_free(&walk);
}

static void test_too_deep(void **state)
{
    (void)state;
    char path[1024] = "t";
    an_walk walk = {.takes = takes_jpg};
    for (int i = 1; i < AN_WALK_DEPTH_MAX; i++)
        strcat(path, "/d");
    strcat(path, "/a.jpg");
    put(path);
    strcpy(strrchr(path, '/'), "/here");
    assert_int_equal(symlink(".", path), 0); /* deeper by its path, but read already */
    assert_int_equal(an_walk_below(&walk, "t"), ALEXNET_OK);
    assert_int_equal(walk.files.count, 1);
    strcpy(strrchr(path, '/'), "/d/a.jpg");
    put(path);
    assert_int_equal(an_walk_below(&walk, "t"), ALEXNET_ERROR_UNSUPPORTED);
    assert_non_null(strstr(an_error_text(), "more than 64 folders deep"));
    an_walk_free(&walk);
}

static void test_counts_endings(void **state)
{
    (void)state;
    an_endings endings = {0}, more = {0};
    an_endings_add(&endings, "a.HeIc");
    an_endings_add(&endings, "b.heic");
    an_endings_add(&endings, "folder.x/none");
    an_endings_add(&endings, "dot.");
    an_endings_add(&endings, "c.\x1B[2J");
    an_endings_add(&endings, "d.a-very-long-ending");
    assert_int_equal(endings.total, 6);
    assert_int_equal(endings.rows, 3);
    assert_string_equal(endings.row[0].ending, ".heic");
    assert_int_equal(endings.row[0].count, 2);
    assert_string_equal(endings.row[1].ending, "");
    assert_int_equal(endings.row[1].count, 2);
    assert_string_equal(endings.row[2].ending, "*");
    an_endings frames = {0};
    for (int i = 0; i < 100; i++) { /* more kinds than there are rows */
        char name[16];
        snprintf(name, sizeof name, "a.e%d", i);
        an_endings_add(&more, name);
        snprintf(name, sizeof name, "frame.%03d", i);
        an_endings_add(&frames, name);
    }
    an_endings_add(&frames, "a.7z");
    assert_int_equal(frames.rows, 2); /* numbers take no rows of other endings */
    assert_int_equal(frames.row[0].count, 100);
    assert_string_equal(frames.row[0].ending, "*");
    assert_string_equal(frames.row[1].ending, ".7z");
    an_endings_join(&more, &endings);
    assert_int_equal(more.rows, AN_ENDING_ROWS - 3); /* three are kept for other kinds */
    assert_int_equal(more.total, 106);
    int64_t sum = 0;
    for (int i = 0; i < more.rows; i++)
        sum += more.row[i].count;
    assert_int_equal(sum, 106);
    assert_string_equal(more.row[AN_ENDING_ROWS - 4].ending, "*");
    an_endings_add_as(&more, AN_ENDING_LINK);
    an_endings_add_as(&more, AN_ENDING_OTHER);
    an_endings_add(&more, "raw/train-images-idx3-ubyte.gz");
    an_endings_add(&more, "idx3-ubyte/t10k-labels.idx1-ubyte");
    an_endings_add(&more, "idx3-ubyte/a.e0"); /* a folder's name does not count */
    assert_int_equal(more.rows, AN_ENDING_ROWS);
    assert_int_equal(more.row[AN_ENDING_ROWS - 1].ending[0], AN_ENDING_IDX);
    assert_int_equal(more.row[AN_ENDING_ROWS - 1].count, 2);
}

static void test_looks_for_names(void **state)
{
    (void)state;
    bool yes = true;
    put("t/b/a.jpg");
    put("t/c.txt");
    expect_ok(an_folder_has(NULL, "t", takes_jpg, &yes));
    assert_false(yes); /* what is in a folder below does not count */
    assert_int_equal(symlink("nowhere", "t/d.jpg"), 0);
    expect_ok(an_folder_has(NULL, "t", takes_jpg, &yes));
    assert_true(yes);
    expect_failure(an_folder_has(NULL, "none", takes_jpg, &yes), ALEXNET_ERROR_IO,
                   "cannot read the folder none");
    assert_false(yes);
}

static void test_unreadable(void **state)
{
    (void)state;
    an_walk walk = {.takes = takes_jpg};
    assert_int_equal(an_walk_below(&walk, "none"), ALEXNET_ERROR_IO);
    assert_non_null(strstr(an_error_text(), "cannot read the folder none"));
    put("t/shut/a.jpg");
    assert_int_equal(chmod("t/shut", 0), 0);
    if (geteuid() != 0) { /* root may read it */
        assert_int_equal(an_walk_below(&walk, "t"), ALEXNET_ERROR_IO);
        assert_non_null(strstr(an_error_text(), "t/shut: Permission denied"));
    }
    assert_int_equal(chmod("t/shut", 0777), 0);
    an_walk_free(&walk);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_finds_files_in_byte_order),
        TEST(test_links_in_circles),
        TEST(test_nests_of_links),
        TEST(test_own_paths_before_links),
        TEST(test_reserved_folders),
        TEST(test_too_deep),
        cmocka_unit_test(test_counts_endings),
        TEST(test_looks_for_names),
        TEST(test_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
