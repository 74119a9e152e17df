/*
 * PyTorch's files that are not what they seem: whole models, programs, pickles that call what they
 * should not, sizes that lie, files that are cut.
 */
#include "tensor_rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/torch/pth.h"

#define FOLDER "golden/tensors/"
#define BAD ALEXNET_ERROR_FORMAT
#define UNREAD ALEXNET_ERROR_UNSUPPORTED

static void test_what_is_no_dict_of_tensors(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        alexnet_status status;
        const char *text;
    } files[] = {
        {"whole.pth", UNREAD, "torch.nn.modules.linear.Linear; in Python, save only its weights"},
        {"whole.legacy.pth", UNREAD, "a whole model, as pickled by Python"},
        {"script.pt", UNREAD, "torch.jit.load(FILE).state_dict()"},
        {"one.pth", BAD, "one tensor without a name"},
        {"two.pth", BAD, "it has a, b, epoch"},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[256];
        an_tensor_file *file;
        snprintf(path, sizeof path, FOLDER "%s", files[i].file);
        expect_failure(rig_try_tensors(&file, path), files[i].status, files[i].text);
        expect_failure(files[i].status, files[i].status, path);
    }
}

/* ---- Pickles ---- */

static alexnet_status read_pickle(const void *bytes, size_t length)
{
    an_reader *reader;
    an_pickle pickle = {0};
    const an_value *root;
    uint64_t at = 0;
    const int64_t live = an_alloc_live();
    expect_ok(an_reader_memory(&reader, "file", bytes, length));
    const an_section section = an_section_of(reader);
    const alexnet_status rc = an_pickle_read(&pickle, &section, &at, &root);
    an_pickle_free(&pickle);
    an_reader_close(reader);
    assert_int_equal(an_alloc_live(), live);
    return rc;
}

#define BYTES(text) text, sizeof(text) - 1
#define P "\x80\x02"

