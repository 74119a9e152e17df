/*
 * Checksums of tensors and metadata: those that are written are CRC-32s of the bytes, by a
 * computation of this test's own; whatever bit flips is found, however the tensor is read.
 */
#include "scratch.h"
#include "tensor_rig.h"

#include <jansson.h>

#include "base/crc32.h"

enum { LONG = 1500, NAMED = 4 }; /* conversion reads pieces of 1,024 */

static float values[LONG];
static const struct {
    const char *name;
    int64_t count;
} tensors[NAMED] = {{"a \"b\"\\", 3}, {"none", 0}, {"long", LONG}, {"\xc3\xa4", 1}};

/* What the checksum of the metadata below is of. */
static const char texts[] = "alexnet.names\0\xc3\xa4\0alexnet.none\0\0alexnet.run\0{\"rate\":0.9}";

/* ISO 3309, bit by bit. */
static uint32_t crc32_of(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < length; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xEDB88320 & (0 - (crc & 1)));
    }
    return ~crc;
}

/* Every length up to several rounds of the loop over blocks, from every alignment, at once and in
 * two parts. */
static void test_every_length(void **state)
{
    (void)state;
    enum { MOST = 700 };
    static unsigned char bytes[MOST];
    for (int i = 0; i < MOST; i++)
        bytes[i] = (unsigned char)(i * i + (i >> 3));
    for (int length = 0; length <= MOST; length++) {
        const unsigned char *at = bytes + length % 16 * (length + 16 <= MOST);
        const uint32_t expected = crc32_of(at, (size_t)length);
        const int first = length / 3, rest = length - first;
        assert_int_equal(an_crc32(0, at, (size_t)length), expected);
        assert_int_equal(an_crc32(an_crc32(0, at, (size_t)first), at + first, (size_t)rest),
                         expected);
    }
    assert_int_equal(an_crc32(123, NULL, 0), 123);
}

/* Write m.safetensors. @param sums  the text of its metadata; NULL: the writer's own */
static void write_file(const char *sums)
{
    an_tensor_writer *writer;
    for (int i = 0; i < LONG; i++)
        values[i] = (float)i / 8 - 3;
    expect_ok(an_tensor_writer_new(&writer, "m.safetensors"));
    if (sums)
        expect_ok(an_tensor_writer_metadata(writer, "alexnet.crc32", sums));
    else
        an_tensor_writer_sum(writer);
    expect_ok(an_tensor_writer_metadata(writer, "word", "x"));
    expect_ok(an_tensor_writer_metadata(writer, "alexnet.run", "{\"rate\":0.9}"));
    expect_ok(an_tensor_writer_metadata(writer, "alexnet.names", "\xc3\xa4"));
    expect_ok(an_tensor_writer_metadata(writer, "alexnet.none", ""));
    for (int i = 0; i < NAMED; i++)
        expect_ok(an_tensor_writer_declare(writer, tensors[i].name, AN_F32,
                                           an_shape_of(1, (int)tensors[i].count)));
    for (int i = 0; i < NAMED; i++)
        for (int64_t k = 0; k == 0 || k < tensors[i].count; k += 1000) { /* in pieces */
            const int64_t left = tensors[i].count - k, n = left < 1000 ? left : 1000;
            expect_ok(an_tensor_writer_data(writer, values + k, (size_t)n * sizeof *values));
        }
    expect_ok(an_tensor_writer_commit(writer));
}

static void test_what_is_written(void **state)
{
    (void)state;
    an_tensor_file *file;
    char expected[16], damage[AN_DAMAGE_TEXT];
    assert_int_equal(crc32_of("123456789", 9), 0xCBF43926); /* the published check value */
    write_file(NULL);
    expect_ok(rig_try_tensors(&file, "m.safetensors"));
    json_t *sums = json_loads(an_tensor_file_metadata(file, "alexnet.crc32"), 0, NULL);
    assert_int_equal(json_object_size(sums), NAMED + 1);
    for (int i = 0; i < NAMED; i++) {
        const size_t bytes = (size_t)tensors[i].count * sizeof *values;
        snprintf(expected, sizeof expected, "%08x", crc32_of(values, bytes));
        assert_string_equal(json_string_value(json_object_get(sums, tensors[i].name)), expected);
    }
    snprintf(expected, sizeof expected, "%08x", crc32_of(texts, sizeof texts));
    assert_string_equal(json_string_value(json_object_get(sums, "__metadata__")), expected);
    assert_string_equal(an_tensor_file_metadata(file, "word"), "x");
    assert_int_equal(an_tensor_file_entry(file, 0)->offset % 8, 0);
    assert_false(an_tensor_file_damage(file, damage));
    json_decref(sums);
    an_tensor_file_close(file);
}

