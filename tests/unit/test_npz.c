/*
 * NumPy's files that are odd or damaged, and archives with false headers.
 */
#include "tensor_rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/zip.h"
#include "tensor/npy_header.h"

#define FOLDER "golden/tensors/"
#define BAD ALEXNET_ERROR_FORMAT
#define UNREAD ALEXNET_ERROR_UNSUPPORTED
#define BYTES(text) text, sizeof(text) - 1

static alexnet_status open_bytes(an_tensor_file **file, const rig_bytes *all)
{
    return rig_try_bytes(file, "file", all->bytes, all->length);
}

/* Open, and read all that is there. */
static alexnet_status read_all(const rig_bytes *all)
{
    static double values[4096];
    an_tensor_file *file;
    const int64_t live = an_alloc_live();
    alexnet_status rc = open_bytes(&file, all);
    for (int i = 0; rc == ALEXNET_OK && i < an_tensor_file_count(file); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(file, i);
        const int64_t count = an_shape_count(entry->shape);
        if (an_dtype_is_float(entry->dtype) && count >= 0 && count <= 4096)
            rc = an_tensor_file_read(file, entry->name, entry->shape, AN_F64, values);
    }
    an_tensor_file_close(file);
    assert_int_equal(an_alloc_live(), live);
    return rc;
}

/* ---- What NumPy writes ---- */

static void test_texts(void **state)
{
    (void)state;
    static const char *const files[] = {"arrays.npz", "arrays.compressed.npz", "arrays.big.npz"};
    for (int i = 0; i < 3; i++) {
        an_tensor_file *file;
        rig_bytes all = rig_load(FOLDER, files[i]);
        expect_ok(open_bytes(&file, &all));
        assert_string_equal(an_tensor_file_metadata(file, "text"),
                            "two lines\nsm\xc3\xb6rg\xc3\xa5s \xf0\x9f\x98\x80");
        assert_null(an_tensor_file_metadata(file, "scalar"));
        assert_null(an_tensor_file_find(file, "text"));
        an_tensor_file_close(file);
        free(all.bytes);
    }
}

/* Arrays of types and shapes that are not supported do not affect the others. */
static void test_strange_arrays(void **state)
{
    (void)state;
    static const struct {
        const char *name, *type;
    } others[] = {{"words", "<U2"}, {"complex", "<c8"}, {"record", "a record"},
                  {"bytes", "|S3"}, {"wide", "<f16"},   {"objects", "|O"}};
    an_tensor_file *file;
    rig_bytes all = rig_load(FOLDER, "strange.npz");
    float values[35];
    expect_ok(open_bytes(&file, &all));
    expect_ok(an_tensor_file_read(file, "array", an_shape_of(2, 7, 5), AN_F32, values));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const an_tensor_entry *entry = an_tensor_file_find(file, others[i].name);
        assert_non_null(entry);
        assert_int_equal(entry->dtype, AN_OTHER);
        assert_string_equal(entry->type, others[i].type);
    }
    assert_int_equal(an_tensor_file_find(file, "five")->shape.rank, 5);
    an_tensor_file_close(file);
    free(all.bytes);
}

/* 64 MB of zeros in 64 kB: none of them are unpacked unless they are asked for. */
static void test_a_bomb(void **state)
{
    (void)state;
    an_tensor_file *file;
    rig_bytes all = rig_load(FOLDER, "bomb.npz");
    float few[4];
    expect_ok(open_bytes(&file, &all));
    expect_ok(an_tensor_file_read(file, "small", an_shape_of(1, 0), AN_F32, few));
    expect_failure(an_tensor_file_read(file, "bomb", an_shape_of(1, 4), AN_F32, few), BAD,
                   "shape [4] expected, found [16777216]");
    expect_ok(an_tensor_file_read_part(file, an_tensor_file_find(file, "bomb"), 0, 4, AN_F32, few));
    assert_true(few[0] == 0 && few[3] == 0);
    an_tensor_file_close(file);
    free(all.bytes);
}

/* ---- Headers ---- */

static void test_headers(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why; /* NULL: it is read */
    } headers[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   \n", NULL},
        {"{\"shape\":(3,4),\"fortran_order\":False,\"descr\":\"<f4\"}", NULL},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 4L), }", NULL},
        {"", "not a dict"},
        {"{}", "not a dict"},
        {"{'descr': '<f4', 'fortran_order': False, }", "not a dict"},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (), }", "not a dict"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), 'x': 1}", "not a dict"},
        {"{'descr': '<f4' 'fortran_order': False, 'shape': (3, 4), }", "not a dict"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4)", "not a dict"},
        {"{'descr': <f4, 'fortran_order': False, 'shape': (3, 4), }", "element type"},
        {"{'descr': '<f4, 'fortran_order': False, 'shape': (3, 4), }", "not a dict"},
        {"{'descr': [('a', '<f4'), 'fortran_order': False, 'shape': (3, 4), }", "element type"},
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': (3, 4), }", "neither True nor False"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, -4), }", "tuple of lengths"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': [3, 4], }", "tuple of lengths"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3 4), }", "tuple of lengths"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
         "tuple of lengths"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        an_npy_header header;
        const char *why = NULL;
        const bool read = an_npy_header_parse(&header, headers[i].text, &why);
        if (read != (headers[i].why == NULL) || (!read && !strstr(why, headers[i].why)))
            fail_msg("%s: %s", headers[i].text, read ? "read" : why);
        if (read) {
            assert_string_equal(header.descr, "<f4");
            assert_true(an_shape_equal(header.shape, an_shape_of(2, 3, 4)));
        }
    }
}

