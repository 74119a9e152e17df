/*
 * Model files: what is written is read again, and hostile metadata or tensors are refused with the
 * file's name and what is wrong.
 */
#include "net_rig.h"
#include "scratch.h"
#include "tensor_rig.h"

#include <math.h>

#include "model/model_open.h"

static const char small_net[] =
    "[input]\nsize = 6\nside = 8\nmean = image\n"
    "[c]\ntype = conv\ninputs = input\nfilters = 2\nfilterSize = 3\nneuron = relu\n"
    "[f]\ntype = fc\ninputs = c\noutputs = classes\n"
    "[p]\ntype = softmax\ninputs = f\n";

static char *ids[] = {"n01", "n02 \"quoted\"", "\xc3\xa4pfel/\n"};
static char *names[] = {"one", "two, three\\", "\xf0\x9f\x8d\x8e"};
static const an_classes classes = {3, ids, names};

static void write_model(net_rig *rig, const char *path, bool momentum)
{
    static const an_metadata metadata = {"alexnet.provenance", "a test"};
    const an_model_more more = {.metadata = &metadata, .n_metadata = 1};
    expect_ok(an_model_file_write(path, rig->net, AN_VALUES, &classes, momentum, &more));
}

static void open_rig(net_rig *rig, const char *device, bool training)
{
    an_program_options options = training ? an_program_training(2, 1) : an_program_inference(2, 2);
    rig_open(rig, rig_ctx(device, ALEXNET_PRECISION_FP32, 1), rig_parse(small_net, 3), &options, 5);
}

static alexnet_status open_file(const char *path, an_model_file *file)
{
    alexnet_status rc =
        an_model_file_open(file, NULL, rig_reader(path), &(an_model_options){.ours = true});
    if (rc != ALEXNET_OK) {
        assert_null(file->tensors);
        assert_null(file->network);
        assert_null(file->classes.ids);
        assert_null(file->classes.names);
    }
    return rc;
}

static void expect_equal(const net_rig *rig, an_net *net, an_arena arena)
{
    for (int i = 0; i < net->count; i++) {
        size_t bytes = (size_t)net->params[i].count * sizeof(double);
        if (arena == AN_MOMENTUM && !net->params[i].learned)
            continue;
        double *expected = rig_read(rig, arena, i), *got = an_malloc(bytes);
        assert_non_null(got);
        expect_ok(an_net_read(net, arena, i, got, AN_F64));
        assert_memory_equal(got, expected, bytes);
        an_free(expected);
        an_free(got);
    }
}

/* An added arena is saved in checkpoints; a net without that arena can read them too. */
static void test_named_arenas(void **state)
{
    (void)state;
    net_rig rig;
    an_model_file file;
    an_net *with, *without;
    an_arena average, again;
    open_rig(&rig, "ref", true);
    expect_ok(an_net_add_arena(rig.net, "average", true, &average));
    assert_int_equal(an_net_find_arena(rig.net, "average"), average);
    for (int i = 0; i < rig.net->count; i++) {
        double *values = rig_read(&rig, AN_VALUES, i);
        for (int64_t j = 0; j < rig.net->params[i].count; j++)
            values[j] *= 3;
        expect_ok(an_net_write(rig.net, average, i, values, AN_F64));
        an_free(values);
    }
    write_model(&rig, "average.safetensors", true);
    expect_ok(open_file("average.safetensors", &file));
    expect_ok(an_net_new(&with, rig.ctx, file.network, true));
    expect_ok(an_net_new(&without, rig.ctx, file.network, true));
    expect_ok(an_net_add_arena(with, "average", true, &again));
    expect_ok(an_model_file_state(&file, without));
    expect_ok(an_model_file_state(&file, with));
    for (int i = 0; i < with->count; i++) {
        if (!with->params[i].learned)
            continue;
        double *expected = rig_read(&rig, AN_VALUES, i);
        double *got = an_calloc((size_t)with->params[i].count, sizeof *got);
        assert_non_null(got);
        expect_ok(an_net_read(with, again, i, got, AN_F64));
        for (int64_t j = 0; j < with->params[i].count; j++)
            assert_true(got[j] == 3 * expected[j]);
        an_free(expected);
        an_free(got);
    }
    an_net_release(with);
    an_net_release(without);
    an_model_file_close(&file);
    rig_close(&rig);
}