static const struct crime {
    const char *bytes;
    size_t length;
    alexnet_status status;
    const char *text;
} crimes[] = {
    /* pickle.dumps() of an object whose __reduce__ gives (os.system, ("echo",)) */
    {BYTES(P "cposix\nsystem\nX\4\0\0\0echo\x85R."), UNREAD,
     "file: posix.system: refused; nothing in a model file is executed"},
    {BYTES(P "cos\nsystem\nX\4\0\0\0echo\x85R."), UNREAD, "os.system: refused"},
    {BYTES(P "cbuiltins\neval\nX\1\0\0\0"
             "1\x85R."),
     UNREAD, "builtins.eval: refused"},
    {BYTES(P "c__builtin__\neval\nX\1\0\0\0"
             "1\x85R."),
     UNREAD, "builtins.eval: refused"},
    {BYTES(P "cbuiltins\ngetattr\n."), UNREAD, "builtins.getattr: refused"},
    {BYTES(P "ctorch\nload\n."), UNREAD, "torch.load: refused"},
    {BYTES("\x80\x04\x8c\2os\x8c\6system\x93\x8c\4echo\x85R."), UNREAD, "os.system: refused"},
    {BYTES("\x80\x04\x8c\7torch.x\x8c\13os.system.y\x93."), UNREAD, "torch.x.os.system.y: ref"},
    {BYTES(P "ctorch._utils\n_rebuild_qtensor\n)R."), UNREAD,
     "torch._utils._rebuild_qtensor: a tensor of a kind that is not read"},
    {BYTES(P "c__main__\nNet\n)\x81."), UNREAD, "a whole model"},
    {BYTES(P "ctorchvision.models.alexnet\nAlexNet\n)\x81."), UNREAD, "AlexNet; in Python, save"},
    {BYTES(P "K\1)R."), BAD, "calls what is not a function"},
    {BYTES(P "ccollections\nOrderedDict\nK\1R."), BAD, "calls what is not a function"},
    {BYTES(P "ctorch\nFloatStorage\n)R."), BAD, "makes no value"},
    {BYTES(P "ctorch._utils\n_rebuild_tensor_v2\n)R."), BAD, "it has no storage"},
    {BYTES(P "ctorch._utils\n_rebuild_parameter\n."), ALEXNET_OK, ""},
    {BYTES(P "K\1Q."), BAD, "no type, key or number"},
    {BYTES(P "(X\6\0\0\0moduleK\1tQ."), UNREAD, "a whole model"},
    /* a list that holds itself, a dict that is its own value */
    {BYTES(P "]q\0h\0a."), ALEXNET_OK, ""},
    {BYTES(P "}q\0K\1h\0s."), ALEXNET_OK, ""},
    {BYTES(P "h\7."), BAD, "recalled that was not kept"},
    {BYTES(P "j\xff\xff\xff\xff."), BAD, "recalled that was not kept"},
    {BYTES(P "K\1r\xff\xff\xff\xff."), BAD, "more values are kept than"},
    {BYTES(P "."), BAD, "a value is missing"},
    {BYTES(P "R."), BAD, "a value is missing"},
    {BYTES(P "(."), BAD, "a value is missing"},
    {BYTES(P "t."), BAD, "a mark is missing"},
    {BYTES(P "(a."), BAD, "a value is missing"},
    {BYTES(P "K\1K\2a."), BAD, "put into a value that has none"},
    {BYTES(P "}(K\1u."), BAD, "a key without a value"},
    {BYTES(P "\x87."), BAD, "a value is missing"},
    {BYTES(P "X\xff\xff\xff\xff"
             "a."),
     BAD, "longer than the file"},
    {BYTES(P "\x8d\xff\xff\xff\xff\xff\xff\xff\x7f"
             "a."),
     BAD, "longer than the file"},
    {BYTES(P "\x8e\0\0\0\0\0\0\0\x80"
             "a."),
     BAD, "longer than the file"},
    {BYTES(P "\x8b\xff\xff\xff\xff"
             "a."),
     BAD, "longer than the file"},
    {BYTES("\x80\x04\x95\0\0\0\0\0\0\0\x80N."), BAD, "cut short"},
    {BYTES("\x80\x06N."), BAD, "protocol 6"},
    {BYTES("\x80\x01N."), BAD, "protocol 1"},
    {BYTES(P "I01\n."), BAD, "a step that PyTorch's files do not have"},
    {BYTES(P "cos"), BAD, "cut short"},
    {BYTES(P "c\xff\nx\n."), BAD, "not UTF-8"},
    {BYTES(""), BAD, "cut short"},
};

static void test_pickles(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof crimes / sizeof crimes[0]; i++) {
        const alexnet_status rc = read_pickle(crimes[i].bytes, crimes[i].length);
        if (crimes[i].status == ALEXNET_OK)
            expect_ok(rc);
        else
            expect_failure(rc, crimes[i].status, crimes[i].text);
    }
}

/* Keys of any length: the error names those for which it has room. */
static void test_names_of_no_weights(void **state)
{
    (void)state;
    static const int lengths[] = {247, 0, 1000, 1000, 240, 1000, 3};
    char bytes[8192] = P "}";
    size_t length = 3;
    an_reader *reader;
    an_pickle pickle = {0};
    const an_value *root, *weights;
    uint64_t at = 0;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const uint32_t n = (uint32_t)lengths[i];
        bytes[length] = 'X';
        memcpy(bytes + length + 1, &n, sizeof n);
        memset(bytes + length + 5, (int)('a' + i), n);
        memcpy(bytes + length + 5 + n, "K\1s", 3);
        length += 5 + n + 3;
    }
    bytes[length++] = '.';
    expect_ok(an_reader_memory(&reader, "file", bytes, length));
    const an_section section = an_section_of(reader);
    expect_ok(an_pickle_read(&pickle, &section, &at, &root));
    const alexnet_status rc = an_pth_weights("file", root, &weights);
    expect_failure(rc, BAD, "aaa, , ...");
    expect_failure(rc, BAD, "file: none of its entries is surely the weights");
    an_pickle_free(&pickle);
    an_reader_close(reader);
}

