/*
 * Models for other programs: the choice of the format, names of tensors, towers, half precision.
 * Files are read back by the library's reader of tensor files, which is tested elsewhere.
 */
#include "net_rig.h"
#include "scratch.h"
#include "tensor_rig.h"

#include "model/export/export.h"

static char *ids[] = {"n01", "n02"}, *names[] = {"one", "two"};
static const an_classes classes = {2, ids, names};
static const an_export_options plain = {AN_F32, AN_NAMES_OURS, false};

static void open_rig(net_rig *rig, const char *network_name, const char *device)
{
    alexnet_network *network;
    an_program_options options = an_program_inference(1, 1);
    expect_ok(an_network_load(&network, network_name, 2));
    rig_open(rig, rig_ctx(device, ALEXNET_PRECISION_FP32, 1), network, &options, 7);
}

static an_tensor_file *write_and_open(net_rig *rig, const an_export_options *options)
{
    expect_ok(
        an_export(&an_export_safetensors, "x.safetensors", rig->net, &classes, "a test", options));
    return rig_open_tensors("x.safetensors");
}

/* A tensor of a file as float32; freed with an_free(). */
static float *read_tensor(an_tensor_file *file, const char *name, an_shape *shape)
{
    const an_tensor_entry *entry = an_tensor_file_find(file, name);
    if (!entry)
        fail_msg("no tensor %s", name);
    float *values = an_calloc((size_t)an_shape_count(entry->shape), sizeof *values);
    assert_non_null(values);
    expect_ok(an_tensor_file_read(file, name, entry->shape, AN_F32, values));
    *shape = entry->shape;
    return values;
}

/* ---- Which format ---- */

static void test_formats(void **state)
{
    (void)state;
    const an_export_format *format;
    expect_ok(an_export_find(&format, NULL, "a/b.SafeTensors"));
    assert_string_equal(format->name, "safetensors");
    expect_ok(an_export_find(&format, "SafeTensors", "a/b.bin"));
    assert_string_equal(format->name, "safetensors");
    expect_failure(an_export_find(&format, "saftensors", "x"), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "did you mean safetensors?");
    expect_failure(an_export_find(&format, "xyzzy", "x"), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "use safetensors");
    expect_failure(an_export_find(&format, NULL, "x.xyzzy"), ALEXNET_ERROR_INVALID_ARGUMENT,
                   ".safetensors");
    expect_failure(an_export_find(&format, NULL, ".safetensors"), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "ending");
    expect_failure(an_export_find(&format, NULL, "x.pth"), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "pickle");
    expect_failure(an_export_find(&format, "pytorch", "x"), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "safetensors.torch.load_file()");
    assert_null(format);
}

/* What a format cannot hold is refused before anything is written. */
static void test_what_formats_cannot_hold(void **state)
{
    (void)state;
    static const an_export_options half = {AN_F16, AN_NAMES_OURS, false},
                                   named = {AN_F32, AN_NAMES_TORCHVISION, false},
                                   prepared = {AN_F32, AN_NAMES_OURS, true};
    const an_export_format *format;
    int refused = 0;
    net_rig rig;
    open_rig(&rig, "alexnet-mini", "ref");
    for (int i = 0; (format = an_export_format_at(i)); i++) {
        const struct {
            bool taken;
            const an_export_options *options;
            const char *said;
        } cases[] = {{format->takes_half, &half, "files hold float32 only, not float16"},
                     {format->takes_names, &named, "the names of tensors in "},
                     {format->takes_preprocessing, &prepared, "files do not compute"}};
        for (int k = 0; k < 3; k++)
            if (!cases[k].taken) {
                expect_failure(an_export(format, "x", rig.net, &classes, "", cases[k].options),
                               ALEXNET_ERROR_UNSUPPORTED, cases[k].said);
                refused |= 1 << k;
            }
    }
    assert_int_equal(refused, 7);
    assert_int_equal(access("x", F_OK), -1);
    rig_close(&rig);
}

