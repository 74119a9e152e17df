/*
 * Packing: a packed data set has the pictures of its source, whatever the number of threads and
 * however often packing was interrupted; nothing is lost when the disk is full.
 */
#include "pack_rig.h"

#include <sys/stat.h>

#include "base/alloc.h"
#include "base/sha256.h"
#include "base/writer.h"
#include "data/pack/pack.h"
#include "data/picture/resize.h"
#include "data/tar/manifest.h"

/* ---- The same data set ---- */

/* A network gets the same pixels from the pack as from the pictures themselves, whatever part of
 * them is stored. */
static void test_raw(void **state)
{
    (void)state;
    static const an_fit shorter = {AN_FIT_SHORT, SIDE, false}, warp = {AN_FIT_WARP, SIDE, false};
    alexnet_pack_options o = usual();
    write_pictures("folder");
    pack_well("folder", "short", &o);
    expect_same_set("folder", "short", &shorter);
    o.fit = ALEXNET_PACK_SQUARE;
    pack_well("folder", "square", &o);
    expect_same_set("folder", "square", &shorter);
    o.fit = ALEXNET_PACK_WARP;
    pack_well("folder", "warp", &o);
    expect_same_set("folder", "warp", &warp);
    o.side = 0;
    pack_well("folder", "whole", &o);
    expect_same_set("folder", "whole", NULL);
    pack_well("whole", "again", &o); /* a pack of a pack */
    expect_same_set("folder", "again", NULL);
}

/* A JPEG that already has the right size is stored unchanged; the others are encoded again. */
static void test_jpeg(void **state)
{
    (void)state;
    alexnet_pack_options o = usual();
    alexnet_pack_progress progress;
    o.raw = false;
    write_pictures("folder");
    assert_int_equal(pack("folder", "first", &o, 1, 1 << 20, &progress), ALEXNET_OK);
    assert_int_equal(progress.pictures, PICTURES);
    assert_int_equal(progress.unchanged, 0);
    o.quality = 50;
    o.seed = 7;
    assert_int_equal(pack("first", "second", &o, 1, 1 << 20, &progress), ALEXNET_OK);
    assert_int_equal(progress.unchanged, PICTURES);
    expect_same_set("first", "second", NULL);
    o.side = 0;
    assert_int_equal(pack("first", "whole", &o, 1, 1 << 20, &progress), ALEXNET_OK);
    assert_int_equal(progress.unchanged, PICTURES);
    o.side = 2 * SIDE;
    assert_int_equal(pack("first", "third", &o, 1, 1 << 20, &progress), ALEXNET_OK);
    assert_int_equal(progress.unchanged, 0);
    o.side = SIDE;
    o.fit = ALEXNET_PACK_SQUARE;
    pack_well("first", "squares", &o);
    alexnet_dataset *squares = open_good("squares", NULL, NULL);
    for (int64_t i = 0; i < squares->count; i++) {
        an_picture picture;
        assert_int_equal(an_data_source_picture(squares->source, i, &picture), ALEXNET_OK);
        assert_true(picture.width == SIDE && picture.height == SIDE);
        an_picture_free(&picture);
    }
    an_dataset_release(squares);
    o = usual(); /* raw */
    pack_well("first", "pixels", &o);
    expect_same_set("first", "pixels", NULL);
}