/* Pickles of millions of values: empty lists, marks and Nones of one byte each; copies of one
 * value. */
static void test_pickles_without_end(void **state)
{
    (void)state;
    enum { LENGTH = 1 << 22 };
    unsigned char *bytes = malloc(LENGTH);
    assert_non_null(bytes);
    static const char fillings[] = "](N2";
    for (size_t i = 0; i < sizeof fillings - 1; i++) {
        memset(bytes, fillings[i], LENGTH);
        bytes[0] = 'N';
        const alexnet_status rc = read_pickle(bytes, LENGTH);
        assert_true(rc == UNREAD || rc == BAD);
    }
    free(bytes);
}

/* ---- Whole files, damaged ---- */

/* Open, and read all that is there. */
static alexnet_status read_all(const void *bytes, size_t length)
{
    an_tensor_file *file;
    alexnet_status rc = ALEXNET_OK;
    const int64_t live = an_alloc_live();
    if (rig_try_bytes(&file, "file", bytes, length) != ALEXNET_OK) {
        assert_int_equal(an_alloc_live(), live);
        return BAD;
    }
    for (int i = 0; i < an_tensor_file_count(file) && rc == ALEXNET_OK; i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(file, i);
        const int64_t count = an_shape_count(entry->shape);
        if (!an_dtype_is_float(entry->dtype) || count > 1 << 20)
            continue;
        double *values = malloc((size_t)count * sizeof *values + 1);
        assert_non_null(values);
        rc = an_tensor_file_read(file, entry->name, entry->shape, AN_F64, values);
        free(values);
    }
    an_tensor_file_close(file);
    assert_int_equal(an_alloc_live(), live);
    return rc;
}

static const char *const whole[] = {"state.pth", "state.legacy.pth", "state.rezipped.pth",
                                    "kinds.pth"};
enum { WHOLE = sizeof whole / sizeof whole[0] };

/* A block of the exact size, so that a sanitizer sees a read past its end. */
static void test_cut(void **state)
{
    (void)state;
    for (int w = 0; w < WHOLE; w++) {
        rig_bytes all = rig_load(FOLDER, whole[w]);
        expect_ok(read_all(all.bytes, all.length));
        for (size_t length = 0; length < all.length; length++) {
            unsigned char *cut = malloc(length ? length : 1);
            assert_non_null(cut);
            memcpy(cut, all.bytes, length);
            assert_int_equal(read_all(cut, length), BAD);
            free(cut);
        }
        free(all.bytes);
    }
}

/* Any byte may be changed: the result is an error, or tensors that can be read. */
static void test_changed(void **state)
{
    (void)state;
    static const unsigned char changes[] = {0xff, 0x80, 0x01};
    for (int w = 0; w < WHOLE; w++) {
        rig_bytes all = rig_load(FOLDER, whole[w]);
        for (size_t at = 0; at < all.length; at++)
            for (size_t c = 0; c < sizeof changes; c++) {
                all.bytes[at] ^= changes[c];
                read_all(all.bytes, all.length);
                all.bytes[at] ^= changes[c];
            }
        free(all.bytes);
    }
}

/* The first place of a text in a file. */
static unsigned char *find(rig_bytes *all, const void *text, size_t length)
{
    unsigned char *at = memmem(all->bytes, all->length, text, length);
    assert_non_null(at);
    return at;
}

/* Wrong offsets and shapes in the pickle: the storage has 4 x 3 x 3 x 3 float32, which are 432
 * bytes. */