/* Every format is described, and no two share a name or an ending. */
static void test_rows(void **state)
{
    (void)state;
    const an_export_format *format, *found;
    for (int i = 0; (format = an_export_format_at(i)); i++) {
        char path[64];
        assert_non_null(format->about);
        assert_non_null(format->without);
        expect_ok(an_export_find(&found, format->name, "x"));
        assert_ptr_equal(found, format);
        for (const char *at = format->endings; *at; at += strcspn(at, "|"), at += *at == '|') {
            snprintf(path, sizeof path, "x%.*s", (int)strcspn(at, "|"), at);
            expect_ok(an_export_find(&found, NULL, path));
            assert_ptr_equal(found, format);
        }
    }
    assert_null(an_export_format_at(-1));
}

/* ---- Names ---- */

static void expect_names(const char *name, an_export_names kind, const char *const *expected)
{
    an_net *net = rig_load_net("cpu", name, 2, false);
    an_export_tensor *tensors;
    an_export_options options = plain;
    int count;
    options.names = kind;
    expect_ok(an_export_tensors(&tensors, &count, net, &options));
    for (int i = 0; i < count; i++)
        assert_string_equal(tensors[i].name, expected[i]);
    assert_null(expected[count]);
    an_free(tensors);
    an_net_release(net);
}

/* The keys of torchvision.models.alexnet().state_dict(), version 0.14. */
static void test_torchvisions_names(void **state)
{
    (void)state;
    static const char *const owt[] = {"features.0.weight",
                                      "features.0.bias",
                                      "features.3.weight",
                                      "features.3.bias",
                                      "features.6.weight",
                                      "features.6.bias",
                                      "features.8.weight",
                                      "features.8.bias",
                                      "features.10.weight",
                                      "features.10.bias",
                                      "classifier.1.weight",
                                      "classifier.1.bias",
                                      "classifier.4.weight",
                                      "classifier.4.bias",
                                      "classifier.6.weight",
                                      "classifier.6.bias",
                                      NULL};
    /* torch.nn.Sequential(Conv2d, ReLU, LocalResponseNorm, MaxPool2d, Conv2d, ...), (Linear, ReLU,
     * Dropout, Linear, ReLU, Dropout, Linear) */
    static const char *const mini[] = {
        "input.mean",          "features.0.weight",   "features.0.bias",
        "features.4.weight",   "features.4.bias",     "features.8.weight",
        "features.8.bias",     "features.10.weight",  "features.10.bias",
        "features.12.weight",  "features.12.bias",    "classifier.0.weight",
        "classifier.0.bias",   "classifier.3.weight", "classifier.3.bias",
        "classifier.6.weight", "classifier.6.bias",   NULL};
    expect_names("alexnet-owt", AN_NAMES_TORCHVISION, owt);
    expect_names("alexnet-mini", AN_NAMES_TORCHVISION, mini);
}

static void test_names_of_2012(void **state)
{
    (void)state;
    static const char *const towers[] = {
        "input.mean",    "conv1a.weight",   "conv1b.weight",   "conv1a.bias",
        "conv1b.bias",   "conv2a.weight",   "conv2b.weight",   "conv2a.bias",
        "conv2b.bias",   "conv3a.weight",   "conv3b.weight",   "conv3a.bias",
        "conv3b.bias",   "conv4a.weight",   "conv4b.weight",   "conv4a.bias",
        "conv4b.bias",   "conv5a.weight",   "conv5b.weight",   "conv5a.bias",
        "conv5b.bias",   "fc2048a.weight",  "fc2048b.weight",  "fc2048a.bias",
        "fc2048b.bias",  "fc2048ba.weight", "fc2048bb.weight", "fc2048ba.bias",
        "fc2048bb.bias", "fc2.weight",      "fc2.bias",        NULL};
    expect_names("alexnet-2012", AN_NAMES_TOWERS, towers);
}

static void expect_unsuited(const char *text, an_export_names kind, const char *why)
{
    net_rig rig;
    an_program_options run = an_program_inference(1, 1);
    an_export_options options = plain;
    options.names = kind;
    rig_open(&rig, rig_ctx("ref", ALEXNET_PRECISION_FP32, 1), rig_parse(text, 2), &run, 7);
    expect_failure(
        an_export(&an_export_safetensors, "x.safetensors", rig.net, &classes, "", &options),
        ALEXNET_ERROR_UNSUPPORTED, why);
    assert_int_equal(access("x.safetensors", F_OK), -1);
    assert_int_equal(access("x.safetensors.tmp", F_OK), -1);
    rig_close(&rig);
}

