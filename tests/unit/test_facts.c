/*
 * What a TIFF says of itself, as TIFF and as BigTIFF: the same picture is written in both forms,
 * and libtiff, where the build has it, must decode both to the same pixels.
 */
#include "scratch.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "data/picture/facts.h"
#include "data/picture/profile.h"

enum { STRIP_OFFSETS = 273, PHOTOMETRIC = 262, ICC_PROFILE = 34675, HEAD = 16, ENTRIES_MAX = 40 };

/* A file that is being written, with numbers in the order of its first bytes. */
typedef struct file {
    unsigned char bytes[1 << 16];
    size_t length;
    bool little;
} file;

static uint64_t get(const file *f, size_t at, int width)
{
    uint64_t value = 0;
    assert_true(at + (size_t)width <= f->length);
    for (int i = 0; i < width; i++)
        value = value << 8 | f->bytes[at + (size_t)(f->little ? width - 1 - i : i)];
    return value;
}

static void set(file *f, size_t at, uint64_t value, int width)
{
    assert_true(at + (size_t)width <= sizeof f->bytes);
    for (int i = 0; i < width; i++)
        f->bytes[at + (size_t)(f->little ? i : width - 1 - i)] = (unsigned char)(value >> 8 * i);
    f->length = at + (size_t)width > f->length ? at + (size_t)width : f->length;
}

static void read_tiff(file *f, const char *path)
{
    size_t length;
    unsigned char *bytes = scratch_read(path, &length);
    assert_true(length <= sizeof f->bytes);
    memcpy(f->bytes, bytes, length);
    f->length = length;
    f->little = bytes[0] == 'I';
    free(bytes);
}

/* Copy an entry of a directory. What it refers to is HEAD bytes further on. */
static void widen_entry(file *big, size_t to, const file *classic, size_t from)
{
    static const int widths[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
    const uint64_t tag = get(classic, from, 2), type = get(classic, from + 2, 2);
    const uint64_t count = get(classic, from + 4, 4);
    assert_in_range(type, 1, 12);
    const int width = widths[type];
    const uint64_t length = count * (uint64_t)width;
    const size_t values = length <= 4 ? from + 8 : (size_t)get(classic, from + 8, 4);
    const bool inside = length <= 8; /* the entry of a BigTIFF */
    set(big, to, tag, 2);
    set(big, to + 2, type, 2);
    set(big, to + 4, count, 8);
    if (!inside)
        set(big, to + 12, values + HEAD, 8);
    for (uint64_t i = 0; i < count; i++) {
        const size_t at = values + (size_t)i * (size_t)width;
        const uint64_t value = get(classic, at, width);
        set(big, inside ? to + 12 + (size_t)i * (size_t)width : at + HEAD,
            tag == STRIP_OFFSETS ? value + HEAD : value, width);
    }
}

/* The same picture as a BigTIFF: its header, the whole of the classic file, the directory. */
static void widen(file *big, const file *classic)
{
    const size_t directory = (size_t)get(classic, 4, 4);
    const uint64_t entries = get(classic, directory, 2);
    const size_t end = HEAD + (classic->length + 7) / 8 * 8;
    memset(big, 0, sizeof *big);
    big->little = classic->little;
    memcpy(big->bytes, classic->bytes, 2);
    set(big, 2, 43, 2);
    set(big, 4, 8, 2); /* bytes of an offset */
    set(big, 8, end, 8);
    memcpy(big->bytes + HEAD, classic->bytes, classic->length);
    set(big, end, entries, 8);
    for (uint64_t i = 0; i < entries; i++)
        widen_entry(big, end + 8 + (size_t)i * 20, classic, directory + 2 + (size_t)i * 12);
    set(big, end + 8 + (size_t)entries * 20, 0, 8);
}

static void check_same_picture(const file *a, const file *b)
{
    an_picture x, y;
    const alexnet_status rc = an_picture_decode(&x, a->bytes, a->length, "a.tif");
    if (rc == ALEXNET_ERROR_UNSUPPORTED)
        return; /* built without libtiff */
    assert_int_equal(rc, ALEXNET_OK);
    assert_int_equal(an_picture_decode(&y, b->bytes, b->length, "b.tif"), ALEXNET_OK);
    assert_int_equal(x.width, y.width);
    assert_int_equal(x.height, y.height);
    assert_memory_equal(x.rgb, y.rgb, (size_t)x.width * (size_t)x.height * 3);
    an_picture_free(&x);
    an_picture_free(&y);
}

static file classic, big;

static void test_cmyk(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool cmyk;
    } files[] = {{"golden/pictures/cmyk8.tif", true},
                 {"golden/pictures/cmyk16.tif", true},
                 {"golden/pictures/rgb8.tif", false},
                 {"golden/pictures/rgb8-mm.tif", false}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        read_tiff(&classic, files[i].path);
        widen(&big, &classic);
        check_same_picture(&classic, &big);
        assert_int_equal(an_is_cmyk(classic.bytes, classic.length), files[i].cmyk);
        assert_int_equal(an_is_cmyk(big.bytes, big.length), files[i].cmyk);
    }
}