typedef enum reading { WHOLE, CONVERTED, IN_PIECES, TWICE, HOWS } reading;

static void read_tensor(an_tensor_file *file, const an_tensor_entry *entry, reading how)
{
    static double wide[LONG]; /* also what is read out of order, which has no checksum */
    float narrow[LONG];
    const int64_t count = an_shape_count(entry->shape), half = count / 2;
    for (int i = 0; i < (how == TWICE ? 2 : 1) && how != CONVERTED && how != IN_PIECES; i++)
        expect_ok(an_tensor_file_read(file, entry->name, entry->shape, AN_F32, narrow));
    if (how == CONVERTED)
        expect_ok(an_tensor_file_read(file, entry->name, entry->shape, AN_F64, wide));
    if (how != IN_PIECES)
        return;
    expect_ok(an_tensor_file_read_part(file, entry, 0, half, AN_F32, narrow));
    expect_ok(an_tensor_file_read_part(file, entry, 0, half, AN_F32, narrow)); /* again */
    if (half > 1)
        expect_ok(an_tensor_file_read_part(file, entry, half / 2, count - half, AN_F32, wide));
    expect_ok(an_tensor_file_read_part(file, entry, half, count - half, AN_F32, narrow + half));
}

/* Read all tensors of the file. @return whether it is damaged */
static bool is_damaged(reading how, char damage[AN_DAMAGE_TEXT])
{
    an_tensor_file *file;
    expect_ok(rig_try_tensors(&file, "m.safetensors"));
    for (int i = 0; i < NAMED; i++)
        read_tensor(file, an_tensor_file_find(file, tensors[i].name), how);
    const bool damaged = an_tensor_file_damage(file, damage);
    an_tensor_file_close(file);
    return damaged;
}

static void test_every_bit(void **state)
{
    (void)state;
    size_t length;
    char damage[AN_DAMAGE_TEXT];
    write_file(NULL);
    unsigned char *whole = scratch_read("m.safetensors", &length);
    const size_t data = length - (LONG + 4) * sizeof *values;
    for (reading how = 0; how < HOWS; how++)
        assert_false(is_damaged(how, damage));
    for (size_t at = data; at < length; at += at < data + 12 ? 1 : 37)
        for (int bit = 0; bit < 8; bit++) {
            const size_t from = at - data;
            const char *name = tensors[from < 12 ? 0 : from < 12 + LONG * 4 ? 2 : 3].name;
            whole[at] ^= (unsigned char)(1 << bit);
            scratch_write("m.safetensors", whole, length);
            assert_true(is_damaged((reading)(at + (size_t)bit) % HOWS, damage));
            if (!strstr(damage, name) || !strstr(damage, " expected, ") || strstr(damage, "more"))
                fail_msg("%s is not named: %s", name, damage);
            whole[at] ^= (unsigned char)(1 << bit);
        }
    whole[data] ^= 1;
    whole[data + 12] ^= 1;
    scratch_write("m.safetensors", whole, length);
    assert_true(is_damaged(WHOLE, damage));
    assert_non_null(strstr(damage, "tensor a \"b\"\\: checksum "));
    assert_non_null(strstr(damage, ", and 1 more"));
    free(whole);
}

/* Write the file with the first `from` in its header as `to`, which is as long.
 * @return whether it is damaged */
static bool is_damaged_with(const char *from, const char *to, char damage[AN_DAMAGE_TEXT])
{
    size_t length;
    write_file(NULL);
    unsigned char *whole = scratch_read("m.safetensors", &length);
    char *at = memmem(whole, length, from, strlen(from));
    assert_non_null(at);
    memcpy(at, to, strlen(to));
    scratch_write("m.safetensors", whole, length);
    free(whole);
    return is_damaged(WHOLE, damage);
}

/* Keys and texts of this program are covered, but not what other programs may have added; files
 * whose table does not name the metadata are read as they are. */
