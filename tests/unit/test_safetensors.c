/*
 * Reading and writing safetensors against bytes written by hand. tools/check_safetensors.py asks
 * the format's own Python package the same questions.
 */
#include "expect.h"
#include "scratch.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/writer.h"
#include "format/safetensors.h"
#include "format/tensor_file.h"

enum { FILE_MAX = 4096 };

/* A file in memory: length, JSON, data. */
typedef struct image {
    unsigned char bytes[FILE_MAX];
    size_t length;
} image;

static image build(const char *json, const void *data, size_t data_bytes)
{
    image file = {.length = 8};
    size_t n = strlen(json);
    assert_true(8 + n + data_bytes <= FILE_MAX);
    for (int i = 0; i < 8; i++)
        file.bytes[i] = (unsigned char)((uint64_t)n >> (8 * i));
    memcpy(file.bytes + 8, json, n);
    if (data_bytes)
        memcpy(file.bytes + 8 + n, data, data_bytes);
    file.length += n + data_bytes;
    return file;
}

static alexnet_status open_image(an_tensor_file **out, const image *file)
{
    an_reader *reader;
    alexnet_status rc = an_reader_memory(&reader, "weights", file->bytes, file->length);
    *out = NULL;
    return rc ? rc : an_tensor_file_open(out, reader);
}

/* All element types, an empty tensor and a scalar. */
static const char good_json[] =
    "{\"__metadata__\":{\"format\":\"1\",\"name\":\"sm\\u00f6rg\\u00e5s\"},"
    "\"i\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[30,34]},"
    "\"f\":{\"dtype\":\"F32\",\"shape\":[1,2,1,1],\"data_offsets\":[16,24]},"
    "\"d\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]},"
    "\"none\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[24,24]},"
    "\"b\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[24,30]},"
    "\"u\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[34,36]}}  ";

static const unsigned char good_data[36] = {
    0,    0,    0,    0,    0,    0,    0xf0, 0x3f, /* 1.0 */
    0,    0,    0,    0,    0,    0,    4,    0xc0, /* -2.5 */
    0,    0,    0x40, 0x40, 0,    0,    0,    0xbf, /* 3.0f, -0.5f */
    0x80, 0x3f, 0x20, 0xc0, 0x49, 0x40,             /* 1, -2.5, 3.140625 */
    0xfe, 0xff, 0xff, 0xff,                         /* -2 */
    7,    255};

static void test_reads_every_type(void **state)
{
    (void)state;
    const image good = build(good_json, good_data, sizeof good_data);
    an_tensor_file *file;
    assert_int_equal(open_image(&file, &good), ALEXNET_OK);
    assert_int_equal(an_tensor_file_count(file), 6);
    static const char *const order[] = {"d", "f", "none", "b", "i", "u"};
    for (int i = 0; i < 6; i++)
        assert_string_equal(an_tensor_file_entry(file, i)->name, order[i]);
    assert_string_equal(an_tensor_file_metadata(file, "name"), "sm\xc3\xb6rg\xc3\xa5s");
    assert_null(an_tensor_file_metadata(file, "absent"));

    float f[3] = {0};
    double d[3] = {0};
    assert_int_equal(an_tensor_file_read(file, "d", an_shape_of(1, 2), AN_F64, d), 0);
    assert_true(d[0] == 1.0 && d[1] == -2.5);
    assert_int_equal(an_tensor_file_read(file, "d", an_shape_of(1, 2), AN_F32, f), 0);
    assert_true(f[0] == 1.0f && f[1] == -2.5f);
    assert_int_equal(an_tensor_file_read(file, "f", an_shape_of(4, 1, 2, 1, 1), AN_F32, f), 0);
    assert_true(f[0] == 3.0f && f[1] == -0.5f);
    assert_int_equal(an_tensor_file_read(file, "f", an_shape_of(4, 1, 2, 1, 1), AN_F64, d), 0);
    assert_true(d[0] == 3.0 && d[1] == -0.5);
    assert_int_equal(an_tensor_file_read(file, "b", an_shape_of(1, 3), AN_F32, f), 0);
    assert_true(f[0] == 1.0f && f[1] == -2.5f && f[2] == 3.140625f);
    assert_int_equal(an_tensor_file_read(file, "b", an_shape_of(1, 3), AN_F64, d), 0);
    assert_true(d[0] == 1.0 && d[1] == -2.5 && d[2] == 3.140625);
    assert_int_equal(an_tensor_file_read(file, "none", an_shape_of(2, 3, 0), AN_F32, f), 0);
    assert_true(f[0] == 1.0f);

    const an_tensor_entry *integer = an_tensor_file_find(file, "i");
    assert_int_equal(integer->dtype, AN_I32);
    assert_int_equal(integer->shape.rank, 0);
    assert_int_equal(integer->bytes, 4);
    assert_int_equal(integer->offset, 8 + strlen(good_json) + 30);
    an_tensor_file_close(file);
}