/* An array by itself, with a header of our own. */
static alexnet_status open_header(const char *header, size_t data)
{
    unsigned char bytes[512] = "\x93NUMPY\1\0";
    an_tensor_file *file;
    const size_t length = strlen(header);
    bytes[8] = (unsigned char)length;
    memcpy(bytes + 10, header, length);
    const rig_bytes all = {bytes, 10 + length + data};
    const alexnet_status rc = open_bytes(&file, &all);
    an_tensor_file_close(file);
    return rc;
}

#define HEADER(descr, order, shape)                                                                \
    "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }\n"

static void test_shapes_that_lie(void **state)
{
    (void)state;
    expect_ok(open_header(HEADER("<f4", "False", "(3, 4)"), 48));
    expect_ok(open_header(HEADER("<f4", "False", "(3, 4)"), 49)); /* another array after it */
    expect_ok(open_header(HEADER("<f4", "True", "(0, 9000000000000000000)"), 0));
    expect_failure(open_header(HEADER("<f4", "False", "(3, 4)"), 47), BAD, "cut short or damaged");
    expect_failure(open_header(HEADER("<f4", "True", "(3, 4)"), 47), BAD, "cut short or damaged");
    expect_failure(open_header(HEADER("<f8", "False", "(4611686018427387904, 4)"), 48), BAD,
                   "larger than any file");
    expect_failure(open_header(HEADER("<f8", "False", "(4611686018427387904,)"), 48), BAD,
                   "cut short or damaged");
    expect_failure(open_header(HEADER("<U-4", "False", "()"), 48), BAD,
                   "an invalid element type: <U-4");
    expect_ok(open_header(HEADER("<U9000000000000", "False", "()"), 48)); /* elements not read */
}

static void test_versions(void **state)
{
    (void)state;
    rig_bytes all = rig_load(FOLDER, "values.npy");
    an_tensor_file *file;
    all.bytes[6] = 4;
    expect_failure(open_bytes(&file, &all), BAD, "version 4");
    all.bytes[6] = 2; /* 4 bytes of length, of which the last two are the header's first */
    expect_failure(open_bytes(&file, &all), BAD, "cut short or damaged");
    const uint16_t most = (uint16_t)(all.length - 10 + 1); /* one more than there are */
    all.bytes[6] = 1;
    memcpy(all.bytes + 8, &most, sizeof most);
    expect_failure(open_bytes(&file, &all), BAD, "cut short or damaged");
    free(all.bytes);
}

/* ---- Archives ---- */

static void test_cut(void **state)
{
    (void)state;
    static const char *const whole[] = {"arrays.npz", "arrays.compressed.npz", "values.npy",
                                        "values.3.npy"};
    for (int w = 0; w < 4; w++) {
        rig_bytes all = rig_load(FOLDER, whole[w]);
        expect_ok(read_all(&all));
        for (size_t length = 0; length < all.length; length++) {
            rig_bytes cut = {malloc(length + 1), length};
            assert_non_null(cut.bytes);
            memcpy(cut.bytes, all.bytes, length);
            assert_int_equal(read_all(&cut), BAD);
            free(cut.bytes);
        }
        free(all.bytes);
    }
}

static void test_changed(void **state)
{
    (void)state;
    static const unsigned char changes[] = {0xff, 0x80, 0x01};
    static const char *const whole[] = {"arrays.npz", "arrays.compressed.npz", "values.npy"};
    for (int w = 0; w < 3; w++) {
        rig_bytes all = rig_load(FOLDER, whole[w]);
        for (size_t at = 0; at < all.length; at++)
            for (size_t c = 0; c < sizeof changes; c++) {
                all.bytes[at] ^= changes[c];
                read_all(&all);
                all.bytes[at] ^= changes[c];
            }
        free(all.bytes);
    }
}

/* The place of a text in a file: occurrence n, counted from 0. */
static unsigned char *find(const rig_bytes *all, const void *text, size_t length, int n)
{
    unsigned char *at = all->bytes;
    for (;; at++) {
        at = memmem(at, all->length - (size_t)(at - all->bytes), text, length);
        assert_non_null(at);
        if (n-- == 0)
            return at;
    }
}

