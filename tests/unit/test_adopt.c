/*
 * Models from files of other programs: the values of their tensors, against plain computations; the
 * mean and the class names, which such a file may lack.
 */
#include "recognise_rig.h"
#include "scratch.h"

#include "base/alloc.h"
#include "format/safetensors.h"
#include "train/init_from.h"

/* ---- Values ---- */

/* The value at place i. Up to 8388593 values differ from each other, and float32 holds them
 * exactly. */
static float value_at(int64_t i)
{
    return (float)(i % 8388593) / 1024.0f - 4096.0f;
}

typedef struct source {
    char name[96];
    an_shape shape;
    float *values;
} source;

static float *make_values(int64_t count, int64_t from)
{
    float *values = an_malloc((size_t)count * sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < count; i++)
        values[i] = value_at(from + i);
    return values;
}

static alexnet_status put_metadata(void *writer, const char *key, const char *value)
{
    return an_tensor_writer_metadata(writer, key, value);
}

/* @param network  which our metadata says that the file is; NULL: without metadata */
static void write_sources_as(const char *path, source *sources, int count,
                             const alexnet_network *network)
{
    an_tensor_writer *writer;
    an_classes classes;
    expect_ok(an_tensor_writer_new(&writer, path));
    if (network) {
        expect_ok(an_classes_presume(&classes, network->classes, true));
        expect_ok(an_model_metadata_write_to(put_metadata, writer, network, &classes));
        an_classes_free(&classes);
    }
    for (int i = 0; i < count; i++)
        expect_ok(an_tensor_writer_declare(writer, sources[i].name, AN_F32, sources[i].shape));
    for (int i = 0; i < count; i++)
        expect_ok(an_tensor_writer_data(writer, sources[i].values,
                                        (size_t)an_shape_count(sources[i].shape) * 4));
    expect_ok(an_tensor_writer_commit(writer));
    for (int i = 0; i < count; i++)
        an_free(sources[i].values);
}

static void write_sources(const char *path, source *sources, int count)
{
    write_sources_as(path, sources, count, NULL);
}

static const float *tensor_of(const alexnet_model *model, const char *name, int64_t *count)
{
    alexnet_tensor_info info;
    for (int i = 0; i < alexnet_model_tensor_count(model); i++) {
        expect_ok(alexnet_model_tensor(model, i, &info));
        if (strcmp(info.name, name) != 0)
            continue;
        *count = 1;
        for (int d = 0; d < info.rank; d++)
            *count *= info.shape[d];
        return info.data;
    }
    fail_msg("no tensor %s", name);
    return NULL;
}

static alexnet_model *open_model(alexnet_ctx **ctx, const char *path, const char *net)
{
    alexnet_model *model;
    alexnet_load_options options = ALEXNET_LOAD_OPTIONS_INIT;
    options.net = net;
    expect_ok(alexnet_ctx_new(ctx, NULL));
    expect_ok(alexnet_model_load_with(&model, *ctx, path, &options));
    return model;
}

/* Two towers become groups: the outputs of the second follow those of the first, and in the second
 * tower's fc7 the halves of each row are swapped. */
static void test_towers_to_groups(void **state)
{
    (void)state;
    source sources[ENTRIES];
    alexnet_ctx *ctx;
    add_network("alexnet-mini", 10, AN_NAMES_TOWERS, "");
    int64_t at = 0;
    for (int i = 0; i < fake.count; i++) {
        snprintf(sources[i].name, sizeof sources[i].name, "%s", fake.names[i]);
        sources[i].shape = fake.entries[i].shape;
        sources[i].values = make_values(an_shape_count(sources[i].shape), at);
        at += an_shape_count(sources[i].shape);
    }
    write_sources("towers.safetensors", sources, fake.count);
    alexnet_model *model = open_model(&ctx, "towers.safetensors", NULL);
    /* The file holds the two towers of a tensor one after the other, as the net holds its
     * groups. */
    static const char *const names[] = {"conv1", "conv2", "conv3", "conv4",
                                        "conv5", "fc6",   "fc7",   "fc8"};
    at = 0;
    for (int i = 0; i < 8; i++)
        for (int which = 0; which < 2; which++) {
            char name[32];
            int64_t count;
            snprintf(name, sizeof name, "%s.%s", names[i], which ? "bias" : "weight");
            const float *values = tensor_of(model, name, &count);
            const bool swapped = i == 6 && !which;
            for (int64_t j = 0; j < count; j++) {
                int64_t from = j;
                if (swapped && j >= count / 2)
                    from = j / 256 * 256 + (j % 256 + 128) % 256;
                if (values[j] != value_at(at + from))
                    fail_msg("%s, element %lld", name, (long long)j);
            }
            at += count;
        }
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
}