#define INPUT "[input]\nsize = 6\nside = 8\nmean = image\n"
#define CONV(name, from, more)                                                                     \
    "[" name "]\ntype = conv\ninputs = " from "\nfilterSize = 3\n" more "\n"
#define FC(name, from, n) "[" name "]\ntype = fc\ninputs = " from "\noutputs = " n "\n"
#define SOFTMAX(from) "[p]\ntype = softmax\ninputs = " from "\n"

static void test_names_that_do_not_suit(void **state)
{
    (void)state;
    expect_unsuited(INPUT CONV("a", "input", "filters = 2")
                        CONV("b", "input", "filters = 2") "[c]\ntype = concat\ninputs = a,b\n" FC(
                            "f", "c", "classes") SOFTMAX("f"),
                    AN_NAMES_TORCHVISION, "its layer b is not one of torch.nn's in sequence");
    expect_unsuited(INPUT CONV("a", "input", "filters = 2") FC("f", "a", "classes") SOFTMAX("f"),
                    AN_NAMES_TOWERS, "none of its convolutions has groups = 2");
    expect_unsuited(INPUT CONV("a", "input", "filters = 2")
                        CONV("b", "a", "filters = 1\ngroups = 2") FC("f", "b", "classes")
                            SOFTMAX("f"),
                    AN_NAMES_TOWERS, "three fully connected layers, but rig has 1");
    expect_unsuited(INPUT CONV("a", "input", "filters = 2")
                        CONV("b", "a", "filters = 1\ngroups = 2") FC("f", "b", "4")
                            FC("g", "f", "5") FC("h", "g", "classes") SOFTMAX("h"),
                    AN_NAMES_TOWERS, "g.weight of rig has 5 outputs");
}

/* ---- Values ---- */

/* The tensor `name` holds the rows of a parameter from `first` on, with the halves of each row
 * swapped if asked. */
static void expect_rows(an_tensor_file *file, const char *name, const net_rig *rig,
                        const char *param, int64_t first, bool swapped)
{
    an_shape shape;
    float *got = read_tensor(file, name, &shape);
    const int index = an_net_find(rig->net, param);
    assert_in_range(index, 0, RIG_PARAMS);
    double *all = rig_read(rig, AN_VALUES, index);
    const int64_t columns = an_shape_count(shape) / shape.dim[0];
    assert_int_equal(columns * rig->net->params[index].shape.dim[0], rig->net->params[index].count);
    for (int64_t r = 0; r < shape.dim[0]; r++)
        for (int64_t c = 0; c < columns; c++) {
            const int64_t from = swapped ? (c + columns / 2) % columns : c;
            if (got[r * columns + c] != (float)all[(first + r) * columns + from])
                fail_msg("%s: value %d of row %d", name, (int)c, (int)r);
        }
    an_free(got);
    an_free(all);
}

static void test_towers(void **state)
{
    (void)state;
    net_rig rig;
    an_export_options options = plain;
    options.names = AN_NAMES_TOWERS;
    open_rig(&rig, "alexnet-mini", "cpu");
    an_tensor_file *file = write_and_open(&rig, &options);
    expect_rows(file, "conv1a.weight", &rig, "conv1.weight", 0, false);
    expect_rows(file, "conv1b.weight", &rig, "conv1.weight", 12, false);
    expect_rows(file, "conv1b.bias", &rig, "conv1.bias", 12, false);
    expect_rows(file, "conv3b.weight", &rig, "conv3.weight", 48, false);
    expect_rows(file, "fc128a.weight", &rig, "fc6.weight", 0, false);
    expect_rows(file, "fc128b.weight", &rig, "fc6.weight", 128, false);
    expect_rows(file, "fc128ba.weight", &rig, "fc7.weight", 0, false);
    expect_rows(file, "fc128bb.weight", &rig, "fc7.weight", 128, true);
    expect_rows(file, "fc128bb.bias", &rig, "fc7.bias", 128, false);
    expect_rows(file, "fc2.weight", &rig, "fc8.weight", 0, false);
    expect_rows(file, "input.mean", &rig, "input.mean", 0, false);
    assert_string_equal(an_tensor_file_metadata(file, "alexnet.provenance"), "a test");
    an_tensor_file_close(file);
    rig_close(&rig);
}