static void test_wrong_requests_name_the_tensor(void **state)
{
    (void)state;
    const image good = build(good_json, good_data, sizeof good_data);
    an_tensor_file *file;
    float f[4];
    assert_int_equal(open_image(&file, &good), ALEXNET_OK);
    assert_int_equal(an_tensor_file_read(file, "g", an_shape_of(1, 2), AN_F32, f),
                     ALEXNET_ERROR_FORMAT);
    assert_string_equal(an_error_text(),
                        "weights: tensor g: shape [2] expected, the file has none");
    assert_int_equal(an_tensor_file_read(file, "d", an_shape_of(2, 2, 1), AN_F32, f),
                     ALEXNET_ERROR_FORMAT);
    assert_string_equal(an_error_text(), "weights: tensor d: shape [2, 1] expected, found [2]");
    assert_int_equal(an_tensor_file_read(file, "u", an_shape_of(1, 2), AN_F32, f),
                     ALEXNET_ERROR_FORMAT);
    assert_string_equal(an_error_text(),
                        "weights: tensor u: float8, float16, bfloat16, float32 or float64 "
                        "expected, found uint8");
    an_tensor_file_close(file);
}

/* All known types, and tensors that nothing reads: types of other programs, five dimensions. */
static void test_what_nobody_asks_for(void **state)
{
    (void)state;
    static const char json[] =
        "{\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]},"
        "\"steps\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[4,12]},"
        "\"flag\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[12,13]},"
        "\"f8\":{\"dtype\":\"F8_E8M0\",\"shape\":[3],\"data_offsets\":[13,16]},"
        "\"f4\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[16,18]},"
        "\"long\":{\"dtype\":\"a word of more than fifteen letters\",\"shape\":[9,9],"
        "\"data_offsets\":[18,19]},"
        "\"five\":{\"dtype\":\"I8\",\"shape\":[1,1,1,1,2],\"data_offsets\":[19,21]},"
        "\"i16\":{\"dtype\":\"I16\",\"shape\":[1],\"data_offsets\":[21,23]}}";
    static const unsigned char data[23] = {0, 0x3c, 0xff, 0x7b, 3, 0, 0, 0, 0, 0,    0,   0x80,
                                           1, 9,    9,    9,    9, 9, 9, 1, 2, 0xfe, 0xff};
    const image file = build(json, data, sizeof data);
    an_tensor_file *opened;
    float f[2];
    double d[2];
    int64_t steps;
    int16_t small;
    char why[256];
    assert_int_equal(open_image(&opened, &file), ALEXNET_OK);
    assert_string_equal(an_tensor_file_format(opened), "safetensors");
    assert_int_equal(an_tensor_file_count(opened), 8);
    assert_int_equal(an_tensor_file_read(opened, "h", an_shape_of(1, 2), AN_F32, f), 0);
    assert_true(f[0] == 1 && f[1] == 65504);
    assert_int_equal(an_tensor_file_read(opened, "h", an_shape_of(1, 2), AN_F64, d), 0);
    assert_true(d[0] == 1 && d[1] == 65504);
    assert_int_equal(an_tensor_file_read(opened, "steps", an_shape_of(0), AN_I64, &steps), 0);
    assert_true(steps == INT64_MIN + 3);
    assert_int_equal(an_tensor_file_read(opened, "i16", an_shape_of(1, 1), AN_I16, &small), 0);
    assert_int_equal(small, -2);
    assert_false(an_tensor_file_has(opened, "f8", an_shape_of(1, 3), AN_F32, why));
    assert_string_equal(why,
                        "float8, float16, bfloat16, float32 or float64 expected, found F8_E8M0");
    assert_false(an_tensor_file_has(opened, "steps", an_shape_of(0), AN_I32, why));
    assert_string_equal(why, "int32 expected, found int64");
    assert_false(an_tensor_file_has(opened, "five", an_shape_of(1, 2), AN_I8, why));
    assert_string_equal(why, "shape [2] expected, found of 5 dimensions");
    assert_string_equal(an_tensor_file_find(opened, "long")->type, "a word of more ");
    an_tensor_file_close(opened);
}