/* A transposed matrix that is larger than the band that is transposed at a time. */
static void test_transposed_values(void **state)
{
    (void)state;
    enum { IN = 3 * 64 * 64, OUT = 400, CLASSES = 3 };
    static const char text[] = "[input]\nsize = 64\nside = 64\nmean = none\n"
                               "[f]\ntype = fc\ninputs = input\noutputs = 400\n"
                               "[g]\ntype = fc\ninputs = f\noutputs = classes\n"
                               "[p]\ntype = softmax\ninputs = g\n";
    source sources[] = {
        {"f.weight", an_shape_of(2, IN, OUT), make_values((int64_t)IN * OUT, 0)},
        {"f.bias", an_shape_of(1, OUT), make_values(OUT, 7)},
        {"g.weight", an_shape_of(2, OUT, CLASSES), make_values(OUT * CLASSES, 11)},
        {"g.bias", an_shape_of(1, CLASSES), make_values(CLASSES, 13)},
    };
    alexnet_ctx *ctx;
    int64_t count;
    scratch_text("turned.ini", text);
    write_sources("turned.safetensors", sources, 4);
    alexnet_model *model = open_model(&ctx, "turned.safetensors", "turned.ini");
    const float *f = tensor_of(model, "f.weight", &count);
    assert_int_equal(count, IN * OUT);
    for (int64_t out = 0; out < OUT; out++)
        for (int64_t in = 0; in < IN; in++)
            if (f[out * IN + in] != value_at(in * OUT + out))
                fail_msg("f.weight, output %lld, input %lld", (long long)out, (long long)in);
    const float *g = tensor_of(model, "g.weight", &count);
    for (int64_t i = 0; i < count; i++)
        assert_true(g[i] == value_at(11 + i % OUT * CLASSES + i / OUT));
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
}

/* ---- Mean and classes ---- */

/* A file of alexnet-mini under our names; with a mean image unless mean_side is 0; without the
 * tensors whose names begin with `without`. */
static void write_some(const char *path, int classes, int mean_side, const char *without)
{
    source sources[ENTRIES];
    int count = 0;
    add_network("alexnet-mini", classes, AN_NAMES_OURS, "");
    for (int i = 0; i < fake.count; i++) {
        if (strncmp(fake.names[i], without, strlen(without)) == 0)
            continue;
        snprintf(sources[count].name, sizeof sources[count].name, "%s", fake.names[i]);
        sources[count].shape = fake.entries[i].shape;
        sources[count].values = make_values(an_shape_count(sources[count].shape), 5);
        count++;
    }
    if (mean_side) {
        snprintf(sources[count].name, sizeof sources[count].name, "input.mean");
        sources[count].shape = an_shape_of(3, 3, mean_side, mean_side);
        sources[count].values = make_values((int64_t)3 * mean_side * mean_side, 100);
        count++;
    }
    write_sources(path, sources, count);
}

static void write_mini(const char *path, int classes, int mean_side)
{
    write_some(path, classes, mean_side, "none at all");
}

static void expect_mean(const char *path, const char *mean, const float *values, int count)
{
    alexnet_ctx *ctx;
    alexnet_model *model;
    alexnet_load_options options = ALEXNET_LOAD_OPTIONS_INIT;
    int64_t n;
    options.mean = mean;
    expect_ok(alexnet_ctx_new(&ctx, NULL));
    expect_ok(alexnet_model_load_with(&model, ctx, path, &options));
    const float *found = tensor_of(model, "input.mean", &n);
    assert_int_equal(n, count);
    for (int i = 0; i < count; i++)
        assert_true(found[i] == values[i]);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
}