/* Each value is rounded to the nearest half; the mean stays float32. */
static void test_half_precision(void **state)
{
    (void)state;
    net_rig rig;
    an_shape shape;
    an_export_options options = plain;
    options.weights = AN_F16;
    open_rig(&rig, "alexnet-mini", "cpu");
    an_tensor_file *file = write_and_open(&rig, &options);
    for (int i = 0; i < rig.net->count; i++) {
        const an_param *param = &rig.net->params[i];
        const an_tensor_entry *entry = an_tensor_file_find(file, param->name);
        assert_non_null(entry);
        assert_int_equal(entry->dtype, param->learned ? AN_F16 : AN_F32);
        float *got = read_tensor(file, param->name, &shape);
        double *all = rig_read(&rig, AN_VALUES, i);
        for (int64_t j = 0; j < param->count; j++) {
            const float value = (float)all[j];
            uint16_t half;
            float expected = value;
            if (param->learned) {
                assert_true(an_narrow(&half, AN_F16, &value, 1));
                an_convert(&expected, AN_F32, &half, AN_F16, 1);
            }
            assert_true(got[j] == expected);
        }
        an_free(got);
        an_free(all);
    }
    an_tensor_file_close(file);
    rig_close(&rig);
}

static void test_too_large_for_half(void **state)
{
    (void)state;
    net_rig rig;
    an_export_options options = plain;
    open_rig(&rig, "alexnet-mini", "cpu");
    const int conv5 = an_net_find(rig.net, "conv5.bias");
    assert_int_equal(rig.net->params[conv5].count, 64);
    options.weights = AN_F16;
    double *all = rig_read(&rig, AN_VALUES, conv5);
    all[63] = -65520; /* half-way from 65504, the largest half, to 65536, to which it rounds */
    expect_ok(an_net_write(rig.net, AN_VALUES, conv5, all, AN_F64));
    scratch_text("x.safetensors", "old");
    expect_failure(
        an_export(&an_export_safetensors, "x.safetensors", rig.net, &classes, "", &options),
        ALEXNET_ERROR_UNSUPPORTED, "conv5.bias has values that are too large for float16");
    size_t length;
    unsigned char *old = scratch_read("x.safetensors", &length);
    assert_string_equal((char *)old, "old");
    free(old);
    options.weights = AN_BF16;
    an_tensor_file_close(write_and_open(&rig, &options));
    an_free(all);
    rig_close(&rig);
}

/* The bytes of a C file's array, whose words are in little-endian order, the last padded with
 * zeros. Freed with an_free(). */
static unsigned char *bytes_of_array(char *text, size_t *length)
{
    char *at = strstr(text, "const size_t my_model_length = ");
    assert_non_null(at);
    *length = strtoull(at + strlen("const size_t my_model_length = "), &at, 10);
    assert_int_equal(*at, ';');
    unsigned char *bytes = an_calloc(*length, 1);
    assert_non_null(bytes);
    at = strstr(text, "const uint64_t my_model_data[] = {");
    assert_non_null(at);
    at = strchr(at, '{') + 1;
    for (size_t i = 0; i < *length; i += 8) {
        const uint64_t word = strtoull(at, &at, 16);
        assert_int_equal(*at++, ',');
        for (size_t j = 0; j < 8 && i + j < *length; j++)
            bytes[i + j] = (unsigned char)(word >> 8 * j);
        assert_true(*length - i >= 8 || word >> 8 * (*length - i) == 0);
    }
    at += strspn(at, " \n");
    assert_int_equal(*at, '}');
    return bytes;
}

static void expect_same_tensors(an_tensor_file *a, an_tensor_file *b)
{
    assert_int_equal(an_tensor_file_count(a), an_tensor_file_count(b));
    for (int i = 0; i < an_tensor_file_count(a); i++) {
        an_shape x, y;
        const char *name = an_tensor_file_entry(a, i)->name;
        float *p = read_tensor(a, name, &x), *q = read_tensor(b, name, &y);
        assert_true(an_shape_equal(x, y));
        assert_memory_equal(p, q, (size_t)an_shape_count(x) * sizeof *p);
        an_free(p);
        an_free(q);
    }
}

/* The words of the C file are a safetensors file, which has what the file of that name has but for
 * checksums; the header declares them. */