/* Tensors that are written in several pieces: the weights, and their momentum. */
static void check_pieces(const char *device)
{
    static const char large[] = "[input]\nsize = 16\nside = 16\nmean = none\n"
                                "[f]\ntype = fc\ninputs = input\noutputs = 511\n"
                                "[g]\ntype = fc\ninputs = f\noutputs = classes\n"
                                "[p]\ntype = softmax\ninputs = g\n";
    static const char *const tensors[] = {"f.weight", "momentum.f.weight"};
    enum { COUNT = 16 * 16 * 3 * 511 };
    if (!rig_has_device(device))
        return;
    an_net *net = rig_net(device, rig_parse(large, 3), true);
    const int index = an_net_find(net, "f.weight");
    double *values = an_calloc(COUNT, sizeof *values);
    assert_non_null(values);
    for (int a = 0; a < 2; a++) {
        for (int i = 0; i < COUNT; i++)
            values[i] = a ? -i : i;
        expect_ok(an_net_write(net, a ? AN_MOMENTUM : AN_VALUES, index, values, AN_F64));
    }
    expect_ok(an_model_file_write("large", net, AN_VALUES, &classes, true, NULL));
    an_tensor_file *file = rig_open_tensors("large");
    for (int a = 0; a < 2; a++) {
        int64_t count;
        double *got = rig_doubles(file, tensors[a], &count);
        assert_int_equal(count, COUNT);
        for (int i = 0; i < COUNT; i++)
            assert_true(got[i] == (a ? -i : i));
        an_free(got);
    }
    an_tensor_file_close(file);
    an_free(values);
    an_net_release(net);
}

static void test_pieces(void **state)
{
    (void)state;
    check_pieces("ref");
    check_pieces("cpu");
}

static void check_round_trip(const char *device, const char *reader)
{
    net_rig rig;
    an_model_file file;
    an_net *net;
    if (!rig_has_device(device) || !rig_has_device(reader))
        return;
    open_rig(&rig, device, true);
    rig_set_rates(&rig, 0.001, 0, 0.9);
    rig_run(&rig, 0);
    write_model(&rig, "m.safetensors", true);
    expect_ok(open_file("m.safetensors", &file));
    assert_string_equal(file.network->text, small_net);
    assert_int_equal(file.network->classes, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(file.classes.ids[i], ids[i]);
        assert_string_equal(file.classes.names[i], names[i]);
    }
    assert_string_equal(an_tensor_file_metadata(file.tensors, "alexnet.provenance"), "a test");
    expect_ok(an_net_new(&net, rig_ctx(reader, ALEXNET_PRECISION_FP32, 1), file.network, true));
    an_ctx_release(net->ctx); /* the net has its own reference */
    expect_ok(an_model_file_weights(&file, net));
    expect_ok(an_model_file_state(&file, net));
    if (strcmp(device, reader) == 0) {
        expect_equal(&rig, net, AN_VALUES);
        expect_equal(&rig, net, AN_MOMENTUM);
    }
    an_net_release(net);
    an_model_file_close(&file);
    rig_close(&rig);
}

static void test_round_trip(void **state)
{
    (void)state;
    check_round_trip("ref", "ref"); /* in double */
    check_round_trip("cpu", "cpu");
    check_round_trip("ref", "cpu");
    check_round_trip("cpu", "ref");
}

/* ---- Hostile files ---- */

typedef struct plan {
    const char *format, *network, *classes, *names;
    bool no_bias, wrong_shape, momentum, not_finite;
} plan;