/* The packed parts of a split hold the same pictures as the parts themselves. */
static void test_parts(void **state)
{
    (void)state;
    alexnet_pack *p;
    alexnet_pack_progress progress;
    alexnet_dataset *train, *val, *again[2];
    const alexnet_pack_options o = usual();
    bool more = true;
    write_pictures("folder");
    alexnet_ctx *ctx = open_ctx(2);
    alexnet_dataset *whole = open_good("folder", NULL, NULL);
    assert_int_equal(an_dataset_split(whole, 0.3, 5, &train, &val), ALEXNET_OK);
    assert_int_equal(an_pack_new(&p, ctx, train, val, "out", &o), ALEXNET_OK);
    while (more)
        assert_int_equal(an_pack_step(p, &progress, &more), ALEXNET_OK);
    an_pack_free(p);
    assert_int_equal(progress.done, PICTURES);
    again[0] = open_good("out/train", NULL, NULL);
    again[1] = open_good("out/val", NULL, NULL);
    for (int i = 0; i < 2; i++) {
        const alexnet_dataset *part = i ? val : train;
        assert_int_equal(again[i]->count, part->count);
        for (int64_t s = 0; s < part->count; s++)
            assert_string_equal(again[i]->source->items[s].key,
                                whole->source->items[part->samples[s].item].key);
        an_dataset_release(again[i]);
    }
    /* a split of the packed whole holds the same pictures too */
    pack_well("folder", "all", &o);
    alexnet_dataset *all = open_good("all", NULL, NULL);
    assert_int_equal(an_dataset_split(all, 0.3, 5, &again[0], &again[1]), ALEXNET_OK);
    for (int64_t s = 0; s < val->count; s++)
        assert_string_equal(all->source->items[again[1]->samples[s].item].key,
                            whole->source->items[val->samples[s].item].key);
    an_dataset_release(again[0]);
    an_dataset_release(again[1]);
    an_dataset_release(all);
    an_dataset_release(train);
    an_dataset_release(val);
    an_dataset_release(whole);
    an_ctx_release(ctx);
}

/* A packed list is divided as the list is, by paths below the list's folder. */
static void test_list_is_divided_alike(void **state)
{
    (void)state;
    const alexnet_pack_options o = usual();
    alexnet_dataset *parts[4];
    write_pictures("folder");
    FILE *file = fopen("list.txt", "wb");
    alexnet_dataset *folder = open_good("folder", NULL, NULL);
    for (int64_t i = 0; i < folder->count; i++)
        fprintf(file, "folder/%s\t%d\n", folder->source->items[i].key, folder->samples[i].label);
    fclose(file);
    pack_well("list.txt", "packed", &o);
    alexnet_dataset *list = open_good("list.txt", NULL, NULL),
                    *packed = open_good("packed", NULL, NULL);
    assert_int_equal(an_dataset_split(list, 0.3, 5, &parts[0], &parts[1]), ALEXNET_OK);
    assert_int_equal(an_dataset_split(packed, 0.3, 5, &parts[2], &parts[3]), ALEXNET_OK);
    assert_int_equal(parts[1]->count, parts[3]->count);
    for (int64_t s = 0; s < parts[1]->count; s++)
        assert_string_equal(an_data_source_split_key(list->source, parts[1]->samples[s].item),
                            packed->source->items[parts[3]->samples[s].item].key);
    for (int p = 0; p < 4; p++)
        an_dataset_release(parts[p]);
    an_dataset_release(list);
    an_dataset_release(packed);
    an_dataset_release(folder);
}

/* ---- The same bytes ---- */

static void test_threads_and_interruptions(void **state)
{
    (void)state;
    const alexnet_pack_options o = usual();
    alexnet_pack_progress progress;
    write_pictures("folder");
    pack_well("folder", "whole", &o);
    assert_int_equal(pack("folder", "one", &o, 1, 1 << 20, NULL), ALEXNET_OK);
    assert_int_equal(pack("folder", "many", &o, 7, 1 << 20, NULL), ALEXNET_OK);
    expect_same_pack("whole", "one");
    expect_same_pack("whole", "many");
    int64_t found = 0;
    for (int steps = 0; steps <= PICTURES; steps += 3) {
        scratch_remove("cut");
        assert_int_equal(pack("folder", "cut", &o, 2, steps, NULL), ALEXNET_OK);
        assert_int_equal(pack("folder", "cut", &o, 3, 1 << 20, &progress), ALEXNET_OK);
        assert_true(progress.found >= found && progress.found <= steps);
        found = progress.found;
        expect_same_pack("whole", "cut");
    }
    assert_int_equal(found, PICTURES);
}