static void test_means(void **state)
{
    (void)state;
    static const float imagenet[] = {122.679f, 116.669f, 104.007f};
    enum { SIDE = 64, AREA = SIDE * SIDE };
    static unsigned char npy[128 + 3 * AREA * 8];
    float *image = make_values(3 * AREA, 100), *turned = make_values(3 * AREA, 100);
    write_mini("none.safetensors", 10, 0);
    expect_mean("none.safetensors", NULL, imagenet, 3); /* RGB, as the network has them */
    write_mini("own.safetensors", 10, SIDE);
    expect_mean("own.safetensors", NULL, image, 3 * AREA);
    expect_mean("none.safetensors", "own.safetensors", image, 3 * AREA);
    write_mini("small.safetensors", 10, 32); /* not of this network's pictures */
    expect_mean("small.safetensors", NULL, imagenet, 3);
    /* NumPy's array is in Caffe's order, blue first. */
    memset(npy, ' ', 128);
    memcpy(npy, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(npy + 10, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 64, 64), }", 64);
    npy[127] = '\n';
    for (int i = 0; i < 3 * AREA; i++) {
        const double value = image[i];
        memcpy(npy + 128 + 8 * i, &value, sizeof value);
        turned[(2 - i / AREA) * AREA + i % AREA] = image[i];
    }
    scratch_write("mean.npy", npy, sizeof npy);
    expect_mean("none.safetensors", "mean.npy", turned, 3 * AREA);
    an_free(image);
    an_free(turned);
}

/* A mean colour takes the place of a mean image wherever the line [input] stands: a byte order mark
 * and white space may come before it. */
static void test_mean_in_odd_texts(void **state)
{
    (void)state;
    static const char *const before[] = {"", "\xEF\xBB\xBF", "\v", "\f\t", "\xEF\xBB\xBF \v"};
    const float colour[] = {50, 60, 70};
    const char *mini = NULL;
    for (int i = 0; alexnet_network_builtin(i); i++)
        if (strcmp(alexnet_network_builtin(i)->name, "alexnet-mini") == 0)
            mini = strstr(alexnet_network_builtin(i)->text, "[input]");
    assert_non_null(mini);
    write_mini("none.safetensors", 10, 0);
    source means = {.name = "input.mean", .shape = an_shape_of(1, 3), .values = make_values(3, 0)};
    memcpy(means.values, colour, sizeof colour);
    write_sources("colour.safetensors", &means, 1);
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        alexnet_load_options o = ALEXNET_LOAD_OPTIONS_INIT;
        alexnet_ctx *ctx;
        alexnet_model *model;
        int64_t n;
        char *text = an_format("%s%s", before[i], mini);
        assert_non_null(text);
        scratch_text("odd.ini", text);
        an_free(text);
        o.net = "odd.ini";
        o.mean = "colour.safetensors";
        expect_ok(alexnet_ctx_new(&ctx, NULL));
        expect_ok(alexnet_model_load_with(&model, ctx, "none.safetensors", &o));
        const float *found = tensor_of(model, "input.mean", &n);
        assert_int_equal(n, 3);
        assert_memory_equal(found, colour, sizeof colour);
        alexnet_model_free(model);
        alexnet_ctx_free(ctx);
    }
}

static void expect_refused(alexnet_load_options options, alexnet_status status, const char *part)
{
    alexnet_ctx *ctx;
    alexnet_model *model;
    expect_ok(alexnet_ctx_new(&ctx, NULL));
    expect_failure(alexnet_model_load_with(&model, ctx, "none.safetensors", &options), status,
                   part);
    assert_null(model);
    alexnet_ctx_free(ctx);
}

static void test_options_that_do_not_fit(void **state)
{
    (void)state;
    alexnet_load_options o = ALEXNET_LOAD_OPTIONS_INIT;
    write_mini("none.safetensors", 3, 0);
    write_mini("small.safetensors", 3, 32);
    o.mean = "small.safetensors";
    expect_refused(o, ALEXNET_ERROR_FORMAT,
                   "small.safetensors is a mean of pictures of 32x32; those of alexnet-mini have "
                   "64x64");
    o.mean = "none.safetensors";
    expect_refused(o, ALEXNET_ERROR_FORMAT, "none.safetensors has no tensor input.mean");
    o.mean = "nowhere";
    expect_refused(o, ALEXNET_ERROR_IO, "nowhere");
    o.mean = NULL;
    scratch_text("two.txt", "a one\nb two\n");
    o.names_file = "two.txt";
    expect_refused(o, ALEXNET_ERROR_FORMAT, "two.txt names 2 classes; none.safetensors has 3");
    scratch_text("four.txt", "a one\nb two\nc three\nd four\n");
    o.names_file = "four.txt";
    expect_refused(o, ALEXNET_ERROR_FORMAT, "four.txt names 4 classes; none.safetensors has 3");
    scratch_text("same.txt", "a one\nb two\na three\n");
    o.names_file = "same.txt";
    expect_refused(o, ALEXNET_ERROR_FORMAT, "same.txt names a twice, in lines 1 and 3");
    scratch_text("empty.txt", "\n");
    o.names_file = "empty.txt";
    expect_refused(o, ALEXNET_ERROR_FORMAT, "empty.txt has 0 class names");
}

