/*
 * ONNX files with our metadata whose graph another program changed: they are read by their graph or
 * refused. Files whose graph and metadata are of different networks are written by the export, from
 * a network with the text of another; other changes are made in the written bytes.
 */
#include "net_rig.h"
#include "scratch.h"
#include "tensor_rig.h"

#include "model/export/export.h"
#include "model/model.h"
#include "train/init_from.h"

#define PATH "x.onnx"

static char *ids[] = {"a", "b"};
static const an_classes classes = {2, ids, ids};

/* A chain of layers that every reader knows. */
#define INPUT "[input]\nsize = 18\nside = 18\nmean = none\nchannels = rgb\nscale = 0.02\n"
#define CONV(name, from, pad)                                                                      \
    "[" name "]\ntype = conv\ninputs = " from "\nfilters = 4\nfilterSize = 3\nstride = 2\n"        \
    "padding = " pad "\nround = floor\nneuron = relu\n"
#define NORM                                                                                       \
    "[norm]\ntype = cmrnorm\ninputs = conv1\ngroups = 1\nsize = 3\nscale = 0.1\npow = 0.75\n"      \
    "minDiv = 2\ndivide = no\n"
#define POOL                                                                                       \
    "[pool]\ntype = pool\ninputs = conv2\npool = max\nsizeX = 3\nstride = 1\nround = floor\n"
#define DROP(kind) "[drop]\ntype = dropout\ninputs = pool\nkeep = 0.5\nkind = " kind "\n"
#define FC(from) "[fc3]\ntype = fc\ninputs = " from "\noutputs = classes\n"
#define PROBS "[probs]\ntype = softmax\ninputs = fc3\n"

static const char chain[] =
    INPUT CONV("conv1", "input", "1") NORM CONV("conv2", "norm", "1") POOL FC("pool") PROBS;
/* The same, but for names and a pooling that does nothing. */
static const char same_chain[] = INPUT CONV("conv1", "input", "1") NORM CONV("conv2", "norm", "1")
    POOL "[same]\ntype = pool\ninputs = pool\npool = max\nsizeX = 1\nstride = 1\n" FC("same") PROBS;
static const char factor_chain[] = INPUT CONV("conv1", "input", "1") NORM CONV("conv2", "norm", "1")
    POOL DROP("mask") FC("drop") PROBS;

/* What no reader of layers knows: towers, LRN within a map, joins, other neurons, a mean. */
static const char every[] =
    "[input]\nsize = 18\nside = 20\nmean = image\nchannels = bgr\nscale = 0.02\n"
    "[conv1]\ntype = conv\ninputs = input\nfilters = 2\ngroups = 1\nfilterSize = 5\nstride = 2\n"
    "padding = 0\nround = ceil\nneuron = tanh[1.7,0.66]\n"
    "[conv2]\ntype = conv\ninputs = input\nfilters = 2\nfilterSize = 5\nstride = 2\npadding = 0\n"
    "round = ceil\nneuron = relu\n"
    "[both]\ntype = concat\ninputs = conv1, conv2\n"
    "[norm]\ntype = cmrnorm\ninputs = both\ngroups = 2\nsize = 5\nscale = 0.1\npow = 0.75\n"
    "minDiv = 2\ndivide = no\n"
    "[rnorm]\ntype = rnorm\ninputs = norm\nsize = 3\nscale = 0.1\npow = 0.75\nminDiv = 1\n"
    "divide = yes\n"
    "[pool]\ntype = pool\ninputs = rnorm\npool = avg\nsizeX = 3\nstride = 2\nround = ceil\n"
    "[fc1]\ntype = fc\ninputs = pool\noutputs = 6\nneuron = logistic\n"
    "[fc2]\ntype = fc\ninputs = pool\noutputs = 6\n"
    "[sum]\ntype = eltsum\ninputs = fc1, fc2\n"
    "[drop]\ntype = dropout\ninputs = sum\nkeep = 0.25\nkind = mask\n"
    "[fc3]\ntype = fc\ninputs = drop\noutputs = classes\n"
    "[probs]\ntype = softmax\ninputs = fc3\n";

static void open_rig(net_rig *rig, const char *text)
{
    alexnet_network *network;
    an_program_options options = an_program_inference(1, 1);
    expect_ok(an_network_parse(&network, text, "a test", "test", 2));
    rig_open(rig, rig_ctx("cpu", ALEXNET_PRECISION_FP32, 1), network, &options, 7);
}

static alexnet_status load(alexnet_model **model, const net_rig *rig)
{
    *model = NULL;
    return an_model_load(model, rig->ctx, rig_reader(PATH), NULL);
}

