/*
 * Packs whose archives are so small that several of them are entered into the manifest at once.
 */
#include "pack_rig.h"

#include <sys/stat.h>

/* Pack in at most `steps` steps. @return the bytes of all manifests that were written */
static int64_t pack_counting(const alexnet_dataset *train, const alexnet_pack_options *o, int steps,
                             alexnet_pack_progress *progress)
{
    struct stat before = {0}, now;
    alexnet_pack *p;
    bool more = true;
    int64_t written = 0;
    alexnet_ctx *ctx = open_ctx(2);
    assert_int_equal(an_pack_new(&p, ctx, train, NULL, "out", o), ALEXNET_OK);
    for (int i = 0; more && i < steps; i++) {
        assert_int_equal(stat("out/manifest.json", &now), 0);
        if (now.st_ino != before.st_ino) /* a new file takes the place of the old one */
            written += now.st_size;
        before = now;
        assert_int_equal(an_pack_step(p, progress, &more), ALEXNET_OK);
    }
    an_pack_free(p);
    an_ctx_release(ctx);
    return written;
}

/* The manifest of many small shards, written after each of them, would be most of what is written.
 * Interrupted, the pack continues with the shards that the manifest has. */
static void test_many_small_shards(void **state)
{
    (void)state;
    enum { MANY = 100 };
    static const an_fit shorter = {AN_FIT_SHORT, SIDE, false};
    static uint8_t rgb[SIDE * SIDE * 3];
    alexnet_pack_options o = usual();
    alexnet_pack_progress progress;
    int64_t written = 0;
    o.shard_pictures = 1;
    for (int i = 0; i < MANY; i++) {
        char path[32];
        memset(rgb, i, sizeof rgb);
        snprintf(path, sizeof path, "folder/%s/%d.png", i % 2 ? "a" : "b", i);
        write_png(path, rgb, SIDE, SIDE);
    }
    alexnet_dataset *train = open_good("folder", NULL, NULL);
    written += pack_counting(train, &o, MANY / 2, &progress);
    assert_true(progress.shards > MANY / 2 - 10);
    written += pack_counting(train, &o, 1 << 20, &progress);
    an_dataset_release(train);
    assert_int_equal(progress.shards, MANY);
    assert_true(written < 2 * progress.bytes);
    expect_same_set("folder", "out", &shorter);
}

/* Shards that an interrupted pack had not entered into its manifest are no part of one that starts
 * over with other options, and has fewer. */
static void test_unlisted_shards(void **state)
{
    (void)state;
    enum { MANY = 60, LONG = 240 };
    static uint8_t rgb[SIDE * SIDE * 3];
    alexnet_pack_options o = usual();
    struct stat info;
    char path[LONG + 64], class[LONG + 1];
    o.shard_pictures = 1;
    memset(class, 'x', LONG); /* the manifest is larger than several shards */
    class[LONG] = '\0';
    for (int i = 0; i < MANY; i++) {
        memset(rgb, i, sizeof rgb);
        snprintf(path, sizeof path, "folder/%03d%.*s/a.png", i, LONG, class);
        write_png(path, rgb, SIDE, SIDE);
    }
    assert_int_equal(pack("folder", "out", &o, 1, 3, NULL), ALEXNET_OK);
    assert_int_equal(stat("out/train-000001.tar", &info), 0);
    char *manifest = read_text("out/manifest.json");
    assert_null(strstr(manifest, "train-000000.tar"));
    free(manifest);
    put("out/train-000009.tar.tmp");
    put("out/val-000000.tar");
    put("out/train-1.tar"); /* has no name that a pack gives */
    o.shard_pictures = 0;
    o.shard_bytes = 0;
    pack_well("folder", "out", &o);
    assert_int_equal(stat("out/train-000000.tar", &info), 0);
    assert_int_equal(stat("out/train-000001.tar", &info), -1);
    assert_int_equal(stat("out/train-000009.tar.tmp", &info), -1);
    assert_int_equal(stat("out/val-000000.tar", &info), -1);
    assert_int_equal(stat("out/train-1.tar", &info), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_many_small_shards), TEST(test_unlisted_shards)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
