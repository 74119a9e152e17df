/*
 * Packs of two parts, wherever packing was interrupted, and manifests that lie.
 */
#include "pack_rig.h"

#include <jansson.h>

#include "base/status.h"

static alexnet_status pack_parts(alexnet_ctx *ctx, const alexnet_dataset *const parts[2],
                                 const char *folder, const alexnet_pack_options *o, int64_t steps)
{
    alexnet_pack *p;
    alexnet_pack_progress progress;
    bool more = true;
    alexnet_status status = an_pack_new(&p, ctx, parts[0], parts[1], folder, o);
    for (int64_t i = 0; status == ALEXNET_OK && more && i < steps; i++)
        status = an_pack_step(p, &progress, &more);
    an_pack_free(p);
    return status;
}

/* Packing is interrupted in the first part, between the two and in the second. Damage in the second
 * is found, and a manifest that has the second without the first is refused. */
static void test_interruptions_of_parts(void **state)
{
    (void)state;
    enum { ALL = 1 << 20 };
    alexnet_dataset *train, *val;
    alexnet_pack_options o = usual();
    size_t length;
    o.shard_pictures = 2;
    write_pictures("folder");
    alexnet_ctx *ctx = open_ctx(2);
    alexnet_dataset *whole = open_good("folder", NULL, NULL);
    assert_int_equal(an_dataset_split(whole, 0.3, 5, &train, &val), ALEXNET_OK);
    const alexnet_dataset *const parts[2] = {train, val};
    assert_int_equal(pack_parts(ctx, parts, "out", &o, ALL), ALEXNET_OK);
    for (int64_t more = -3; more <= 5; more += 2) {
        scratch_remove("cut");
        assert_int_equal(pack_parts(ctx, parts, "cut", &o, train->count + more), ALEXNET_OK);
        assert_int_equal(pack_parts(ctx, parts, "cut", &o, ALL), ALEXNET_OK);
        expect_same_pack("out", "cut");
    }
    unsigned char *bytes = scratch_read("out/val-000001.tar", &length);
    bytes[length / 2] ^= 1;
    scratch_write("out/val-000001.tar", bytes, length);
    assert_int_equal(pack_parts(ctx, parts, "out", &o, ALL), ALEXNET_ERROR_BAD_DATA);
    assert_non_null(strstr(an_error_text(), "out/val-000001.tar has changed since it was packed"));
    free(bytes);
    json_t *manifest = json_load_file("cut/manifest.json", 0, NULL);
    json_t *first = json_array_get(json_object_get(manifest, "parts"), 0);
    json_object_set_new(first, "shards", json_array());
    json_object_set_new(first, "by_class", json_pack("[i, i, i]", 0, 0, 0));
    json_object_set_new(first, "pictures", json_integer(0));
    json_object_set_new(first, "unchanged", json_integer(0));
    assert_int_equal(json_dump_file(manifest, "cut/manifest.json", 0), 0);
    json_decref(manifest);
    assert_int_equal(pack_parts(ctx, parts, "cut", &o, ALL), ALEXNET_ERROR_FORMAT);
    assert_non_null(strstr(an_error_text(), "a part begins before the previous one is complete"));
    an_dataset_release(train);
    an_dataset_release(val);
    an_dataset_release(whole);
    an_ctx_release(ctx);
}

/* Write a manifest in place of that of "out", which must be refused. Frees it. */
static void expect_lie(json_t *manifest, const char *said)
{
    const alexnet_pack_options o = usual();
    assert_int_equal(json_dump_file(manifest, "out/manifest.json", 0), 0);
    json_decref(manifest);
    expect_refused(&o, "folder", "out", said);
}

/* Numbers that would overflow, or skip pictures, if they were believed. */
static void test_manifests_that_lie(void **state)
{
    (void)state;
    enum { LIES = 5 };
    const alexnet_pack_options o = usual();
    write_pictures("folder");
    assert_int_equal(pack("folder", "out", &o, 1, PICTURES / 2, NULL), ALEXNET_OK);
    for (int i = 0; i < LIES; i++) {
        json_t *manifest = json_load_file(i ? "kept" : "out/manifest.json", 0, NULL);
        json_t *part = json_array_get(json_object_get(manifest, "parts"), 0);
        json_t *shard = json_array_get(json_object_get(part, "shards"), 0);
        json_t *by_class = json_object_get(part, "by_class");
        const json_int_t pictures = json_integer_value(json_object_get(part, "pictures"));
        if (i == 0) {
            assert_int_equal(json_dump_file(manifest, "kept", 0), 0);
            json_object_set_new(shard, "end", json_integer(0));
            expect_lie(manifest, "a shard's numbers are out of range");
        } else if (i == 1) {
            json_object_set_new(shard, "pictures", json_integer(0));
            expect_lie(manifest, "a shard's numbers are out of range");
        } else if (i == 2) { /* whose sum is that of the pictures in 64 bits */
            json_array_set_new(by_class, 0, json_integer(INT64_MAX));
            json_array_set_new(by_class, 1, json_integer(INT64_MAX));
            json_array_set_new(by_class, 2, json_integer(pictures + 2));
            expect_lie(manifest, "the counts of classes are out of range");
        } else if (i == 3) {
            json_array_append_new(json_object_get(part, "left_out"), json_string("none"));
            expect_lie(manifest, "its counts do not add up");
        } else {
            json_object_set_new(manifest, "complete", json_true());
            expect_lie(manifest, "it says that the pack is complete, but shards are missing");
        }
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_interruptions_of_parts),
        TEST(test_manifests_that_lie),
    };
    return cmocka_run_group_tests_name("packs of two parts", tests, NULL, NULL);
}