/* Write the graph of a network with the metadata of another. */
static void write_as(net_rig *rig, const char *metadata, bool preprocessing)
{
    const an_export_options options = {AN_F32, AN_NAMES_OURS, preprocessing};
    char *own = rig->network->text;
    rig->network->text = (char *)metadata;
    expect_ok(an_export(&an_export_onnx, PATH, rig->net, &classes, "", &options));
    rig->network->text = own;
}

static void expect_refused(const net_rig *rig, const char *part)
{
    alexnet_model *model;
    expect_failure(load(&model, rig), ALEXNET_ERROR_FORMAT, part);
    expect_failure(ALEXNET_ERROR_FORMAT, ALEXNET_ERROR_FORMAT,
                   PATH ": its graph is not that of the network in its metadata");
}

/* The file is read, and the parameters of layers that both networks have are those of the rig. */
static void expect_read(const net_rig *rig)
{
    alexnet_model *model;
    expect_ok(load(&model, rig));
    assert_int_equal(model->net->count, rig->net->count);
    for (int i = 0; i < rig->net->count; i++) {
        const size_t bytes = (size_t)rig->net->params[i].count * sizeof(float);
        float *before = an_calloc(bytes, 1), *after = an_calloc(bytes, 1);
        expect_ok(an_net_read(rig->net, AN_VALUES, i, before, AN_F32));
        expect_ok(an_net_read(model->net, AN_VALUES, i, after, AN_F32));
        assert_memory_equal(before, after, bytes);
        an_free(before);
        an_free(after);
    }
    an_model_release(model);
}

/* ---- The graph of another network ---- */

static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    char *out = an_format("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    assert_non_null(out);
    return out;
}

/* Each key of the network, changed in the metadata, disagrees with the graph. */
static void test_each_difference(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *said;
    } changes[] = {
        {"tanh[1.7,0.66]", "tanh[1.7,0.5]", "tensor conv1/b: 0.5 expected at 0, found 0.66"},
        {"tanh[1.7,0.66]", "logistic", "node conv1: Sigmoid expected, found Mul"},
        {"neuron = relu", "neuron = logistic", "node conv2: Sigmoid expected, found Relu"},
        {"filterSize = 5", "filterSize = 4", "(Conv): kernel_shape = 4 4 expected, found 5 5"},
        {"groups = 2", "groups = 4", "node norm (Concat): 4 inputs expected, found 2"},
        {"size = 5", "size = 3", "node norm/normal0 (LRN): size = 3 expected, found 5"},
        {"scale = 0.1", "scale = 0.2", "node norm/normal0 (LRN): alpha = 1 expected, found 0.5"},
        {"pow = 0.75", "pow = 0.5", "node norm/normal0 (LRN): beta = 0.5 expected, found 0.75"},
        {"minDiv = 2", "minDiv = 1", "node norm/normal0 (LRN): bias = 1 expected, found 2"},
        {"divide = no", "divide = yes", "node norm/normal0 (LRN): alpha = 0.1"},
        {"minDiv = 1", "minDiv = 2", "tensor rnorm/k: 2 expected at 0, found 1"},
        {"pool = avg", "pool = max", "node pool: MaxPool expected, found AveragePool"},
        {"sizeX = 3", "sizeX = 4", "node pool (AveragePool): kernel_shape = 4 4 expected, found 3"},
        {"conv1, conv2", "conv2, conv1", "node conv1: Relu expected, found Mul"},
        {"keep = 0.25", "keep = 0.75", "tensor drop/keep: 0.75 expected at 0, found 0.25"},
        {"kind = mask", "kind = inverted", "node drop: Sum expected, found Mul"},
    };
    net_rig rig;
    open_rig(&rig, every);
    for (int inside = 0; inside < 2; inside++) {
        write_as(&rig, every, inside);
        expect_read(&rig);
        for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
            char *text = replaced(every, changes[i].from, changes[i].to);
            write_as(&rig, text, inside);
            expect_refused(&rig, changes[i].said);
            an_free(text);
        }
    }
    rig_close(&rig);
}

