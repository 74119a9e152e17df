/*
 * The names of packed pictures: whatever they are, and however many, a pack can be read again; one
 * that an earlier version began under other names is not continued.
 */
#include "pack_rig.h"

#include "base/utf8.h"
#include "data/tar/tar_index.h"

/* ---- Names that only a program gives ---- */

enum { OWN = 5, OWN_LENGTH = 6000 };

static char own_names[OWN][OWN_LENGTH + 1];

/* Longer than any path, and of characters of three bytes, of which each place is in one of the
 * first three names the beginning; the fourth differs from the first only at its end. One with a
 * slash at the end. */
static void make_own_names(void)
{
    for (int i = 0; i < 4; i++) {
        memset(own_names[i], 'x', OWN_LENGTH);
        for (int k = 3 + i % 3; k + 6 < OWN_LENGTH; k += 3)
            memcpy(own_names[i] + k, "\xE2\x82\xAC", 3);
        own_names[i][OWN_LENGTH - 1] = (char)('0' + i);
    }
    strcpy(own_names[4], "folder/b.c/");
}

static int64_t count_own(void *user)
{
    (void)user;
    return OWN;
}

static int describe_own(void *user, int64_t index, const char **name, int *label)
{
    (void)user;
    *name = own_names[index];
    *label = (int)(index % 2);
    return 0;
}

static int get_own(void *user, int64_t index, alexnet_source_item *out)
{
    static const uint8_t pixels[OWN][3] = {
        {1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10, 11, 12}, {13, 14, 15}};
    (void)user;
    out->pixels = (alexnet_pixels){.data = pixels[index],
                                   .width = 1,
                                   .height = 1,
                                   .row_bytes = 3,
                                   .format = ALEXNET_PIXELS_RGB8};
    return 0;
}

/* What is packed can be read again, under the names that it had. */
static void test_long_names(void **state)
{
    (void)state;
    static const char *const classes[] = {"even", "odd"};
    const alexnet_source own = {.size = sizeof own,
                                .class_count = 2,
                                .class_names = classes,
                                .count = count_own,
                                .item = describe_own,
                                .get = get_own};
    alexnet_pack_options o = usual();
    alexnet_pack_progress progress;
    alexnet_dataset *data;
    alexnet_pack *p;
    bool more = true;
    o.side = 0;
    make_own_names();
    alexnet_ctx *ctx = open_ctx(1);
    assert_int_equal(alexnet_dataset_from_source(&data, ctx, &own, NULL), ALEXNET_OK);
    assert_int_equal(an_pack_new(&p, ctx, data, NULL, "out", &o), ALEXNET_OK);
    while (more)
        assert_int_equal(an_pack_step(p, &progress, &more), ALEXNET_OK);
    an_pack_free(p);
    an_dataset_release(data);
    data = open_good("out", NULL, NULL);
    assert_int_equal(data->count, OWN);
    for (int64_t i = 0; i < OWN; i++) {
        const char *key = data->source->items[i].key;
        const int value = data->samples[i].label;
        assert_true(an_is_utf8(data->source->items[i].name));
        int which = 0;
        while (which < OWN && strcmp(own_names[which], key) != 0)
            which++;
        assert_int_not_equal(which, OWN);
        assert_int_equal(value, which % 2);
        an_picture picture;
        assert_int_equal(an_data_source_picture(data->source, i, &picture), ALEXNET_OK);
        assert_int_equal(picture.rgb[0], 3 * which + 1);
        an_picture_free(&picture);
    }
    an_dataset_release(data);
    an_ctx_release(ctx);
}

/* A shard that may have any size ends before its list of names is too long to be read. */
static void test_shards_of_many_names(void **state)
{
    (void)state;
    alexnet_pack_options o = usual();
    alexnet_pack_progress progress;
    alexnet_pack *p;
    bool more = true;
    o.shard_bytes = 0;
    write_pictures("folder");
    alexnet_ctx *ctx = open_ctx(2);
    alexnet_dataset *train = open_good("folder", NULL, NULL);
    assert_int_equal(an_pack_new(&p, ctx, train, NULL, "out", &o), ALEXNET_OK);
    assert_int_equal(p->keys_most, AN_TAR_KEYS_MAX);
    p->keys_most = 200;
    while (more) {
        assert_int_equal(an_pack_step(p, &progress, &more), ALEXNET_OK);
        assert_in_range(p->keys_length, 0, p->keys_most);
    }
    assert_in_range(progress.shards, 3, PICTURES - 1);
    an_pack_free(p);
    an_dataset_release(train);
    an_ctx_release(ctx);
    expect_same_set("folder", "out", &(an_fit){AN_FIT_SHORT, SIDE, false});
}

/* Earlier versions named the pictures of a list by their paths below the folder that holds them
 * all, and did not say so in the manifest. Where that makes no difference, a pack continues. */
static void test_named_by_an_earlier_version(void **state)
{
    (void)state;
    static const char mark[] = "\"names\": \"own\"",
                      *const lists[][2] = {
                          {"list.txt", "folder/cats/b.png 0\nfolder/dogs/b.png 1\n"},
                          {"folder/list.txt", "cats/b.png 0\ndogs/b.png 1\n"}};
    const alexnet_pack_options o = usual();
    write_pictures("folder");
    for (int i = 0; i < 2; i++) {
        scratch_text(lists[i][0], lists[i][1]);
        pack_well(lists[i][0], "out", &o);
        pack_well(lists[i][0], "out", &o);
        char *manifest = read_text("out/manifest.json"), *names = strstr(manifest, mark);
        assert_int_equal(names != NULL, i == 0);
        if (names) {
            char *comma = names;
            while (*comma != ',')
                comma--;
            memset(comma, ' ', (size_t)(names - comma) + strlen(mark));
            scratch_text("out/manifest.json", manifest);
            expect_refused(&o, lists[i][0], "out", "was begun by an earlier version");
        }
        free(manifest);
        scratch_remove("out");
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_long_names), TEST(test_shards_of_many_names),
                                       TEST(test_named_by_an_earlier_version)};
    return cmocka_run_group_tests_name("pack_names", tests, NULL, NULL);
}
