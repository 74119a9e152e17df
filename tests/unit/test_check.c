/*
 * The parts of the examination of a data set: its hash against OpenSSL, difference hashes, the
 * search for similar ones against a comparison of all pairs, and files with a wrong ending. The
 * examination as a whole is tested by tests/cli/data_check.sh.
 */
#include "expect.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/random.h"
#include "data/check/check.h"
#include "data/check/dhash.h"
#include "data/check/near.h"
#include "data/picture/facts.h"
#include "data/picture/profile.h"

/* openssl mac -macopt hexkey:KEY -macopt size:16 SIPHASH of the bytes 0, 1, 2, ... (OpenSSL 3.0);
 * the key is `start`, little-endian, and eight zero bytes. */
static void test_hash(void **state)
{
    static const struct {
        uint64_t start;
        size_t length;
        uint64_t word[2];
    } known[] = {
        {0x0, 0, {0x7de0a38047d74950, 0xf4f2ced447ab0242}},
        {0x0, 1, {0xb8af4c5ee8121ed4, 0x01b83875e594f031}},
        {0x0, 7, {0x61e45c40f99b3678, 0xffb28133f87fd757}},
        {0x0, 8, {0x0e44eb01f934654b, 0x84af754a294055e9}},
        {0x0, 15, {0x12250f9c7a53b89f, 0x5e95c04902ea8483}},
        {0x0, 64, {0x46c70a6c6791f8b9, 0xe21954f7fe6c6611}},
        {0x706050403020100, 15, {0xd25189a81538664d, 0x1fcf1795a15dc394}},
        {0x1c, 63, {0xb77a590cf2d2c2f4, 0x8bb85da548becb94}},
    };
    unsigned char bytes[64];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const an_hash128 hash = an_hash_content(known[i].start, bytes, known[i].length);
        assert_memory_equal(hash.word, known[i].word, sizeof hash.word);
    }
}

enum { HASHES = 3000 };

static uint32_t draw(uint32_t position, uint32_t unit)
{
    return an_random(3, AN_PURPOSE_SPLIT, 0, position, unit).v[0];
}

/* Looks of pictures from 40 families, whose members differ in a few fields. */
static void make_hash(an_dhash *hash, uint32_t number)
{
    uint8_t rgb[8][9][3];
    for (uint32_t i = 0; i < 72; i++)
        memset(rgb[i / 9][i % 9], (int)(draw(number % 40, i) % 200), 3);
    for (uint32_t i = 0; i < draw(number, 100) % 6; i++) {
        const uint32_t at = draw(number, 200 + i) % 72;
        memset(rgb[at / 9][at % 9], (int)(draw(number, 300 + i) % 200), 3);
    }
    assert_true(an_dhash_of(hash, &(an_picture){9, 8, &rgb[0][0][0]}));
    if (number % 3 == 0) { /* mirrored */
        uint8_t other[8][9][3];
        for (int r = 0; r < 8; r++)
            for (int c = 0; c < 9; c++)
                memcpy(other[r][c], rgb[r][8 - c], 3);
        assert_true(an_dhash_of(hash, &(an_picture){9, 8, &other[0][0][0]}));
    }
}

static void test_near_is_all_pairs(void **state)
{
    static const int distances[] = {0, 3, 4, 7, 11};
    alexnet_ctx *ctx;
    an_dhash *hashes = an_calloc(HASHES, sizeof *hashes);
    (void)state;
    expect_ok(alexnet_ctx_new(&ctx, NULL));
    for (uint32_t i = 0; i < HASHES; i++)
        make_hash(&hashes[i], i);
    for (size_t d = 0; d < sizeof distances / sizeof *distances; d++) {
        an_near *near;
        int64_t done, found = 0, mirrored = 0;
        bool more = true;
        expect_ok(an_near_new(&near, ctx, hashes, HASHES, distances[d]));
        while (more)
            expect_ok(an_near_step(near, &done, &more));
        for (uint32_t i = 0; i < HASHES; i++) {
            int best = 99;
            for (uint32_t j = 0; j < i; j++)
                for (int m = 0; m < 2; m++) {
                    const uint64_t bits = m ? hashes[i].mirrored : hashes[i].bits;
                    const int differ = __builtin_popcountll(bits ^ hashes[j].bits);
                    if (differ <= distances[d] && differ < best &&
                        an_dhash_alike(&hashes[i], &hashes[j], m))
                        best = differ;
                }
            const an_neighbour got = an_near_result(near)[i];
            assert_int_equal(got.index == AN_NEAR_NONE, best == 99);
            if (best == 99)
                continue;
            assert_int_equal(got.bits, best);
            assert_true(got.index < i);
            const uint64_t turned = got.mirrored ? hashes[i].mirrored : hashes[i].bits;
            assert_int_equal(__builtin_popcountll(turned ^ hashes[got.index].bits), best);
            assert_true(an_dhash_alike(&hashes[i], &hashes[got.index], got.mirrored));
            found++;
            mirrored += got.mirrored;
        }
        assert_true(found > 500 && mirrored > 20); /* there is something to find */
        an_near_free(near);
    }
    an_free(hashes);
    alexnet_ctx_free(ctx);
}