/* Where the entry of a tag begins. */
static size_t find_entry(const file *f, unsigned tag)
{
    const size_t wide = get(f, 2, 2) == 43 ? 8 : 2, entry = wide == 8 ? 20 : 12;
    const size_t first = (size_t)(wide == 8 ? get(f, 8, 8) : get(f, 4, 4)) + wide;
    for (size_t i = 0; i < ENTRIES_MAX; i++)
        if (get(f, first + i * entry, 2) == tag)
            return first + i * entry;
    fail_msg("no tag %u", tag);
    return 0;
}

/* The upper byte first. */
static void test_cmyk_of_the_other_order(void **state)
{
    (void)state;
    read_tiff(&classic, "golden/pictures/rgb8-mm.tif");
    set(&classic, find_entry(&classic, PHOTOMETRIC) + 8, 5, 2);
    widen(&big, &classic);
    assert_true(an_is_cmyk(classic.bytes, classic.length));
    assert_true(an_is_cmyk(big.bytes, big.length));
}

static void test_profile(void **state)
{
    (void)state;
    an_profile a, b;
    char name[2][AN_PROFILE_NAME];
    read_tiff(&classic, "fuzz/corpus/facts/p2.tif");
    widen(&big, &classic);
    assert_int_equal(an_profile_find(&a, classic.bytes, classic.length), ALEXNET_OK);
    assert_int_equal(an_profile_find(&b, big.bytes, big.length), ALEXNET_OK);
    assert_true(an_profile_name(name[0], &a));
    assert_true(an_profile_name(name[1], &b));
    assert_string_equal(name[0], name[1]);
    assert_int_equal(a.length, b.length);
    assert_memory_equal(a.bytes, b.bytes, a.length);
    an_free(a.bytes);
    an_free(b.bytes);
}

/* Numbers that lead out of the file, and more entries than it has room for. */
static void test_lies(void **state)
{
    (void)state;
    static const uint64_t lies[] = {UINT64_MAX, UINT64_MAX - 7, UINT64_MAX / 20, 1 << 20};
    an_profile profile;
    read_tiff(&classic, "fuzz/corpus/facts/p2.tif");
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        widen(&big, &classic);
        set(&big, find_entry(&big, ICC_PROFILE) + 12, lies[i], 8);
        assert_int_equal(an_profile_find(&profile, big.bytes, big.length), ALEXNET_OK);
        assert_null(profile.bytes);
        widen(&big, &classic);
        set(&big, find_entry(&big, ICC_PROFILE), 1, 2); /* the tag is not there */
        set(&big, (size_t)get(&big, 8, 8), lies[i], 8);
        assert_int_equal(an_profile_find(&profile, big.bytes, big.length), ALEXNET_OK);
        assert_null(profile.bytes);
        set(&big, 8, lies[i], 8);
        assert_int_equal(an_profile_find(&profile, big.bytes, big.length), ALEXNET_OK);
        assert_null(profile.bytes);
        assert_false(an_is_cmyk(big.bytes, big.length));
    }
    for (size_t length = 0; length < big.length; length++)
        assert_false(an_is_cmyk(big.bytes, length));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cmyk),
                                       cmocka_unit_test(test_cmyk_of_the_other_order),
                                       cmocka_unit_test(test_profile), cmocka_unit_test(test_lies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