/* A checksum in the directory that does not match the array, stored and deflated. */
static void test_checksums(void **state)
{
    (void)state;
    double values[120];
    for (int i = 0; i < 2; i++) {
        an_tensor_file *file;
        rig_bytes all = rig_load(FOLDER, i ? "arrays.compressed.npz" : "arrays.npz");
        unsigned char *directory = find(&all, BYTES("conv1.weight.npy"), 1) - 46;
        directory[16] ^= 1;
        expect_ok(open_bytes(&file, &all));
        expect_failure(
            an_tensor_file_read(file, "conv1.weight", an_shape_of(4, 2, 3, 4, 5), AN_F64, values),
            BAD, "conv1.weight.npy: damaged: checksum");
        an_tensor_file_close(file);
        free(all.bytes);
    }
}

/* False values in the directory's record of a member. */
static void test_directories_that_lie(void **state)
{
    (void)state;
    static const struct {
        size_t at;           /* in the record of conv1.weight.npy */
        unsigned char value; /* that is put there */
        alexnet_status status;
        const char *text;
    } lies[] = {
        {0, 'Q', BAD, "fewer members than it says"},
        {8, 1, UNREAD, "conv1.weight.npy is encrypted"},
        {10, 12, UNREAD, "compressed by method 12"},
        {10, 8, BAD, "it is not where"}, /* its own header says that it is stored */
        {20, 0, BAD, "packed into"},
        {24, 0, BAD, "packed into"},
        {23, 0x7f, BAD, "overlaps what comes after it"},
        {28, 0xff, BAD, ""},
        {29, 0xff, BAD, "longer than the directory"},
        {30, 0xff, BAD, ""},
        {45, 0xff, BAD, "a member lies after the directory"},
        {46, 0, BAD, "zero byte"},
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        an_tensor_file *file;
        rig_bytes all = rig_load(FOLDER, "arrays.npz");
        unsigned char *record = find(&all, BYTES("conv1.weight.npy"), 1) - 46;
        record[lies[i].at] = lies[i].value;
        if (lies[i].at == 23) /* both sizes, so that they agree */
            record[27] = lies[i].value;
        expect_failure(open_bytes(&file, &all), lies[i].status, lies[i].text);
        free(all.bytes);
    }
}

/* A deflated member that claims to have 2^32 - 2 bytes in about a hundred. */
static void test_a_size_that_lies(void **state)
{
    (void)state;
    an_tensor_file *file;
    rig_bytes all = rig_load(FOLDER, "arrays.compressed.npz");
    memcpy(find(&all, BYTES("conv1.weight.npy"), 1) - 46 + 24, "\xfe\xff\xff\xff", 4);
    expect_failure(open_bytes(&file, &all), BAD, "conv1.weight.npy is said to have 4294967294");
    free(all.bytes);
}

/* The extra field with the numbers that do not fit into 4 bytes is shorter than these: 8 bytes of
 * the directory for two numbers, or none. */
static void test_large_numbers_that_are_missing(void **state)
{
    (void)state;
    for (unsigned char length = 0; length <= 8; length += 8) {
        unsigned char zip[35 + 46 + 5 + 12 + 22] = "PK\3\4", *record = zip + 35, *end;
        an_tensor_file *file;
        zip[26] = 5;
        memcpy(zip + 30, "a.npy", 5);
        memcpy(record, "PK\1\2", 4);
        memset(record + 20, 0xff, 8); /* both sizes */
        record[28] = 5;               /* the name's length, and that of the extra field */
        record[30] = 4 + length;
        memcpy(record + 46, "a.npy\1\0", 7);
        record[53] = length;
        end = record + 46 + 5 + 4 + length;
        memcpy(end, "PK\5\6", 4);
        end[8] = end[10] = 1; /* member */
        end[12] = (unsigned char)(end - record);
        end[16] = 35;
        const rig_bytes all = {zip, (size_t)(end + 22 - zip)};
        expect_failure(open_bytes(&file, &all), BAD, "a member's sizes");
    }
}

static void test_names_that_are_twice(void **state)
{
    (void)state;
    an_tensor_file *file;
    rig_bytes all = rig_load(FOLDER, "arrays.npz");
    memcpy(find(&all, BYTES("int16.npy"), 1), "int32.npy", 9);
    expect_failure(open_bytes(&file, &all), BAD, "an archive that has int32.npy twice");
    free(all.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_strange_arrays),
        cmocka_unit_test(test_a_bomb),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_shapes_that_lie),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_checksums),
        cmocka_unit_test(test_directories_that_lie),
        cmocka_unit_test(test_a_size_that_lies),
        cmocka_unit_test(test_large_numbers_that_are_missing),
        cmocka_unit_test(test_names_that_are_twice),
    };
    return cmocka_run_group_tests_name("NumPy's files", tests, NULL, NULL);
}