/* An archive that was changed afterwards, without a change of its size, is named, whether or not
 * the pack is complete. */
static void test_damage_is_found(void **state)
{
    (void)state;
    const alexnet_pack_options o = usual();
    alexnet_pack_progress progress;
    write_pictures("folder");
    pack_well("folder", "whole", &o);
    for (int steps = PICTURES / 2; steps < 1 << 20; steps *= 1000) { /* half of it, all */
        size_t length;
        scratch_remove("out");
        assert_int_equal(pack("folder", "out", &o, 1, steps, &progress), ALEXNET_OK);
        assert_true(progress.shards >= 2);
        unsigned char *bytes = scratch_read("out/train-000001.tar", &length);
        bytes[length / 2] ^= 1;
        scratch_write("out/train-000001.tar", bytes, length);
        assert_int_equal(pack("folder", "out", &o, 1, 1, &progress), ALEXNET_OK);
        assert_true(progress.done > 0 && progress.done < progress.found);
        assert_int_equal(pack("folder", "out", &o, 2, 1 << 20, &progress), ALEXNET_ERROR_BAD_DATA);
        assert_non_null(
            strstr(an_error_text(), "out/train-000001.tar has changed since it was packed"));
        bytes[length / 2] ^= 1;
        scratch_write("out/train-000001.tar", bytes, length);
        free(bytes);
        assert_int_equal(pack("folder", "out", &o, 2, 1 << 20, &progress), ALEXNET_OK);
        assert_int_equal(progress.done, PICTURES);
        expect_same_pack("whole", "out");
    }
}

/* No picture after the shards of an earlier call can be read any more: these shards are the whole
 * pack. */
static void test_nothing_left(void **state)
{
    (void)state;
    alexnet_pack_options o = usual();
    alexnet_pack_progress progress;
    write_pictures("folder");
    o.in_order = true;
    o.shard_pictures = 3;
    o.bad_pictures = PICTURES;
    assert_int_equal(pack("folder", "out", &o, 1, 4, &progress), ALEXNET_OK);
    assert_int_equal(progress.shards, 1);
    alexnet_dataset *train = open_good("folder", NULL, NULL);
    for (int64_t i = 3; i < train->count; i++) {
        size_t length;
        unsigned char *bytes = scratch_read(train->samples[i].name, &length);
        memset(bytes, 0, length);
        scratch_write(train->samples[i].name, bytes, length);
        free(bytes);
    }
    an_dataset_release(train);
    for (int again = 0; again < 2; again++) {
        if (pack("folder", "out", &o, 1, 1 << 20, &progress) != ALEXNET_OK)
            fail_msg("%s", an_error_text());
        assert_int_equal(progress.pictures, 3);
        assert_int_equal(progress.left_out, PICTURES - 3);
    }
}

/* A picture that would be too large to be read at its new size is left out. */
static void test_too_long(void **state)
{
    (void)state;
    alexnet_pack_options o = usual();
    static const uint8_t pixels[2 * 32 * 3];
    write_png("long/a/long.png", pixels, 2, 32);
    o.side = 4096;
    o.bad_pictures = 0;
    for (int raw = 0; raw < 2; raw++) {
        o.raw = raw;
        assert_int_equal(pack("long", "out", &o, 1, 1 << 20, NULL), ALEXNET_ERROR_BAD_DATA);
        assert_non_null(strstr(an_error_text(), "long/a/long.png: with a side of 4096 it has 4096 "
                                                "x 65536 pixels; at most 65500 a side"));
        scratch_remove("out");
    }
}