static void test_each_difference_of_preprocessing(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *said;
    } changes[] = {
        {"channels = bgr", "channels = rgb", "node input/bgr: Transpose expected, found Gather"},
        {"channels = bgr", "channels = grey", "input/"},
        {"scale = 0.02", "scale = 0.03", "tensor input/scale: 0.0299999993 expected at 0"},
        {"side = 20", "side = 22", "tensor input/mean/first: 2 expected at 0, found 1"},
        {"mean = image", "mean = none", "node input/centred: Gather expected, found Sub"},
        {"mean = image", "mean = 1 2 3", "node input/mean: Reshape expected, found Slice"},
    };
    net_rig rig;
    open_rig(&rig, every);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char *text = replaced(every, changes[i].from, changes[i].to);
        write_as(&rig, text, true);
        expect_refused(&rig, changes[i].said);
        an_free(text);
    }
    rig_close(&rig);
}

/* Pictures of 17 and of 18 pixels give as many windows. */
static void test_size_of_pictures(void **state)
{
    (void)state;
    net_rig rig;
    char *text = replaced(chain, "size = 18", "size = 17");
    open_rig(&rig, chain);
    write_as(&rig, text, true);
    expect_refused(&rig, "input input: 17 expected as dimension 1, found 18");
    write_as(&rig, text, false);
    expect_refused(&rig, "an input of 3x17x17 expected, found 3x18x18");
    rig_close(&rig);
    an_free(text);
}

/* A mean that the metadata gives as numbers must be that of the graph. */
static void test_mean_in_numbers(void **state)
{
    (void)state;
    net_rig rig;
    char *fixed = replaced(chain, "mean = none", "mean = 1 2 3");
    char *other = replaced(chain, "mean = none", "mean = 1 2 4");
    open_rig(&rig, fixed);
    expect_ok(an_net_write_mean(rig.net));
    write_as(&rig, fixed, true);
    expect_read(&rig);
    write_as(&rig, other, true);
    expect_refused(&rig, "tensor input.mean: 4 expected at 2, found 3");
    rig_close(&rig);
    an_free(fixed);
    an_free(other);
}

/* Another graph is accepted if its layers compute what the metadata's network computes. */
static void test_graphs_of_the_same_meaning(void **state)
{
    (void)state;
    net_rig rig;
    char *half_renamed = replaced(chain, "[conv2]", "[conv9]"), *padded;
    char *renamed = replaced(half_renamed, "inputs = conv2", "inputs = conv9");
    open_rig(&rig, same_chain);
    write_as(&rig, chain, false);
    expect_read(&rig);
    padded = replaced(chain, "padding = 1", "padding = 0");
    write_as(&rig, padded, false);
    expect_refused(&rig, "layer conv1 (in the file conv1/conv): 0 rows and columns of padding "
                         "expected, found 1");
    write_as(&rig, factor_chain, false);
    expect_refused(&rig, "layer drop (in the file fc3): dropout with a factor in inference");
    rig_close(&rig);
    open_rig(&rig, chain);
    write_as(&rig, renamed, false);
    expect_read(&rig);
    rig_close(&rig);
    open_rig(&rig, factor_chain);
    write_as(&rig, chain, false);
    expect_refused(&rig, "node drop: MaxPool expected, found Mul");
    rig_close(&rig);
    an_free(half_renamed);
    an_free(renamed);
    an_free(padded);
}

/* ---- Changed bytes ---- */

/* Replace a text by one of the same length, wherever it is. */
static void patch(unsigned char *bytes, size_t length, const char *from, const char *to)
{
    const size_t n = strlen(from);
    bool found = false;
    assert_int_equal(strlen(to), n);
    for (size_t i = 0; i + n <= length; i++)
        if (memcmp(bytes + i, from, n) == 0) {
            memcpy(bytes + i, to, n);
            found = true;
        }
    assert_true(found);
}

static void patch_file(const char *const *changes)
{
    size_t length;
    unsigned char *bytes = scratch_read(PATH, &length);
    for (; *changes; changes += 2)
        patch(bytes, length, changes[0], changes[1]);
    scratch_write(PATH, bytes, length);
    free(bytes);
}

#define CHANGES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *const swapped[] = {
    "fc1.weight", "fc0.weight", "fc2.weight", "fc1.weight", "fc0.weight", "fc2.weight", "fc1.bias",
    "fc0.bias",   "fc2.bias",   "fc1.bias",   "fc0.bias",   "fc2.bias",   NULL};

/* Tensors are those that the graph uses, whatever their names. */
static void test_renamed_tensors(void **state)
{
    (void)state;
    net_rig rig;
    open_rig(&rig, every);
    write_as(&rig, every, false);
    patch_file(swapped);
    expect_read(&rig);
    write_as(&rig, every, true);
    patch_file(CHANGES("conv1.bias", "a tensor  ", "input.mean", "the mean  "));
    expect_read(&rig);
    rig_close(&rig);
    open_rig(&rig, chain);
    write_as(&rig, chain, false);
    patch_file(CHANGES("conv1.weight", "conv2.wEight", "fc3.bias", "fc3.BIAS"));
    expect_read(&rig);
    rig_close(&rig);
}