static void test_tensors_that_lie(void **state)
{
    (void)state;
    /* In the pickle: offset 0 (K 0), then the shape ((K 4 K 3 K 3 K 3 t), then strides. */
    static const char shape[] = "K\0(K\4K\3K\3K\3t";
    static const struct {
        size_t at;
        unsigned char value;
        const char *text;
    } lies[] = {
        {1, 1, "ends beyond the 432 bytes that are there"}, /* the offset */
        {4, 5, "ends beyond the 432 bytes that are there"}, /* the first dimension */
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        rig_bytes all = rig_load(FOLDER, "state.pth");
        find(&all, BYTES(shape))[lies[i].at] = lies[i].value;
        an_tensor_file *file;
        expect_failure(rig_try_bytes(&file, "file", all.bytes, all.length), BAD, lies[i].text);
        expect_failure(BAD, BAD, "tensor 0.weight");
        free(all.bytes);
    }
}

/* What the zip64 records at the end of an archive claim. */
static void test_directories_that_lie(void **state)
{
    (void)state;
    static const struct {
        const char *record;
        size_t at; /* 8 bytes, which are set to the largest number */
        const char *text;
    } lies[] = {
        {"PK\6\6", 32, "claims more bytes than there is room for"}, /* members */
        {"PK\6\6", 40, "claims more bytes than there is room for"}, /* the directory's length */
        {"PK\6\6", 48, "claims more bytes than there is room for"}, /* its place */
        {"PK\6\7", 8, "56 bytes expected at offset 18446744073709551615"},
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        rig_bytes all = rig_load(FOLDER, "state.pth");
        an_tensor_file *file;
        memset(find(&all, lies[i].record, 4) + lies[i].at, 0xff, 8);
        expect_failure(rig_try_bytes(&file, "file", all.bytes, all.length), BAD, lies[i].text);
        free(all.bytes);
    }
}

/* A tensor whose storage holds the negated elements is not read as if they were its own. */
static void test_bits_of_a_tensor(void **state)
{
    (void)state;
    static const char *const paths[] = {FOLDER "bits.pth", FOLDER "bits.legacy.pth"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        an_tensor_file *file;
        float value;
        expect_ok(rig_try_tensors(&file, paths[i]));
        expect_ok(an_tensor_file_read(file, "plain", an_shape_of(1, 1), AN_F32, &value));
        assert_true(value == -2);
        expect_failure(
            an_tensor_file_read(file, "negated", an_shape_of(1, 1), AN_F32, &value), BAD,
            "tensor negated: float8, float16, bfloat16, float32 or float64 expected, found "
            "negated lazily");
        an_tensor_file_close(file);
    }
}

static void test_the_order_of_bytes(void **state)
{
    (void)state;
    rig_bytes all = rig_load(FOLDER, "state.pth");
    memcpy(find(&all, BYTES("little")), "middle", 6);
    an_tensor_file *file;
    expect_failure(rig_try_bytes(&file, "file", all.bytes, all.length), BAD,
                   "byteorder: little or big expected");
    free(all.bytes);
}

static void test_a_name_twice(void **state)
{
    (void)state;
    rig_bytes all = rig_load(FOLDER, "state.pth");
    an_tensor_file *file;
    *find(&all, BYTES("1.weight")) = '0';
    expect_failure(rig_try_bytes(&file, "file", all.bytes, all.length), BAD,
                   "file: tensor 0.weight occurs twice");
    free(all.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_no_dict_of_tensors),
        cmocka_unit_test(test_pickles),
        cmocka_unit_test(test_names_of_no_weights),
        cmocka_unit_test(test_pickles_without_end),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_tensors_that_lie),
        cmocka_unit_test(test_directories_that_lie),
        cmocka_unit_test(test_bits_of_a_tensor),
        cmocka_unit_test(test_the_order_of_bytes),
        cmocka_unit_test(test_a_name_twice),
    };
    return cmocka_run_group_tests_name("PyTorch's files", tests, NULL, NULL);
}
