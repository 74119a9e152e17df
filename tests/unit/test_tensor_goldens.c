/*
 * Files that PyTorch and NumPy wrote against the same tensors in safetensors
 * (tools/make_tensor_goldens.py): the same names, types, shapes and bits.
 */
#include "tensor_rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLDER "golden/tensors/"

/* A file, and the name of what it holds. */
static const struct golden {
    const char *file, *holds;
} goldens[] = {
    {"values.npy", "values"},
    {"values.big.npy", "values"},
    {"values.2.npy", "values"},
    {"values.fortran.npy", "values"},
    {"values.3.npy", "values"},
#define BOTH(name)                                                                                 \
    {name ".pth", name},                                                                           \
    {                                                                                              \
        name ".legacy.pth", name                                                                   \
    }
    BOTH("state"),
    BOTH("state.5"),
    BOTH("views"),
    BOTH("kinds"),
    BOTH("checkpoint"),
    BOTH("checkpoint.4"),
    BOTH("parameters"),
    BOTH("score"),
#undef BOTH
    {"state.rezipped.pth", "state"},
    {"views.rezipped.pth", "views"},
    {"views.big.pth", "views"},
    {"float8.pth", "float8"},
    {"arrays.npz", "arrays"},
    {"arrays.compressed.npz", "arrays"},
    {"arrays.big.npz", "arrays"},
};
enum { GOLDENS = sizeof goldens / sizeof goldens[0] };

static an_tensor_file *open_golden(const char *name, const char *ending)
{
    char path[256];
    snprintf(path, sizeof path, FOLDER "%s%s", name, ending);
    return rig_open_tensors(path);
}

static void *read_as(an_tensor_file *file, const an_tensor_entry *entry, an_dtype as)
{
    const size_t bytes = (size_t)an_shape_count(entry->shape) * an_dtype_bytes(as);
    void *block = malloc(bytes + 1);
    assert_non_null(block);
    memset(block, 0x5a, bytes + 1);
    expect_ok(an_tensor_file_read(file, entry->name, entry->shape, as, block));
    assert_int_equal(((unsigned char *)block)[bytes], 0x5a);
    return block;
}

static void compare(an_tensor_file *found, an_tensor_file *expected, const an_tensor_entry *entry)
{
    const an_tensor_entry *other = an_tensor_file_find(found, entry->name);
    if (!other)
        fail_msg("%s has no %s", an_tensor_file_name(found), entry->name);
    assert_int_equal(other->dtype, entry->dtype);
    assert_true(an_shape_equal(other->shape, entry->shape));
    const bool is_float = an_dtype_is_float(entry->dtype);
    const an_dtype types[] = {is_float ? AN_F32 : entry->dtype, is_float ? AN_F64 : entry->dtype};
    for (int i = 0; i < 2; i++) {
        void *a = read_as(found, other, types[i]), *b = read_as(expected, entry, types[i]);
        if (memcmp(a, b, (size_t)an_shape_count(entry->shape) * an_dtype_bytes(types[i])) != 0)
            fail_msg("%s: %s differs", an_tensor_file_name(found), entry->name);
        free(a);
        free(b);
    }
}

static void test_goldens(void **state)
{
    (void)state;
    for (int g = 0; g < GOLDENS; g++) {
        an_tensor_file *found = open_golden(goldens[g].file, "");
        an_tensor_file *expected = open_golden(goldens[g].holds, ".safetensors");
        assert_int_equal(an_tensor_file_count(found), an_tensor_file_count(expected));
        for (int i = 0; i < an_tensor_file_count(expected); i++)
            compare(found, expected, an_tensor_file_entry(expected, i));
        an_tensor_file_close(found);
        an_tensor_file_close(expected);
    }
}

/* Every number of 8 bits is what PyTorch takes it for. */
static void test_float8(void **state)
{
    (void)state;
    an_tensor_file *found = open_golden("float8.pth", "");
    an_tensor_file *expected = open_golden("float8.float32", ".safetensors");
    assert_int_equal(an_tensor_file_count(expected), 2);
    for (int t = 0; t < 2; t++) {
        const an_tensor_entry *entry = an_tensor_file_entry(expected, t);
        const an_tensor_entry *narrow = an_tensor_file_find(found, entry->name);
        assert_non_null(narrow);
        assert_int_equal(an_dtype_bytes(narrow->dtype), 1);
        float *a = read_as(found, narrow, AN_F32), *b = read_as(expected, entry, AN_F32);
        for (int i = 0; i < 256; i++)
            if (isnan(b[i]) ? !isnan(a[i]) : memcmp(&a[i], &b[i], sizeof *a) != 0)
                fail_msg("%s: code %d is %g, expected %g", entry->name, i, a[i], b[i]);
        free(a);
        free(b);
    }
    an_tensor_file_close(found);
    an_tensor_file_close(expected);
}

/* Open a file and read its tensors of floating-point types. */
static alexnet_status read_whole(const char *path)
{
    static double values[4096];
    an_reader *reader;
    an_tensor_file *file = NULL;
    alexnet_status rc = an_reader_open(&reader, path);
    if (rc == ALEXNET_OK)
        rc = an_tensor_file_open(&file, reader);
    for (int i = 0; rc == ALEXNET_OK && i < an_tensor_file_count(file); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(file, i);
        if (an_dtype_is_float(entry->dtype))
            rc = an_tensor_file_read(file, entry->name, entry->shape, AN_F64, values);
    }
    an_tensor_file_close(file);
    return rc;
}

/* Every allocation fails in turn. */
static void test_no_memory(void **state)
{
    (void)state;
    for (int g = 0; g < GOLDENS; g++) {
        char path[256];
        snprintf(path, sizeof path, FOLDER "%s", goldens[g].file);
        alexnet_status rc = ALEXNET_ERROR_NO_MEMORY;
        for (uint64_t n = 1; rc != ALEXNET_OK; n++) {
            const int64_t live = an_alloc_live();
            an_alloc_fail_at(n);
            rc = read_whole(path);
            an_alloc_fail_at(0);
            assert_int_equal(an_alloc_live(), live);
            if (rc != ALEXNET_OK)
                expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "out of memory");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goldens),
        cmocka_unit_test(test_float8),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("tensors of other programs", tests, NULL, NULL);
}