static void test_changed_graphs(void **state)
{
    (void)state;
    net_rig rig;
    alexnet_model *model;
    open_rig(&rig, every);
    write_as(&rig, every, false);
    patch_file(CHANGES("conv2.bias", "conv1.bias"));
    expect_failure(load(&model, &rig), ALEXNET_ERROR_FORMAT, "two values of the graph");
    write_as(&rig, every, false);
    patch_file(CHANGES("Sum", "Mul"));
    expect_refused(&rig, "node sum: Sum expected, found Mul");
    write_as(&rig, every, false);
    patch_file(CHANGES("transB", "transA"));
    expect_refused(&rig, "node fc3 (Gemm): transB = 1 expected, found 0");
    write_as(&rig, every, false);
    patch_file(CHANGES("rnorm/pads", "conv1.bias"));
    expect_failure(load(&model, &rig), ALEXNET_ERROR_FORMAT, "two values of the graph");
    rig_close(&rig);
}

/* Training that starts from such a file takes its tensors by the graph too. */
static void test_init_from(void **state)
{
    (void)state;
    net_rig rig, other;
    bool has_mean;
    an_classes none = {0};
    char *text = replaced(every, "size = 5", "size = 3");
    open_rig(&rig, every);
    open_rig(&other, every);
    write_as(&rig, every, false);
    patch_file(swapped);
    other.seed++;
    rig_draw_params(&other);
    expect_ok(an_init_from(other.net, &none, PATH, &has_mean));
    expect_read(&other);
    write_as(&rig, text, false);
    expect_failure(an_init_from(other.net, &none, PATH, &has_mean), ALEXNET_ERROR_FORMAT,
                   "node norm/normal0 (LRN): size = 3 expected, found 5");
    rig_close(&rig);
    rig_close(&other);
    an_free(text);
}

/* A byte of the graph, changed: whatever it means, the file is read or refused. */
static void test_changed_bytes(void **state)
{
    (void)state;
    enum { GRAPH = 3000, STEP = 7 };
    net_rig rig;
    size_t length;
    open_rig(&rig, every);
    write_as(&rig, every, true);
    unsigned char *bytes = scratch_read(PATH, &length);
    const int64_t live = an_alloc_live();
    for (size_t i = 0; i < GRAPH && i < length; i += STEP) {
        alexnet_model *model;
        an_reader *reader;
        const unsigned char kept = bytes[i];
        bytes[i] ^= (unsigned char)(1 << i % 8);
        expect_ok(an_reader_memory(&reader, "changed", bytes, length));
        if (an_model_load(&model, rig.ctx, reader, NULL) == ALEXNET_OK)
            an_model_release(model);
        assert_int_equal(an_alloc_live(), live);
        bytes[i] = kept;
    }
    free(bytes);
    rig_close(&rig);
}

/* With every allocation failing: an error of memory, no crash, and nothing leaks. */
static void test_short_of_memory(void **state)
{
    (void)state;
    net_rig rig;
    open_rig(&rig, every);
    write_as(&rig, every, true);
    const int64_t live = an_alloc_live();
    alexnet_status rc = ALEXNET_ERROR_NO_MEMORY;
    for (uint64_t n = 1; rc == ALEXNET_ERROR_NO_MEMORY; n += 1 + n / 64) {
        alexnet_model *model = NULL;
        an_reader *reader;
        const uint64_t made = an_alloc_count();
        expect_ok(an_reader_open(&reader, PATH));
        an_alloc_fail_at(n);
        rc = an_model_load(&model, rig.ctx, reader, NULL);
        an_alloc_fail_at(0);
        an_model_release(model);
        assert_true(rc == ALEXNET_ERROR_NO_MEMORY || an_alloc_count() - made < n);
        assert_int_equal(an_alloc_live(), live);
    }
    expect_ok(rc);
    rig_close(&rig);
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH(test_each_difference),
        SCRATCH(test_each_difference_of_preprocessing),
        SCRATCH(test_size_of_pictures),
        SCRATCH(test_mean_in_numbers),
        SCRATCH(test_graphs_of_the_same_meaning),
        SCRATCH(test_renamed_tensors),
        SCRATCH(test_changed_graphs),
        SCRATCH(test_init_from),
        SCRATCH(test_changed_bytes),
        SCRATCH(test_short_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