/* A picture and its mirror image have each other's bits; a picture of one colour is refused. */
static void test_dhash(void **state)
{
    uint8_t rgb[20][30][3], mirror[20][30][3], plain[20][30][3];
    an_dhash a, b, c;
    (void)state;
    for (int y = 0; y < 20; y++)
        for (int x = 0; x < 30; x++)
            for (int i = 0; i < 3; i++)
                mirror[y][29 - x][i] = rgb[y][x][i] =
                    (uint8_t)(draw((uint32_t)(y / 4), (uint32_t)(x / 5 * 3 + i)) % 256);
    memset(plain, 77, sizeof plain);
    assert_true(an_dhash_of(&a, &(an_picture){30, 20, &rgb[0][0][0]}));
    assert_true(an_dhash_of(&b, &(an_picture){30, 20, &mirror[0][0][0]}));
    assert_int_equal(__builtin_popcountll(a.bits ^ b.mirrored), 0);
    assert_int_equal(__builtin_popcountll(a.mirrored ^ b.bits), 0);
    assert_true(an_dhash_alike(&a, &b, true));
    assert_false(an_dhash_alike(&a, &b, false));
    assert_true(an_dhash_alike(&a, &a, false));
    assert_false(an_dhash_of(&c, &(an_picture){30, 20, &plain[0][0][0]}));
    assert_false(an_dhash_of(&c, &(an_picture){1, 1, &plain[0][0][0]}));
}

static void test_names(void **state)
{
    static const char jpeg[] = "\xFF\xD8\xFF\xE0", png[] = "\x89PNG\r\n\x1A\n";
    (void)state;
    assert_null(an_misnamed("a/b.JPG", jpeg, 4));
    assert_null(an_misnamed("a.jpg/b", jpeg, 4));
    assert_null(an_misnamed("b.dat", png, 8));
    assert_null(an_misnamed("b.jpg", "text", 4)); /* no picture: reported elsewhere */
    assert_string_equal(an_misnamed("b.jpeg", png, 8), "a PNG");
    assert_string_equal(an_misnamed("b.png", jpeg, 4), "a JPEG");
}

/* What compares all pictures after the last was read, for minutes if they are many, can be
 * cancelled. */
static void test_cancelled(void **state)
{
    (void)state;
    alexnet_ctx *ctx;
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    options.device = "ref";
    assert_int_equal(alexnet_ctx_new(&ctx, &options), ALEXNET_OK);
    an_kept kept[] = {{.readable = true, .content = {{2, 0}}}, {.readable = true}};
    an_found found[2] = {{.picture = 1}, {.picture = 0}};
    alexnet_check check = {.ctx = ctx, .total = 2, .kept = kept, .found = found, .found_count = 2};
    assert_int_equal(an_check_same(&check), ALEXNET_OK);
    assert_int_equal(an_check_sort(&check), ALEXNET_OK);
    assert_int_equal(found[0].picture, 0);
    alexnet_ctx_cancel(ctx);
    assert_int_equal(an_check_same(&check), ALEXNET_ERROR_CANCELLED);
    assert_int_equal(an_check_sort(&check), ALEXNET_ERROR_CANCELLED);
    alexnet_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),      cmocka_unit_test(test_near_is_all_pairs),
        cmocka_unit_test(test_dhash),     cmocka_unit_test(test_names),
        cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