static void test_classes(void **state)
{
    (void)state;
    alexnet_ctx *ctx;
    alexnet_model *model;
    alexnet_load_options options = ALEXNET_LOAD_OPTIONS_INIT;
    write_mini("thousand.safetensors", 1000, 0);
    model = open_model(&ctx, "thousand.safetensors", NULL);
    assert_string_equal(alexnet_model_class_id(model, 0), "n01440764");
    assert_string_equal(alexnet_model_class_name(model, 0), "tench, Tinca tinca");
    assert_string_equal(alexnet_model_class_id(model, 999), "n15075141");
    assert_string_equal(alexnet_model_class_name(model, 999),
                        "toilet tissue, toilet paper, bathroom tissue");
    alexnet_model_free(model);
    write_mini("three.safetensors", 3, 0);
    scratch_text("names.txt", "z last\na\tfirst one\nm mid\n");
    options.names_file = "names.txt";
    expect_ok(alexnet_model_load_with(&model, ctx, "three.safetensors", &options));
    assert_string_equal(alexnet_model_class_id(model, 0), "z");
    assert_string_equal(alexnet_model_class_name(model, 1), "first one");
    alexnet_model_free(model);
    model = NULL;
    expect_ok(alexnet_model_load(&model, ctx, "three.safetensors"));
    assert_string_equal(alexnet_model_class_id(model, 2), "2");
    assert_string_equal(alexnet_model_class_name(model, 2), "class 2");
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
}

/* A graph of one ReLU, as the onnx package writes it: it has no weights that would tell the number
 * of classes. */
static void test_a_network_without_weights(void **state)
{
    (void)state;
    static const char relu[] =
        "\x08\x0e\x3a\x3b\x0a\x0c\x0a\x01x\x12\x01y\x22\x04Relu\x12\x01gZ\x1d\x0a\x01x\x12\x18\x0a"
        "\x16"
        "\x08\x01\x12\x12\x0a\x02\x08\x01\x0a\x02\x08\x03\x0a\x03\x08\xe0\x01\x0a\x03\x08\xe0\x01"
        "b\x09\x0a\x01y\x12\x04\x0a\x02\x08\x01\x42\x02\x10\x1c";
    alexnet_ctx *ctx;
    alexnet_model *model;
    expect_ok(alexnet_ctx_new(&ctx, NULL));
    scratch_text("relu.onnx", relu);
    expect_failure(alexnet_model_load(&model, ctx, "relu.onnx"), ALEXNET_ERROR_FORMAT,
                   "relu.onnx: its network has no convolutions and no fully connected layers");
    alexnet_ctx_free(ctx);
}

/* ---- Tensors that no parameter is read from ---- */

static char heard[4096];

static void listen(void *user, alexnet_log_level level, const char *line)
{
    const size_t length = strlen(heard);
    (void)user;
    if (level == ALEXNET_LOG_WARNING)
        snprintf(heard + length, sizeof heard - length, "%s\n", line);
}

/* Add tensors to those of `fake`, load the file, and compare the warnings. @param ours  the
 * network in its metadata, or NULL */
static void expect_warnings_of(const char *const *more, const alexnet_network *ours,
                               const char *net, const char *expected)
{
    source sources[ENTRIES];
    alexnet_ctx *ctx;
    alexnet_model *model;
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    alexnet_load_options how = ALEXNET_LOAD_OPTIONS_INIT;
    for (; *more; more++)
        add(*more, strstr(*more, "bias") ? an_shape_of(1, 3) : an_shape_of(4, 1, 3, 1, 1));
    for (int i = 0; i < fake.count; i++) {
        snprintf(sources[i].name, sizeof sources[i].name, "%.90s", fake.names[i]);
        sources[i].shape = fake.entries[i].shape;
        sources[i].values = make_values(an_shape_count(sources[i].shape), 4194304);
    }
    write_sources_as("more.safetensors", sources, fake.count, ours);
    heard[0] = '\0';
    options.log = listen;
    how.net = net;
    expect_ok(alexnet_ctx_new(&ctx, &options));
    expect_ok(alexnet_model_load_with(&model, ctx, "more.safetensors", &how));
    assert_string_equal(heard, expected);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
}