static void write_plan(const plan *p, const char *path)
{
    an_tensor_writer *writer;
    float values[3 * 8 * 8] = {0};
    const struct {
        const char *key, *value;
    } metadata[] = {{"alexnet.format", p->format},
                    {"alexnet.network", p->network},
                    {"alexnet.classes", p->classes},
                    {"alexnet.names", p->names}};
    const struct {
        const char *name;
        an_shape shape;
    } tensors[] = {{"input.mean", an_shape_of(3, 3, 8, 8)},
                   {"c.weight", an_shape_of(4, 2, 3, 3, 3)},
                   {"c.bias", an_shape_of(1, 2)},
                   {"f.weight", p->wrong_shape ? an_shape_of(2, 32, 3) : an_shape_of(2, 3, 32)},
                   {"f.bias", an_shape_of(1, 3)}};
    int count = p->no_bias ? 4 : 5;
    values[2] = p->not_finite ? NAN : 0;
    expect_ok(an_tensor_writer_new(&writer, path));
    for (int i = 0; i < 4; i++)
        if (metadata[i].value)
            expect_ok(an_tensor_writer_metadata(writer, metadata[i].key, metadata[i].value));
    for (int i = 0; i < count; i++)
        expect_ok(an_tensor_writer_declare(writer, tensors[i].name, AN_F32, tensors[i].shape));
    for (int i = 0; i < count; i++)
        expect_ok(
            an_tensor_writer_data(writer, values, (size_t)an_shape_count(tensors[i].shape) * 4));
    expect_ok(an_tensor_writer_commit(writer));
}

static const plan good = {
    "1", small_net, "[\"a\",\"b\",\"c\"]", "[\"A\",\"B\",\"C\"]", false, false, false, false};

static void expect_refused(plan p, alexnet_status status, const char *part)
{
    an_model_file file;
    write_plan(&p, "hostile.safetensors");
    expect_failure(open_file("hostile.safetensors", &file), status, part);
    assert_non_null(strstr(an_error_text(), "hostile.safetensors"));
}

static void test_metadata(void **state)
{
    (void)state;
    const alexnet_status bad = ALEXNET_ERROR_FORMAT;
    plan p = good;
#define REFUSED(field, value, status, part)                                                        \
    p = good;                                                                                      \
    p.field = value;                                                                               \
    expect_refused(p, status, part)
    REFUSED(format, NULL, bad, "its metadata has no alexnet.format");
    REFUSED(format, "2", ALEXNET_ERROR_UNSUPPORTED, "has format version 2; this program reads 1");
    REFUSED(format, "", ALEXNET_ERROR_UNSUPPORTED, "format version");
    REFUSED(network, NULL, bad, "its metadata has no alexnet.network");
    REFUSED(network, "", bad, "alexnet.network: there is no [input] section");
    REFUSED(network, "[input]\nsize = 6\nside = 8\n[p]\ntype = softmax\ninputs = q\n", bad,
            "alexnet.network:6: [p] inputs = q");
    REFUSED(classes, NULL, bad, "its metadata has no alexnet.classes");
    REFUSED(classes, "a,b,c", bad, "alexnet.classes is not a JSON array of 1 to 100000 strings");
    REFUSED(classes, "{\"a\":1}", bad, "alexnet.classes is not a JSON array");
    REFUSED(classes, "[]", bad, "alexnet.classes is not a JSON array of 1 to");
    REFUSED(classes, "[\"a\",2,\"c\"]", bad, "entry 1 of alexnet.classes is not a string");
    REFUSED(classes, "[\"a\",null,\"c\"]", bad, "entry 1 of alexnet.classes is not a string");
    REFUSED(classes, "[\"a\",\"b\\u0000c\",\"c\"]", bad, "alexnet.classes is not a JSON array");
    REFUSED(names, NULL, bad, "its metadata has no alexnet.names");
    REFUSED(names, "[\"A\"]", bad, "3 classes and 1 names");
    REFUSED(names, "[[[[", bad, "alexnet.names is not a JSON array");
#undef REFUSED
}