/* A header that lies, the number of data bytes after it, and a part of the expected error text. */
static const struct lie {
    const char *json;
    size_t data;
    alexnet_status status;
    const char *text;
} lies[] = {
#define ONE(dtype, shape, offsets)                                                                 \
    "{\"a\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define TWO(first, second)                                                                         \
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" first "},"                          \
    "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" second "}}"
    {ONE("\"F32\"", "[2]", "[0,8]"), 7, ALEXNET_ERROR_FORMAT, "cut short or damaged"},
    {ONE("\"F32\"", "[2]", "[0,8]"), 9, ALEXNET_ERROR_FORMAT, "1 bytes at its end"},
    {ONE("\"F32\"", "[2]", "[1,9]"), 9, ALEXNET_ERROR_FORMAT, "belong to no tensor"},
    {ONE("\"F32\"", "[3]", "[0,8]"), 8, ALEXNET_ERROR_FORMAT, "[3] is 12 bytes"},
    {ONE("\"F32\"", "[2]", "[8,0]"), 8, ALEXNET_ERROR_FORMAT, "cut short or damaged"},
    {ONE("\"F32\"", "[2]", "[-8,0]"), 8, ALEXNET_ERROR_FORMAT, "cut short or damaged"},
    {ONE("\"F32\"", "[2]", "[0]"), 8, ALEXNET_ERROR_FORMAT, "not [begin, end]"},
    {ONE("\"F32\"", "[2]", "[0,8,8]"), 8, ALEXNET_ERROR_FORMAT, "not [begin, end]"},
    {ONE("\"F32\"", "[2]", "[0,8.0]"), 8, ALEXNET_ERROR_FORMAT, "not [begin, end]"},
    {ONE("\"F32\"", "[2]", "{}"), 8, ALEXNET_ERROR_FORMAT, "not [begin, end]"},
    {ONE("\"F32\"", "[-2]", "[0,8]"), 8, ALEXNET_ERROR_FORMAT, "integer of 0 or more"},
    {ONE("\"F32\"", "[2.0]", "[0,8]"), 8, ALEXNET_ERROR_FORMAT, "integer of 0 or more"},
    {ONE("\"F32\"", "2", "[0,8]"), 8, ALEXNET_ERROR_FORMAT, "shape is not an array"},
    {ONE("\"F32\"", "[1,1,1,1,3]", "[0,8]"), 8, ALEXNET_ERROR_FORMAT,
     "of 5 dimensions is 12 bytes"},
    {ONE("\"F32\"", "[1,1,1,1,-2]", "[0,8]"), 8, ALEXNET_ERROR_FORMAT, "integer of 0 or more"},
    {ONE("\"F8\"", "[-2]", "[0,8]"), 8, ALEXNET_ERROR_FORMAT, "integer of 0 or more"},
    {ONE("\"F8\"", "[9]", "[0,9]"), 8, ALEXNET_ERROR_FORMAT, "cut short or damaged"},
    {ONE("\"F32\"", "[4294967296,4294967296]", "[0,8]"), 8, ALEXNET_ERROR_FORMAT, "larger than"},
    {ONE("\"F32\"", "[4611686018427387906]", "[0,8]"), 8, ALEXNET_ERROR_FORMAT, "larger than"},
    {ONE("\"F32\"", "[9223372036854775808]", "[0,8]"), 8, ALEXNET_ERROR_FORMAT, "valid JSON"},
    {ONE("\"F16\"", "[2]", "[0,8]"), 8, ALEXNET_ERROR_FORMAT, "float16 of shape [2] is 4 bytes"},
    {ONE("\"I64\"", "[2]", "[0,8]"), 8, ALEXNET_ERROR_FORMAT, "int64 of shape [2] is 16 bytes"},
    {ONE("32", "[2]", "[0,8]"), 8, ALEXNET_ERROR_FORMAT, "dtype is not a string"},
    {"{\"a\":[]}", 0, ALEXNET_ERROR_FORMAT, "not an object"},
    {"{\"a\":{}}", 0, ALEXNET_ERROR_FORMAT, "dtype is not a string"},
    {TWO("[0,4]", "[2,6]"), 6, ALEXNET_ERROR_FORMAT, "overlaps"},
    {TWO("[0,4]", "[0,4]"), 8, ALEXNET_ERROR_FORMAT, "overlaps"},
    {TWO("[0,4]", "[5,9]"), 9, ALEXNET_ERROR_FORMAT, "belong to no tensor"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
     "\"\\u0061\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}",
     8, ALEXNET_ERROR_FORMAT, "duplicate"},
    {"{\"__metadata__\":[]}", 0, ALEXNET_ERROR_FORMAT, "__metadata__ is not an object"},
    {"{\"__metadata__\":{\"a\":1}}", 0, ALEXNET_ERROR_FORMAT, "a is not a string"},
    {"{}x", 0, ALEXNET_ERROR_FORMAT, "valid JSON"},
    {"{", 0, ALEXNET_ERROR_FORMAT, "valid JSON"},
    {"{\"a\xff\":1}", 0, ALEXNET_ERROR_FORMAT, "valid JSON"},
    {"{\"a\\u0000\":1}", 0, ALEXNET_ERROR_FORMAT, "valid JSON"},
#undef ONE
#undef TWO
};