static void expect_warnings(const char *const *more, const char *net, const char *expected)
{
    expect_warnings_of(more, NULL, net, expected);
}

/* A file whose metadata is ours, but to which another program added tensors, or in which it
 * changed names. */
static void test_what_is_not_used_of_ours(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    static const char *const more[] = {"conv6.weight", "conv6.bias", "lpips.1.weight",
                                       "momentum.conv1.weight", NULL};
    alexnet_network *network;
    alexnet_ctx *ctx;
    alexnet_model *model;
    expect_ok(an_network_load(&network, "alexnet-mini", 4));
    add_network("alexnet-mini", 4, AN_NAMES_OURS, "");
    add("input.mean", an_shape_of(3, 3, network->input.side, network->input.side));
    expect_warnings_of(none, network, NULL, "");
    expect_warnings_of(
        more, network, NULL,
        "more.safetensors: tensor conv6.weight is not used: alexnet-mini has no layer for it\n"
        "more.safetensors: tensor conv6.bias is not used: alexnet-mini has no layer for it\n");
    add_network("alexnet-mini", 4, AN_NAMES_OURS, "");
    add("input.mean", an_shape_of(3, 3, network->input.side, network->input.side));
    for (int i = 0; i < 16; i++)
        snprintf(fake.names[i], sizeof fake.names[i], "arr_%d", i);
    expect_warnings_of(none, network, NULL,
                       "more.safetensors: the names of its tensors are not known; layers are found "
                       "by the shapes of its tensors alone\n");
    add_network("alexnet-mini", 4, AN_NAMES_OURS, "");
    source norm = {"conv1.running_var", an_shape_of(1, 3), make_values(3, 0)};
    write_sources_as("norm.safetensors", &norm, 1, network);
    expect_ok(alexnet_ctx_new(&ctx, NULL));
    expect_failure(alexnet_model_load(&model, ctx, "norm.safetensors"), ALEXNET_ERROR_UNSUPPORTED,
                   "norm.safetensors has batch normalisation (conv1.running_var)");
    alexnet_ctx_free(ctx);
    an_network_release(network);
}

