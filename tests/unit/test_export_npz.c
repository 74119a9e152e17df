/*
 * Models as NumPy's archives: weights bit for bit, a whole model read back, and the alignment of
 * elements. tools/check_npz.py checks that NumPy opens them.
 */
#include "net_rig.h"
#include "scratch.h"
#include "tensor_rig.h"

#include "model/export/export.h"
#include "model/model_open.h"

static char *ids[] = {"n01", "n02"}, *names[] = {"one", "sm\xc3\xb6rg\xc3\xa5s \xf0\x9f\x98\x80"};
static const an_classes classes = {2, ids, names};

static void open_rig(net_rig *rig)
{
    alexnet_network *network;
    an_program_options options = an_program_inference(1, 1);
    expect_ok(an_network_load(&network, "alexnet-mini", 2));
    rig_open(rig, rig_ctx("cpu", ALEXNET_PRECISION_FP32, 1), network, &options, 7);
}

static void *read_tensor(an_tensor_file *file, const an_tensor_entry *entry)
{
    void *values = an_calloc((size_t)an_shape_count(entry->shape) + 1, sizeof(float));
    assert_non_null(values);
    expect_ok(an_tensor_file_read(file, entry->name, entry->shape, AN_F32, values));
    return values;
}

/* The same tensors in both files, in type, shape and value. */
static void expect_same(an_tensor_file *a, an_tensor_file *b)
{
    assert_int_equal(an_tensor_file_count(a), an_tensor_file_count(b));
    for (int i = 0; i < an_tensor_file_count(a); i++) {
        const an_tensor_entry *x = an_tensor_file_entry(a, i);
        const an_tensor_entry *y = an_tensor_file_find(b, x->name);
        assert_non_null(y);
        assert_int_equal(x->dtype, y->dtype);
        assert_true(an_shape_equal(x->shape, y->shape));
        void *first = read_tensor(a, x), *second = read_tensor(b, y);
        assert_memory_equal(first, second, (size_t)an_shape_count(x->shape) * sizeof(float));
        an_free(first);
        an_free(second);
    }
    static const char *const keys[] = {AN_METADATA_FORMAT, AN_METADATA_NETWORK, AN_METADATA_CLASSES,
                                       AN_METADATA_NAMES, AN_METADATA_PROVENANCE};
    for (int i = 0; i < 5; i++)
        assert_string_equal(an_tensor_file_metadata(a, keys[i]),
                            an_tensor_file_metadata(b, keys[i]));
}

static void test_as_safetensors(void **state)
{
    (void)state;
    net_rig rig;
    open_rig(&rig);
    const an_export_options all[] = {{AN_F32, AN_NAMES_OURS, false},
                                     {AN_F16, AN_NAMES_OURS, false},
                                     {AN_F32, AN_NAMES_TOWERS, false}};
    for (int i = 0; i < 3; i++) {
        expect_ok(an_export(&an_export_npz, "m.npz", rig.net, &classes, "a test", &all[i]));
        expect_ok(an_export(&an_export_safetensors, "m.safetensors", rig.net, &classes, "a test",
                            &all[i]));
        an_tensor_file *npz = rig_open_tensors("m.npz"), *ours = rig_open_tensors("m.safetensors");
        assert_string_equal(an_tensor_file_format(npz), "npz");
        expect_same(npz, ours);
        an_tensor_file_close(npz);
        an_tensor_file_close(ours);
    }
    const an_export_options bf16 = {AN_BF16, AN_NAMES_OURS, false};
    expect_failure(an_export(&an_export_npz, "b.npz", rig.net, &classes, "", &bf16),
                   ALEXNET_ERROR_UNSUPPORTED, "npz files hold float32 or float16, not bfloat16");
    assert_int_equal(access("b.npz", F_OK), -1);
    rig_close(&rig);
}

static void test_a_whole_model(void **state)
{
    (void)state;
    net_rig rig;
    an_model_file model;
    open_rig(&rig);
    const an_export_options plain = {AN_F32, AN_NAMES_OURS, false};
    expect_ok(an_export(&an_export_npz, "m.npz", rig.net, &classes, "", &plain));
    expect_ok(an_model_file_open(&model, NULL, rig_reader("m.npz"), NULL));
    assert_true(model.ours && !model.bound);
    assert_string_equal(model.network->text, rig.net->network->text);
    assert_string_equal(model.classes.names[1], names[1]);
    assert_null(an_tensor_file_metadata(model.tensors, AN_METADATA_PROVENANCE));
    an_model_file_close(&model);
    rig_close(&rig);
}

/* Each array's header begins at a multiple of 64, and so do its elements, because the length of the
 * header is a multiple of 64. */
static void test_places(void **state)
{
    (void)state;
    net_rig rig;
    size_t length;
    int found = 0;
    open_rig(&rig);
    const an_export_options plain = {AN_F32, AN_NAMES_OURS, false};
    expect_ok(an_export(&an_export_npz, "m.npz", rig.net, &classes, "a test", &plain));
    unsigned char *bytes = scratch_read("m.npz", &length);
    for (size_t i = 0; i + 10 < length; i++)
        if (memcmp(bytes + i, "\x93NUMPY\1\0", 8) == 0) {
            assert_int_equal(i % 64, 0);
            assert_int_equal((10 + bytes[i + 8] + 256 * bytes[i + 9]) % 64, 0);
            found++;
        }
    assert_int_equal(found, rig.net->count + 5);
    free(bytes);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_safetensors),
        cmocka_unit_test(test_a_whole_model),
        cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests_name("models as NumPy's archives", tests, scratch_setup,
                                       scratch_teardown);
}