/* The disk is full after 0, 14983, 29966, ... bytes; then there is room again. */
static void test_full_disk(void **state)
{
    (void)state;
    const alexnet_pack_options o = usual();
    alexnet_status status = ALEXNET_ERROR_IO;
    write_pictures("folder");
    pack_well("folder", "whole", &o);
    for (uint64_t room = 0; status != ALEXNET_OK; room += 14983) {
        scratch_remove("full");
        an_writer_fail_after(room);
        status = pack("folder", "full", &o, 2, 1 << 20, NULL);
        an_writer_fail_after(UINT64_MAX);
        if (status != ALEXNET_OK) {
            assert_int_equal(status, ALEXNET_ERROR_IO);
            assert_non_null(strstr(an_error_text(), "No space left"));
            assert_non_null(strstr(an_error_text(), "full/"));
        }
        pack_well("folder", "full", &o);
        expect_same_pack("whole", "full");
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    const alexnet_pack_options o = usual();
    const int64_t before = an_alloc_live();
    alexnet_status status = ALEXNET_ERROR_NO_MEMORY;
    write_pictures("folder");
    alexnet_ctx *ctx = open_ctx(1);
    for (uint64_t n = 1; status != ALEXNET_OK; n += n < 150 ? 1 : 41) {
        alexnet_pack *p;
        alexnet_pack_progress progress;
        bool more = true;
        scratch_remove("out");
        alexnet_dataset *train = open_good("folder", NULL, NULL);
        an_alloc_fail_at(n);
        status = an_pack_new(&p, ctx, train, NULL, "out", &o);
        while (status == ALEXNET_OK && more)
            status = an_pack_step(p, &progress, &more);
        an_alloc_fail_at(0);
        an_pack_free(p);
        an_dataset_release(train);
        if (status != ALEXNET_OK)
            assert_int_equal(status, ALEXNET_ERROR_NO_MEMORY);
    }
    an_ctx_release(ctx);
    assert_int_equal(an_alloc_live(), before);
    expect_same_set("folder", "out", &(an_fit){AN_FIT_SHORT, SIDE, false});
}

/* ---- Bad pictures ---- */

static void test_left_out(void **state)
{
    (void)state;
    alexnet_pack_options o = usual();
    alexnet_pack_progress progress;
    write_pictures("folder");
    pack_well("folder", "good", &o);
    put("folder/cats/broken\n.jpg");
    put("folder/dogs/empty.png");
    assert_int_equal(pack("folder", "out", &o, 2, 1 << 20, &progress), ALEXNET_OK);
    assert_int_equal(progress.left_out, 2);
    assert_int_equal(progress.pictures, PICTURES);
    char *manifest = read_text("out/manifest.json");
    assert_non_null(strstr(manifest, "\"cats/broken%0A.jpg\""));
    assert_non_null(strstr(manifest, "\"dogs/empty.png\""));
    free(manifest);
    for (int steps = 0; steps < PICTURES + 2; steps += 9) {
        scratch_remove("cut");
        assert_int_equal(pack("folder", "cut", &o, 1, steps, NULL), ALEXNET_OK);
        assert_int_equal(pack("folder", "cut", &o, 2, 1 << 20, NULL), ALEXNET_OK);
        expect_same_pack("out", "cut");
    }
    o.bad_pictures = 1;
    assert_int_equal(pack("folder", "many", &o, 2, 1 << 20, NULL), ALEXNET_ERROR_BAD_DATA);
    assert_non_null(strstr(an_error_text(), "2 of 29 pictures"));
    assert_true(strstr(an_error_text(), "; the last: ") && strstr(an_error_text(), "/folder/"));
    scratch_remove("folder");
    put("folder/a/b.jpg");
    assert_int_equal(pack("folder", "none", &o, 2, 1 << 20, NULL), ALEXNET_ERROR_BAD_DATA);
    assert_non_null(strstr(an_error_text(), "none of the 1 pictures"));
    assert_non_null(strstr(an_error_text(), "; the first: "));
    assert_non_null(strstr(an_error_text(), "/folder/a/b.jpg is "));
}

/* ---- Shards and the manifest ---- */

static void test_shards(void **state)
{
    (void)state;
    alexnet_pack_options o = usual();
    struct stat info;
    char path[64], digits[65];
    write_pictures("folder");
    pack_well("folder", "out", &o);
    char *manifest = read_text("out/manifest.json");
    int shards = 0;
    for (;; shards++) { /* each within its size, with its hash in the manifest */
        size_t length;
        an_sha256 hash;
        snprintf(path, sizeof path, "out/train-%06d.tar", shards);
        if (stat(path, &info) != 0)
            break;
        assert_true(info.st_size <= o.shard_bytes);
        unsigned char *bytes = scratch_read(path, &length);
        an_sha256_begin(&hash);
        an_sha256_add(&hash, bytes, length);
        an_sha256_end(&hash, digits);
        assert_non_null(strstr(manifest, digits));
        free(bytes);
    }
    assert_true(shards > 2);
    free(manifest);
    assert_int_equal(stat("out/train-000000.tar", &info), 0);
    const int64_t whole = info.st_size; /* the limit at which it has just enough room */
    for (int less = 0; less < 2; less++) {
        o.shard_bytes = whole - less;
        pack_well("folder", less ? "less" : "exact", &o);
        assert_int_equal(stat(less ? "less/train-000000.tar" : "exact/train-000000.tar", &info), 0);
        assert_true(less ? info.st_size < whole : info.st_size == whole);
    }
    o.shard_bytes = 0;
    o.shard_pictures = 10;
    pack_well("folder", "ten", &o);
    assert_int_equal(stat("ten/train-000002.tar", &info), 0);
    assert_int_equal(stat("ten/train-000003.tar", &info), -1);
    o.shard_pictures = 0;
    pack_well("folder", "one", &o);
    assert_int_equal(stat("one/train-000001.tar", &info), -1);
    o.shard_bytes = 1; /* one picture in each */
    pack_well("folder", "each", &o);
    snprintf(path, sizeof path, "each/train-%06d.tar", PICTURES - 1);
    assert_int_equal(stat(path, &info), 0);
    expect_same_set("folder", "each", &(an_fit){AN_FIT_SHORT, SIDE, false});
    char *classes = read_text("each/classes.txt");
    assert_string_equal(classes, "cats\ndogs\nn\n");
    free(classes);
}

/* More archives than a manifest should describe are refused before anything is made, where their
 * number can be known. */
static void test_too_many_shards(void **state)
{
    (void)state;
    alexnet_pack_options o = usual();
    alexnet_pack *p;
    bool more = true;
    alexnet_status status = ALEXNET_OK;
    alexnet_pack_progress progress;
    write_pictures("folder");
    alexnet_ctx *ctx = open_ctx(1);
    alexnet_dataset *train = open_good("folder", NULL, NULL);
    const int64_t count = train->count;
    o.shard_pictures = 2;
    train->count = 2 * AN_PACK_SHARDS_MAX + 1; /* refused before it looks at them */
    assert_int_equal(an_pack_new(&p, ctx, train, NULL, "out", &o), ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(an_error_text(), "`shard_pictures` 2 makes 100001 archives of the "
                                            "200001 pictures of"));
    assert_non_null(strstr(an_error_text(), "`shard_pictures` must be 3 or more"));
    assert_false(an_is_folder("out"));
    train->count = count;
    alexnet_dataset *val = open_good("folder", NULL, NULL);
    val->count = 2 * AN_PACK_SHARDS_MAX + 1;
    assert_int_equal(an_pack_new(&p, ctx, train, val, "out", &o), ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(an_error_text(), "makes 100001 archives of the 200001 pictures of"));
    val->count = count;
    o.shard_pictures = 0;
    o.shard_bytes = 1; /* one picture in each */
    assert_int_equal(an_pack_new(&p, ctx, train, NULL, "out", &o), ALEXNET_OK);
    p->shards_most = PICTURES - 1;
    while (status == ALEXNET_OK && more)
        status = an_pack_step(p, &progress, &more);
    assert_int_equal(status, ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(an_error_text(), "out has 26 archives after 26 of 27 pictures"));
    assert_int_equal(an_pack_step(p, &progress, &more), ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(an_error_text(), "out has failed; start again to continue"));
    an_pack_free(p);
    an_dataset_release(train);
    an_dataset_release(val);
    an_ctx_release(ctx);
}

/* Other programs call their files so, too. */
static void test_other_manifests(void **state)
{
    (void)state;
    const alexnet_pack_options o = usual();
    write_pictures("folder");
    pack_well("folder", "out", &o);
    scratch_write("out/manifest.json", "{", 1);
    assert_int_equal(truncate("out/manifest.json", (off_t)AN_MANIFEST_MAX + 1), 0);
    expect_same_set("folder", "out", &(an_fit){AN_FIT_SHORT, SIDE, false});
    scratch_remove("out/manifest.json");
    assert_int_equal(mkfifo("out/manifest.json", 0666), 0);
    expect_same_set("folder", "out", &(an_fit){AN_FIT_SHORT, SIDE, false});
}

static void test_refusals(void **state)
{
    (void)state;
    alexnet_pack_options o = usual();
    write_pictures("folder");
    pack_well("folder", "out", &o);
    o.side = 20;
    expect_refused(&o, "folder", "out", "it has `side` 16, this one `side` 20;");
    o.raw = false;
    o.in_order = true;
    expect_refused(&o, "folder", "out",
                   "it has `raw` `side` 16 no `in_order`, this one no `raw` `side` 20 "
                   "`in_order`;");
    o = usual();
    o.fit = ALEXNET_PACK_WARP;
    expect_refused(&o, "folder", "out", "it has `fit` short, this one `fit` warp;");
    o = usual();
    o.shard_pictures = 3;
    o.seed = 9;
    expect_refused(&o, "folder", "out",
                   "it has `seed` 1 `shard_bytes` 20kB, this one `seed` 9 "
                   "`shard_pictures` 3 `shard_bytes` 20kB;");
    o = usual();
    o.shard_bytes = 1500000000;
    expect_refused(&o, "folder", "out", "this one `shard_bytes` 1500MB;");
    o.shard_bytes = 2000000000;
    expect_refused(&o, "folder", "out", "this one `shard_bytes` 2GB;");
    o = usual();
    write_png("folder/cats/new.png", (const uint8_t[]){1, 2, 3}, 1, 1);
    expect_refused(
        &o, "folder", "out",
        "its part train has 27 pictures (folders), but now 28 (folders): `train`, `val` or");
    scratch_remove("folder/n");
    expect_refused(&o, "folder", "out", "it has 3 classes, but `train` has 2;");
    write_pictures("folder");
    scratch_remove("folder/cats/new.png");
    pack_well("folder", "out", &o);
    scratch_text("out/train-000001.tar", "short");
    assert_int_equal(pack("folder", "out", &o, 1, 1 << 20, NULL), ALEXNET_ERROR_BAD_DATA);
    assert_non_null(strstr(an_error_text(), "is missing or changed"));
    o.side = 17;
    assert_int_equal(pack("folder", "begun", &o, 1, 0, NULL), ALEXNET_OK);
    o = usual();
    pack_well("folder", "begun", &o); /* a pack without complete shards refuses no options */
    static const char *const inside[] = {"folder/out",         "folder/out/",     "folder/a/b/out",
                                         "./folder//cats/out", "folder/n/../out", "folder"};
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
        expect_refused(&o, "folder", inside[i], "is inside the data set");
    assert_int_equal(symlink("folder/cats", "link"), 0);
    expect_refused(&o, "folder", "link/out", "is inside the data set");
    assert_false(an_is_folder("folder/out") || an_is_folder("folder/a") ||
                 an_is_folder("folder/cats/out")); /* what is refused leaves nothing behind */
    pack_well("folder", "folder.out/deep", &o);
    put("other/file.txt");
    expect_refused(&o, "folder", "other", "other files in it, such as file.txt");
    put("folders/sub/file.txt");
    expect_refused(&o, "folder", "folders", "other files in it, such as sub");
    put("killed/manifest.json.tmp"); /* while the first file was written */
    pack_well("folder", "killed", &o);
    put("other/manifest.json");
    expect_refused(&o, "folder", "other", "damaged");
    scratch_text("other/manifest.json", "{}");
    expect_refused(&o, "folder", "other", "not the manifest of a pack");
    o.quality = 0;
    expect_refused(&o, "folder", "out", "quality = 0: expected 1 to 100");
    o = usual();
    o.fit = (alexnet_pack_fit)3;
    expect_refused(&o, "folder", "out", "fit = 3: expected 0 to 2");
    o = usual();
    o.shard_pictures = -1;
    expect_refused(&o, "folder", "out", "shard_pictures = -1: expected 0 or more");
}

/* Two processes do not pack into one folder. */
static void test_claimed(void **state)
{
    (void)state;
    const alexnet_pack_options o = usual();
    alexnet_pack *p;
    write_pictures("folder");
    alexnet_ctx *ctx = open_ctx(1);
    alexnet_dataset *train = open_good("folder", NULL, NULL);
    assert_int_equal(an_pack_new(&p, ctx, train, NULL, "out", &o), ALEXNET_OK);
    expect_refused(&o, "folder", "out", "out is in use by another pack");
    an_pack_free(p);
    an_dataset_release(train);
    an_ctx_release(ctx);
    pack_well("folder", "out", &o);
}

/* The host may change its folder while it packs. */
static void test_another_working_folder(void **state)
{
    (void)state;
    const alexnet_pack_options o = usual();
    alexnet_pack_progress progress;
    alexnet_pack *p;
    bool more = true;
    write_pictures("folder");
    pack_well("folder", "whole", &o);
    alexnet_ctx *ctx = open_ctx(2);
    alexnet_dataset *train = open_good("folder", NULL, NULL);
    assert_int_equal(an_make_folder("away"), ALEXNET_OK);
    assert_int_equal(an_pack_new(&p, ctx, train, NULL, "out", &o), ALEXNET_OK);
    assert_int_equal(chdir("away"), 0);
    while (more)
        assert_int_equal(an_pack_step(p, &progress, &more), ALEXNET_OK);
    an_pack_free(p);
    assert_int_equal(chdir(".."), 0);
    expect_same_pack("whole", "out");
    assert_int_equal(rmdir("away"), 0); /* is empty */
    an_dataset_release(train);
    an_ctx_release(ctx);
}

/* ---- Hashes ---- */

/* The examples of FIPS 180-4 (NIST, "Examples with Intermediate Values"), in pieces of any size. */
static void test_sha256(void **state)
{
    (void)state;
    static char million[1000000];
    memset(million, 'a', sizeof million);
    const struct {
        const char *text;
        size_t length;
        const char *hash;
    } cases[] = {{"", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
                 {"abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
                 {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
                 {million, sizeof million,
                  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t piece = 1; piece < 200; piece += 33) {
            an_sha256 hash;
            char digits[65];
            an_sha256_begin(&hash);
            for (size_t at = 0; at < cases[i].length; at += piece) {
                const size_t left = cases[i].length - at;
                an_sha256_add(&hash, cases[i].text + at, left < piece ? left : piece);
            }
            an_sha256_end(&hash, digits);
            assert_string_equal(digits, cases[i].hash);
        }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_raw),
                                       TEST(test_jpeg),
                                       TEST(test_parts),
                                       TEST(test_list_is_divided_alike),
                                       TEST(test_threads_and_interruptions),
                                       TEST(test_damage_is_found),
                                       TEST(test_nothing_left),
                                       TEST(test_too_long),
                                       TEST(test_full_disk),
                                       TEST(test_no_memory),
                                       TEST(test_left_out),
                                       TEST(test_shards),
                                       TEST(test_too_many_shards),
                                       TEST(test_other_manifests),
                                       TEST(test_refusals),
                                       TEST(test_claimed),
                                       TEST(test_another_working_folder),
                                       cmocka_unit_test(test_sha256)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