static void test_what_is_not_used(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    static const char *const few[] = {"conv6.weight", "fc6.lora_A.weight", "linear.bias", NULL};
    static const char *const known[] = {"lin0.model.1.weight", "lpips.1.weight",
                                        "lins.2.model.1.weight", "scaling_layer.shift", NULL};
    static const char *const many[] = {"a.weight", "b.weight", "c.weight", "d.weight", "e.weight",
                                       "f.weight", "g.weight", "h.weight", "i.weight", "j.weight",
                                       "k.bias",   "l.bias",   NULL};
    static const char said[] =
        "more.safetensors: tensor conv6.weight is not used: alexnet-mini has no layer for it\n"
        "more.safetensors: tensor fc6.lora_A.weight is not used: alexnet-mini has no layer for it\n"
        "more.safetensors: tensor linear.bias is not used: alexnet-mini has no layer for it\n";
    add_network("alexnet-mini", 4, AN_NAMES_OURS, "");
    expect_warnings(none, NULL, "");
    for (int i = 0; i < 2; i++) {
        add_network("alexnet-mini", 4, AN_NAMES_OURS, "");
        expect_warnings(few, i ? "alexnet-mini" : NULL, said);
    }
    add_network("alexnet-mini", 4, AN_NAMES_OURS, "");
    for (int i = 0; i < 16; i++) {
        char name[160];
        snprintf(name, sizeof name, "ema.%.100s", fake.names[i]);
        if (strncmp(fake.names[i], "conv", 4) == 0)
            add(name, fake.entries[i].shape);
    }
    expect_warnings(none, NULL,
                    "more.safetensors: the weights under \"\" are used, not those under \"ema.\"\n"
                    "more.safetensors: tensor ema.conv1.weight is not used: alexnet-mini has no "
                    "layer for it\n"
                    "more.safetensors: tensor ema.conv1.bias is not used: alexnet-mini has no "
                    "layer for it\n"
                    "more.safetensors: tensor ema.conv2.weight is not used: alexnet-mini has no "
                    "layer for it\n"
                    "more.safetensors: tensor ema.conv2.bias is not used: alexnet-mini has no "
                    "layer for it\n"
                    "more.safetensors: tensor ema.conv3.weight is not used: alexnet-mini has no "
                    "layer for it\n"
                    "more.safetensors: tensor ema.conv3.bias is not used: alexnet-mini has no "
                    "layer for it\n"
                    "more.safetensors: tensor ema.conv4.weight is not used: alexnet-mini has no "
                    "layer for it\n"
                    "more.safetensors: tensor ema.conv4.bias is not used: alexnet-mini has no "
                    "layer for it\n"
                    "more.safetensors: tensor ema.conv5.weight is not used: alexnet-mini has no "
                    "layer for it\n"
                    "more.safetensors: tensor ema.conv5.bias is not used: alexnet-mini has no "
                    "layer for it\n");
    add_network("alexnet-mini", 4, AN_NAMES_TOWERS, "");
    expect_warnings(known, NULL, "");
    add_network("alexnet-mini", 4, AN_NAMES_OURS, "");
    expect_warnings(many, NULL,
                    "more.safetensors: tensor a.weight is not used: alexnet-mini has no layer "
                    "for it\n"
                    "more.safetensors: tensor b.weight is not used: alexnet-mini has no layer "
                    "for it\n"
                    "more.safetensors: tensor c.weight is not used: alexnet-mini has no layer "
                    "for it\n"
                    "more.safetensors: tensor d.weight is not used: alexnet-mini has no layer "
                    "for it\n"
                    "more.safetensors: tensor e.weight is not used: alexnet-mini has no layer "
                    "for it\n"
                    "more.safetensors: tensor f.weight is not used: alexnet-mini has no layer "
                    "for it\n"
                    "more.safetensors: tensor g.weight is not used: alexnet-mini has no layer "
                    "for it\n"
                    "more.safetensors: tensor h.weight is not used: alexnet-mini has no layer "
                    "for it\n"
                    "more.safetensors: tensor i.weight is not used: alexnet-mini has no layer "
                    "for it\n"
                    "more.safetensors: tensor j.weight is not used: alexnet-mini has no layer "
                    "for it\n"
                    "more.safetensors: 2 more tensors are not used\n");
}

/* ---- Beginning from one ---- */

/* With another number of classes everything but the last layer is taken. Where the file lacks
 * layers, those that it has are taken. */
static void test_begin_from_it(void **state)
{
    (void)state;
    static const struct {
        const char *lacks;
        int taken;
    } cases[] = {{"none at all", 14}, {"fc", 10}};
    alexnet_ctx *ctx;
    expect_ok(alexnet_ctx_new(&ctx, NULL));
    for (int i = 0; i < 2; i++) {
        alexnet_network *network;
        an_net *net;
        an_classes classes;
        bool has_mean;
        int taken = 0;
        write_some("ten.safetensors", 10, 0, cases[i].lacks);
        expect_ok(an_init_from_network(&network, ctx, "ten.safetensors", 3));
        assert_string_equal(network->name, "alexnet-mini");
        assert_int_equal(network->classes, 3);
        assert_int_equal(network->input.mean, AN_INPUT_MEAN_FIXED);
        expect_ok(an_net_new(&net, ctx, network, true));
        expect_ok(an_classes_presume(&classes, 3, true));
        expect_ok(an_init_from(net, &classes, "ten.safetensors", &has_mean));
        assert_false(has_mean);
        for (int p = 0; p < net->count; p++) {
            float first[2];
            expect_ok(an_net_read_part(net, AN_VALUES, p, 0, 2, first, AN_F32));
            taken += first[0] == value_at(5) && first[1] == value_at(6);
        }
        assert_int_equal(taken, cases[i].taken);
        an_classes_free(&classes);
        an_net_release(net);
        an_network_release(network);
    }
    alexnet_ctx_free(ctx);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_towers_to_groups),
        IN_SCRATCH(test_transposed_values),
        IN_SCRATCH(test_means),
        IN_SCRATCH(test_mean_in_odd_texts),
        IN_SCRATCH(test_options_that_do_not_fit),
        IN_SCRATCH(test_classes),
        IN_SCRATCH(test_a_network_without_weights),
        IN_SCRATCH(test_what_is_not_used),
        IN_SCRATCH(test_what_is_not_used_of_ours),
        IN_SCRATCH(test_begin_from_it),
    };
    return cmocka_run_group_tests_name("files of other programs", tests, NULL, clear_after_group);
}