static void test_too_many_classes(void **state)
{
    (void)state;
    enum { COUNT = AN_CLASSES_MAX + 1 };
    char *list = an_malloc(5 * COUNT + 3), *end = list;
    assert_non_null(list);
    *end++ = '[';
    for (int i = 0; i < COUNT; i++)
        end += sprintf(end, "%s\"x\"", i ? "," : "");
    strcpy(end, "]");
    plan p = good;
    p.classes = list;
    expect_refused(p, ALEXNET_ERROR_FORMAT, "array of 1 to 100000 strings");
    an_free(list);
}

static void expect_no_weights(plan p, const char *part)
{
    an_model_file file;
    an_net *net;
    alexnet_ctx *ctx = rig_ctx("ref", ALEXNET_PRECISION_FP32, 1);
    write_plan(&p, "hostile.safetensors");
    expect_ok(open_file("hostile.safetensors", &file));
    expect_ok(an_net_new(&net, ctx, file.network, true));
    if (p.momentum)
        expect_ok(an_model_file_weights(&file, net));
    expect_failure(p.momentum ? an_model_file_state(&file, net) : an_model_file_weights(&file, net),
                   ALEXNET_ERROR_FORMAT, part);
    assert_non_null(strstr(an_error_text(), "hostile.safetensors"));
    an_net_release(net);
    an_model_file_close(&file);
    an_ctx_release(ctx);
}

static void test_tensors(void **state)
{
    (void)state;
    plan p = good;
    p.no_bias = true;
    expect_no_weights(p, "f.bias");
    p = good;
    p.wrong_shape = true;
    expect_no_weights(p, "[3, 32]");
    p = good;
    p.classes = p.names = "[\"a\",\"b\"]"; /* the network follows its classes */
    expect_no_weights(p, "[2, 32]");
    p = good;
    p.momentum = true;
    expect_no_weights(p, "momentum.c.weight");
    p = good;
    p.not_finite = true;
    expect_no_weights(p, "input.mean has values that are not finite");
}

/* A class folder whose name is not UTF-8 cannot be kept in JSON: the error names the remedy. */
static void test_names_that_cannot_be_written(void **state)
{
    (void)state;
    net_rig rig;
    char *strange[] = {"a", "b\xff", "c"};
    an_classes unwritable = {3, strange, names};
    open_rig(&rig, "ref", false);
    write_model(&rig, "kept.safetensors", false);
    size_t before, after;
    unsigned char *kept = scratch_read("kept.safetensors", &before);
    expect_failure(
        an_model_file_write("kept.safetensors", rig.net, AN_VALUES, &unwritable, false, NULL),
        ALEXNET_ERROR_UNSUPPORTED, "not UTF-8; rename its folder");
    unsigned char *now = scratch_read("kept.safetensors", &after);
    assert_int_equal(after, before);
    assert_memory_equal(now, kept, before);
    free(kept);
    free(now);
    rig_close(&rig);
}

/* Cut anywhere, a model is refused and never crashes. */
static void test_cut_short(void **state)
{
    (void)state;
    net_rig rig;
    size_t length;
    open_rig(&rig, "ref", false);
    write_model(&rig, "whole.safetensors", false);
    unsigned char *whole = scratch_read("whole.safetensors", &length);
    for (size_t cut = 0; cut < length; cut += cut < 1200 ? 1 : 97) {
        an_reader *reader;
        an_model_file file;
        expect_ok(an_reader_memory(&reader, "cut", whole, cut));
        expect_failure(an_model_file_open(&file, NULL, reader, NULL), ALEXNET_ERROR_FORMAT, "cut");
        assert_null(file.network);
    }
    free(whole);
    rig_close(&rig);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_named_arenas), IN_SCRATCH(test_round_trip),
        IN_SCRATCH(test_metadata),     IN_SCRATCH(test_too_many_classes),
        IN_SCRATCH(test_tensors),      IN_SCRATCH(test_names_that_cannot_be_written),
        IN_SCRATCH(test_cut_short),    IN_SCRATCH(test_pieces),
    };
    return cmocka_run_group_tests_name("model files", tests, NULL, NULL);
}