static void test_c_array(void **state)
{
    (void)state;
    static const char *const keys[] = {AN_METADATA_FORMAT, AN_METADATA_NETWORK, AN_METADATA_CLASSES,
                                       AN_METADATA_NAMES};
    net_rig rig;
    an_tensor_file *array;
    const an_export_format *format;
    size_t length, text_length;
    open_rig(&rig, "alexnet-mini", "cpu");
    expect_ok(an_export_find(&format, NULL, "my-model.c"));
    expect_ok(an_export(format, "my-model.c", rig.net, &classes, "", &plain));
    an_tensor_file *file = write_and_open(&rig, &plain);
    char *text = (char *)scratch_read("my-model.c", &text_length);
    char *header = (char *)scratch_read("my-model.h", &text_length);
    assert_non_null(strstr(header, "extern const uint64_t my_model_data[];"));
    assert_non_null(strstr(header, "extern const size_t my_model_length;"));
    unsigned char *bytes = bytes_of_array(text, &length);
    expect_ok(rig_try_bytes(&array, "my-model.c", bytes, length));
    expect_same_tensors(file, array);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_string_equal(an_tensor_file_metadata(array, keys[i]),
                            an_tensor_file_metadata(file, keys[i]));
    assert_non_null(an_tensor_file_metadata(file, "alexnet.crc32"));
    assert_null(an_tensor_file_metadata(array, "alexnet.crc32"));
    an_tensor_file_close(file);
    an_tensor_file_close(array);
    an_free(bytes);
    free(text);
    free(header);
    rig_close(&rig);
}

/* A file name that is not a C identifier; a path without the ending; weights of two bytes, whose
 * length is not a multiple of a word. */
static void test_c_names(void **state)
{
    (void)state;
    net_rig rig;
    size_t length;
    an_export_options options = plain;
    options.weights = AN_BF16;
    open_rig(&rig, "alexnet-mini", "cpu");
    expect_ok(an_export(&an_export_c, "2012 caf\xc3\xa9.C", rig.net, &classes, "", &options));
    char *text = (char *)scratch_read("2012 caf\xc3\xa9.h", &length);
    assert_non_null(strstr(text, "const uint64_t model_2012_caf___data[];"));
    free(text);
    expect_ok(an_export(&an_export_c, "main", rig.net, &classes, "", &options));
    text = (char *)scratch_read("main.h", &length);
    assert_non_null(strstr(text, "const uint64_t main_data[];"));
    free(text);
    rig_close(&rig);
}

/* A header of other origin is not replaced, nor is anything written; one of ours is. */
static void test_c_header_of_others(void **state)
{
    (void)state;
    net_rig rig;
    size_t length;
    static const char *const others[] = {"#define MINE 1\n", "", "/*\n * A model\n"};
    open_rig(&rig, "alexnet-mini", "cpu");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        scratch_text("m.h", others[i]);
        expect_failure(an_export(&an_export_c, "m.c", rig.net, &classes, "", &plain),
                       ALEXNET_ERROR_INVALID_ARGUMENT, "m.h exists, and is not from this program");
        assert_int_equal(access("m.c", F_OK), -1);
        char *text = (char *)scratch_read("m.h", &length);
        assert_true(length == strlen(others[i]) && memcmp(text, others[i], length) == 0);
        free(text);
    }
    char *large = an_calloc(1 << 21, 1);
    scratch_write("m.h", large, 1 << 21);
    an_free(large);
    expect_failure(an_export(&an_export_c, "m.c", rig.net, &classes, "", &plain),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "m.h exists, and is not from this program");
    assert_int_equal(remove("m.h"), 0);
    for (int times = 0; times < 2; times++)
        expect_ok(an_export(&an_export_c, "m.c", rig.net, &classes, "", &plain));
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_torchvisions_names),
        cmocka_unit_test(test_names_of_2012),
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
        IN_SCRATCH(test_what_formats_cannot_hold),
        IN_SCRATCH(test_names_that_do_not_suit),
        IN_SCRATCH(test_towers),
        IN_SCRATCH(test_half_precision),
        IN_SCRATCH(test_too_large_for_half),
        IN_SCRATCH(test_c_array),
        IN_SCRATCH(test_c_header_of_others),
        IN_SCRATCH(test_c_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