static void test_changed_metadata(void **state)
{
    (void)state;
    char damage[AN_DAMAGE_TEXT];
    assert_false(is_damaged_with("0.9", "0.9", damage));
    assert_true(is_damaged_with("0.9", "0.1", damage));
    assert_non_null(strstr(damage, "its metadata: checksum "));
    assert_non_null(strstr(damage, " found"));
    assert_true(is_damaged_with("alexnet.run", "alexnet.rum", damage));
    assert_true(is_damaged_with("alexnet.run", "elexnet.run", damage));
    assert_false(is_damaged_with("\"x\"", "\"y\"", damage));
    assert_false(is_damaged_with("__metadata__\\\"", "__metedata__\\\"", damage));
    write_file("{}");
    assert_false(is_damaged(WHOLE, damage));
    write_file("{\"__metadata__\":\"00000000\",\"long\":\"00000000\"}");
    assert_true(is_damaged(WHOLE, damage));
    assert_non_null(strstr(damage, "tensor long: "));
    assert_non_null(strstr(damage, ", and 1 more"));
}

/* The metadata is judged in a file without tensors, too. */
static void test_metadata_alone(void **state)
{
    (void)state;
    char damage[AN_DAMAGE_TEXT];
    an_tensor_writer *writer;
    an_tensor_file *file;
    for (int changed = 0; changed < 2; changed++) {
        expect_ok(an_tensor_writer_new(&writer, "m.safetensors"));
        expect_ok(an_tensor_writer_metadata(writer, "alexnet.crc32",
                                            changed ? "{\"__metadata__\":\"00000001\"}"
                                                    : "{\"__metadata__\":\"00000000\"}"));
        expect_ok(an_tensor_writer_commit(writer));
        expect_ok(rig_try_tensors(&file, "m.safetensors"));
        assert_int_equal(an_tensor_file_damage(file, damage), changed);
        an_tensor_file_close(file);
    }
}

/* Digits of either case are the same number. */
static void test_upper_case(void **state)
{
    (void)state;
    char damage[AN_DAMAGE_TEXT], sums[64];
    write_file(NULL); /* fills in the values */
    snprintf(sums, sizeof sums, "{\"long\":\"%08X\"}", crc32_of(values, sizeof values));
    assert_true(strpbrk(sums, "ABCDEF") != NULL);
    write_file(sums);
    assert_false(is_damaged(WHOLE, damage));
    write_file("{\"long\":\"ABCDEF01\"}");
    assert_true(is_damaged(WHOLE, damage));
    assert_non_null(strstr(damage, "checksum abcdef01 expected"));
}

/* A tensor of which only a part was read cannot be judged. */
static void test_a_part(void **state)
{
    (void)state;
    an_tensor_file *file;
    char damage[AN_DAMAGE_TEXT];
    float some[LONG];
    write_file("{\"long\":\"00000000\"}");
    expect_ok(rig_try_tensors(&file, "m.safetensors"));
    const an_tensor_entry *entry = an_tensor_file_find(file, "long");
    expect_ok(an_tensor_file_read_part(file, entry, 0, 10, AN_F32, some));
    expect_ok(an_tensor_file_read_part(file, entry, 20, LONG - 20, AN_F32, some));
    assert_false(an_tensor_file_damage(file, damage));
    read_tensor(file, entry, WHOLE);
    assert_true(an_tensor_file_damage(file, damage));
    assert_non_null(strstr(damage, "tensor long: checksum 00000000 expected"));
    an_tensor_file_close(file);
}

static void test_other_tables(void **state)
{
    (void)state;
    char damage[AN_DAMAGE_TEXT];
    an_tensor_file *file;
    static const char *const good[] = {"{}", "{\"none\":\"00000000\"}", "{\"gone\":\"12345678\"}"};
    static const char *const bad[] = {"",
                                      "[]",
                                      "7",
                                      "{",
                                      "{\"long\":7}",
                                      "{\"long\":\"1234567\"}",
                                      "{\"long\":\"123456789\"}",
                                      "{\"long\":\"1234567g\"}",
                                      "{\"long\":\"-1234567\"}",
                                      "{\"gone\":null}"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        write_file(good[i]);
        assert_false(is_damaged(WHOLE, damage));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(bad[i]);
        expect_failure(rig_try_tensors(&file, "m.safetensors"), ALEXNET_ERROR_FORMAT,
                       "m.safetensors: its metadata alexnet.crc32 is not a JSON object of "
                       "tensors' names and 8 hexadecimal digits each");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
        T(test_every_length),     T(test_what_is_written), T(test_every_bit),
        T(test_changed_metadata), T(test_metadata_alone),  T(test_upper_case),
        T(test_a_part),           T(test_other_tables),
#undef T
    };
    return cmocka_run_group_tests_name("checksums of tensors and metadata", tests, NULL, NULL);
}