static void test_lies_are_refused(void **state)
{
    (void)state;
    const unsigned char data[16] = {0};
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        const image file = build(lies[i].json, data, lies[i].data);
        an_tensor_file *opened;
        alexnet_status rc = open_image(&opened, &file);
        if (rc != lies[i].status || !strstr(an_error_text(), lies[i].text))
            fail_msg("%s with %zu bytes: status %d, text \"%s\"", lies[i].json, lies[i].data, rc,
                     an_error_text());
        assert_null(opened);
        assert_memory_equal(an_error_text(), "weights: ", 9);
    }
}

static void test_deep_nesting_is_refused(void **state)
{
    (void)state;
    char json[3001];
    memset(json, '[', 3000);
    json[3000] = '\0';
    memcpy(json, "{\"a\":", 5); /* what begins like this counts as a header */
    const image file = build(json, NULL, 0);
    an_tensor_file *opened;
    assert_int_equal(open_image(&opened, &file), ALEXNET_ERROR_FORMAT);
    assert_non_null(strstr(an_error_text(), "depth"));
}

static void test_claimed_lengths_are_checked(void **state)
{
    (void)state;
    static const unsigned char lengths[][8] = {
        {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, /* 2^64 - 1 */
        {0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, /* 8 + N wraps to 0 */
        {0, 0, 0, 0, 0, 0, 0, 0x80},
        {0x01, 0xe1, 0xf5, 0x05, 0, 0, 0, 0}, /* 100,000,001 */
        {0x03, 0, 0, 0, 0, 0, 0, 0},          /* one more than there is */
        {0, 0xe1, 0xf5, 0x05, 0, 0, 0, 0},    /* 100,000,000: the most */
    };
    static const char none[] = "weights is a file of an unknown kind, or damaged";
    static const char *const claimed_text[] = {
        none,
        none,
        none,
        none,
        "the header claims 3 bytes, the file has 10",
        "the header claims 100000000 bytes, the file has 10"};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        image file = build("{}", NULL, 0);
        memcpy(file.bytes, lengths[i], 8);
        an_tensor_file *opened;
        assert_int_equal(open_image(&opened, &file), ALEXNET_ERROR_FORMAT);
        assert_non_null(strstr(an_error_text(), claimed_text[i]));
    }
}

static void test_every_shorter_file_is_refused(void **state)
{
    (void)state;
    image good = build(good_json, good_data, sizeof good_data);
    while (good.length-- > 0) {
        an_tensor_file *file;
        assert_int_equal(open_image(&file, &good), ALEXNET_ERROR_FORMAT);
        assert_null(file);
    }
}

/* A file that opens must be readable: a changed bit gives an error, or entries that lie inside the
 * file. */
static void test_every_changed_byte_is_survived(void **state)
{
    (void)state;
    image good = build(good_json, good_data, sizeof good_data);
    int opened = 0;
    for (size_t at = 0; at < good.length; at++) {
        for (int bit = 0; bit < 8; bit++) {
            good.bytes[at] ^= (unsigned char)(1 << bit);
            an_tensor_file *file;
            if (open_image(&file, &good) == ALEXNET_OK) {
                opened++;
                for (int i = 0; i < an_tensor_file_count(file); i++) {
                    const an_tensor_entry *entry = an_tensor_file_entry(file, i);
                    double values[16];
                    assert_true(entry->bytes <= sizeof values);
                    assert_true(entry->offset + entry->bytes <= good.length);
                    if (an_dtype_is_float(entry->dtype))
                        assert_int_equal(
                            an_tensor_file_read(file, entry->name, entry->shape, AN_F64, values),
                            ALEXNET_OK);
                }
            }
            an_tensor_file_close(file);
            good.bytes[at] ^= (unsigned char)(1 << bit);
        }
    }
    assert_true(opened >= 36 * 8); /* all changes of the data */
}

/* Written by the format's Python package: tools/check_safetensors.py golden. */
static void test_reads_what_the_package_wrote(void **state)
{
    (void)state;
    an_reader *reader;
    an_tensor_file *file;
    float weight[24], scalar;
    double bias[2];
    assert_int_equal(an_reader_open(&reader, "golden/package.safetensors"), ALEXNET_OK);
    assert_int_equal(an_tensor_file_open(&file, reader), ALEXNET_OK);
    assert_int_equal(an_tensor_file_count(file), 6);
    assert_string_equal(an_tensor_file_metadata(file, "word"), "\xc3\xa9t\xc3\xa9");
    assert_int_equal(
        an_tensor_file_read(file, "conv1.weight", an_shape_of(4, 2, 3, 2, 2), AN_F32, weight), 0);
    for (int i = 0; i < 24; i++)
        assert_true(weight[i] == (float)i / 8);
    assert_int_equal(an_tensor_file_read(file, "conv1.bias", an_shape_of(1, 2), AN_F64, bias), 0);
    assert_true(bias[0] == -1.5 && bias[1] == 1e30);
    assert_int_equal(an_tensor_file_read(file, "scalar", an_shape_of(0), AN_F32, &scalar), 0);
    assert_true(scalar == 0.1f);
    assert_int_equal(an_tensor_file_find(file, "labels")->dtype, AN_I32);
    assert_int_equal(an_tensor_file_find(file, "pixels")->dtype, AN_U8);
    assert_int_equal(an_tensor_file_find(file, "empty")->bytes, 0);
    an_tensor_file_close(file);
}

static alexnet_status write_example(const char *path)
{
    static const float weight[6] = {1, 2, 3, 4, 5, 6};
    static const unsigned char pixels[3] = {7, 8, 9};
    an_tensor_writer *writer;
    alexnet_status rc;
    AN_CHECK(an_tensor_writer_new(&writer, path));
    AN_TRY(an_tensor_writer_metadata(writer, "format", "1"));
    AN_TRY(an_tensor_writer_metadata(writer, "classes", "[\"k\xc3\xa4se\"]"));
    AN_TRY(an_tensor_writer_metadata(writer, "format", "2"));
    AN_TRY(an_tensor_writer_declare(writer, "conv1.weight", AN_F32, an_shape_of(2, 2, 3)));
    AN_TRY(an_tensor_writer_declare(writer, "none", AN_F32, an_shape_of(1, 0)));
    AN_TRY(an_tensor_writer_declare(writer, "input.mean", AN_U8, an_shape_of(1, 3)));
    AN_TRY(an_tensor_writer_data(writer, weight, sizeof weight));
    AN_TRY(an_tensor_writer_data(writer, NULL, 0));
    AN_TRY(an_tensor_writer_data(writer, pixels, sizeof pixels));
    return an_tensor_writer_commit(writer);
cleanup:
    an_tensor_writer_abort(writer);
    return rc;
}

/* Conversion works in pieces: a tensor of several pieces, whose elements all differ. */
static void test_a_large_tensor_is_converted(void **state)
{
    (void)state;
    enum { COUNT = 2500 };
    static double wide[COUNT];
    static float narrow[COUNT];
    an_tensor_writer *writer;
    an_reader *reader;
    an_tensor_file *file;
    for (int i = 0; i < COUNT; i++)
        wide[i] = i + 0.25;
    assert_int_equal(an_tensor_writer_new(&writer, "m.safetensors"), 0);
    assert_int_equal(an_tensor_writer_declare(writer, "none", AN_F64, an_shape_of(1, 0)), 0);
    assert_int_equal(an_tensor_writer_declare(writer, "w", AN_F64, an_shape_of(1, COUNT)), 0);
    assert_int_equal(an_tensor_writer_data(writer, NULL, 0), 0);
    assert_int_equal(an_tensor_writer_data(writer, wide, sizeof wide), 0);
    assert_int_equal(an_tensor_writer_commit(writer), 0);
    assert_int_equal(an_reader_open(&reader, "m.safetensors"), 0);
    assert_int_equal(an_tensor_file_open(&file, reader), 0);
    assert_int_equal(an_tensor_file_read(file, "w", an_shape_of(1, COUNT), AN_F32, narrow), 0);
    for (int i = 0; i < COUNT; i++)
        assert_true(narrow[i] == (float)(i + 0.25));
    an_tensor_file_close(file);
}

static void test_written_bytes(void **state)
{
    (void)state;
    static const char json[] =
        "{\"__metadata__\":{\"format\":\"2\",\"classes\":\"[\\\"k\xc3\xa4se\\\"]\"},"
        "\"conv1.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
        "\"none\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[24,24]},"
        "\"input.mean\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[24,27]}}";
    const size_t padded = (sizeof json - 1 + 7) / 8 * 8;
    assert_int_equal(write_example("m.safetensors"), ALEXNET_OK);
    size_t length;
    unsigned char *bytes = scratch_read("m.safetensors", &length);
    assert_int_equal(length, 8 + padded + 27);
    assert_true(bytes[0] == (padded & 255) && bytes[1] == padded >> 8 && bytes[7] == 0);
    assert_memory_equal(bytes + 8, json, sizeof json - 1);
    for (size_t i = sizeof json - 1; i < padded; i++)
        assert_int_equal(bytes[8 + i], ' ');
    static const unsigned char data[27] = {0,    0,    0x80, 0x3f, 0,    0,    0,    0x40, 0,
                                           0,    0x40, 0x40, 0,    0,    0x80, 0x40, 0,    0,
                                           0xa0, 0x40, 0,    0,    0xc0, 0x40, 7,    8,    9};
    assert_memory_equal(bytes + 8 + padded, data, sizeof data);
    free(bytes);
    assert_int_not_equal(access("m.safetensors.tmp", F_OK), 0);
}

static void test_reads_a_file_it_wrote(void **state)
{
    (void)state;
    an_reader *reader;
    an_tensor_file *file;
    float weight[6];
    assert_int_equal(write_example("m.safetensors"), ALEXNET_OK);
    assert_int_equal(an_reader_open(&reader, "m.safetensors"), ALEXNET_OK);
    assert_int_equal(an_tensor_file_open(&file, reader), ALEXNET_OK);
    assert_string_equal(an_tensor_file_metadata(file, "classes"), "[\"k\xc3\xa4se\"]");
    assert_int_equal(
        an_tensor_file_read(file, "conv1.weight", an_shape_of(2, 2, 3), AN_F32, weight), 0);
    for (int i = 0; i < 6; i++)
        assert_true(weight[i] == (float)(i + 1));
    assert_int_equal(an_tensor_file_entry(file, 0)->offset % 8, 0);
    an_tensor_file_close(file);
}

/* A disk that fills up anywhere (in steps of 13 bytes) leaves the old file as it was, and nothing
 * beside it. */
static void test_full_disk_keeps_the_old_file(void **state)
{
    (void)state;
    const char *path = "m.safetensors";
    assert_int_equal(write_example(path), ALEXNET_OK);
    size_t length, again;
    unsigned char *before = scratch_read(path, &length);
    for (uint64_t room = 0; room < length; room += 13) {
        an_writer_fail_after(room);
        alexnet_status rc = write_example(path);
        an_writer_fail_after(UINT64_MAX);
        assert_int_equal(rc, ALEXNET_ERROR_IO);
        assert_non_null(strstr(an_error_text(), "No space left"));
        unsigned char *after = scratch_read(path, &again);
        assert_int_equal(again, length);
        assert_memory_equal(after, before, length);
        free(after);
        assert_int_not_equal(access("m.safetensors.tmp", F_OK), 0);
    }
    free(before);
}

static void test_writer_refuses_what_is_not_text(void **state)
{
    (void)state;
    an_tensor_writer *writer;
    assert_int_equal(an_tensor_writer_new(&writer, "m.safetensors"), ALEXNET_OK);
    assert_int_equal(an_tensor_writer_metadata(writer, "classes", "k\xe4se"),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(an_error_text(), "classes cannot be stored"));
    assert_int_equal(an_tensor_writer_declare(writer, "a\xff", AN_F32, an_shape_of(1, 1)),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_int_equal(an_tensor_writer_declare(writer, "a", AN_F32, an_shape_of(1, 1)), ALEXNET_OK);
    assert_int_equal(an_tensor_writer_declare(writer, "a", AN_F32, an_shape_of(1, 1)),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_int_equal(an_tensor_writer_data(writer, "1234567", 8), ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_int_equal(an_tensor_writer_commit(writer), ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_int_not_equal(access("m.safetensors", F_OK), 0);
}

/* Each allocation of the library fails in turn; those of the JSON parser are not included. */
static void test_short_memory(void **state)
{
    (void)state;
    const image good = build(good_json, good_data, sizeof good_data);
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        an_tensor_file *file;
        an_alloc_fail_at(n);
        alexnet_status rc = open_image(&file, &good);
        an_alloc_fail_at(0);
        done = rc == ALEXNET_OK;
        assert_true(done || rc == ALEXNET_ERROR_NO_MEMORY);
        assert_true(done || !file);
        assert_true(!done || n > 10); /* reader, file, header, list and six names at the least */
        an_tensor_file_close(file);
    }
    done = false;
    for (uint64_t n = 1; !done; n++) {
        an_alloc_fail_at(n);
        alexnet_status rc = write_example("m.safetensors");
        an_alloc_fail_at(0);
        done = rc == ALEXNET_OK;
        assert_true(done || rc == ALEXNET_ERROR_NO_MEMORY);
        assert_true(!done || n > 6);
    }
}

/* jansson has memory of its own, from malloc(), for which these stand. */
static int allocations_left;

static void *short_malloc(size_t bytes)
{
    if (allocations_left-- > 0)
        return malloc(bytes);
    errno = ENOMEM;
    return NULL;
}

/* Wherever jansson's memory ends, the header is not called damaged. */
static void test_short_memory_of_the_parser(void **state)
{
    (void)state;
    static const char json[] = "{\"__metadata__\":{\"a\":\"b\"},"
                               "\"f\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    const image file = build(json, good_data, 8);
    alexnet_status rc = ALEXNET_ERROR_NO_MEMORY;
    int n = 0;
    for (; rc != ALEXNET_OK && n < 1000; n++) {
        an_tensor_file *opened;
        json_set_alloc_funcs(short_malloc, free);
        allocations_left = n;
        rc = open_image(&opened, &file);
        an_tensor_file_close(opened);
        json_set_alloc_funcs(malloc, free);
        if (rc != ALEXNET_OK)
            expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "out of memory");
    }
    assert_in_range(n, 20, 999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_every_type),
        cmocka_unit_test(test_what_nobody_asks_for),
        cmocka_unit_test(test_reads_what_the_package_wrote),
        cmocka_unit_test(test_wrong_requests_name_the_tensor),
        cmocka_unit_test(test_lies_are_refused),
        cmocka_unit_test(test_deep_nesting_is_refused),
        cmocka_unit_test(test_claimed_lengths_are_checked),
        cmocka_unit_test(test_every_shorter_file_is_refused),
        cmocka_unit_test(test_every_changed_byte_is_survived),
        cmocka_unit_test_setup_teardown(test_a_large_tensor_is_converted, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_written_bytes, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_reads_a_file_it_wrote, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_full_disk_keeps_the_old_file, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_writer_refuses_what_is_not_text, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_short_memory, scratch_setup, scratch_teardown),
        cmocka_unit_test(test_short_memory_of_the_parser),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
