/*
 * From every format that is both written and read to every other: weights are the same bit for bit,
 * class names where the file carries them. A format that is added to the tables is tested
 * automatically, with each kind of tensor names and with half precision, which rounds once and
 * never again.
 */
#include "expect.h"
#include "scratch.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/random.h"
#include "format/safetensors.h"
#include "model/model_file.h"
#include "tensor/tensor.h"

/* What every format can express: a chain, windows that tile, two towers, a mean colour. */
static const char network[] =
    "[network]\nname = small\n[input]\nsize = 13\nside = 16\nmean = 100 110 120\n"
    "[conv1]\ntype = conv\ninputs = input\nfilters = 4\nfilterSize = 3\nround = floor\n"
    "neuron = relu\n"
    "[pool1]\ntype = pool\ninputs = conv1\nsizeX = 3\nstride = 2\nround = ceil\n"
    "[conv2]\ntype = conv\ninputs = pool1\ngroups = 2\nfilters = 3\nfilterSize = 3\npadding = 1\n"
    "neuron = relu\n"
    "[fc6]\ntype = fc\ninputs = conv2\noutputs = 8\nneuron = relu\n"
    "[drop6]\ntype = dropout\ninputs = fc6\nkeep = 0.5\nkind = inverted\n"
    "[fc7]\ntype = fc\ninputs = drop6\noutputs = 6\nneuron = relu\n"
    "[fc8]\ntype = fc\ninputs = fc7\noutputs = classes\n"
    "[probs]\ntype = softmax\ninputs = fc8\n";

static char *ids[] = {"n01", "n02", "n03"}, *names[] = {"one", "two", "three"};

static alexnet_ctx *ctx;

static int setup(void **state)
{
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    options.device = "cpu";
    options.threads = 1;
    return scratch_setup(state) || alexnet_ctx_new(&ctx, &options) ? -1 : 0;
}

static int teardown(void **state)
{
    alexnet_ctx_free(ctx);
    return scratch_teardown(state);
}

/* A model whose weights have all exponents that training leaves, and both signs. */
static alexnet_model *make_model(void)
{
    const an_classes classes = {3, ids, names};
    alexnet_network *parsed;
    an_net *net;
    alexnet_model *model;
    expect_ok(an_network_parse(&parsed, network, "small.ini", "small", 3));
    expect_ok(an_net_new(&net, ctx, parsed, false));
    for (int i = 0; i < net->count; i++) {
        float *values = an_calloc((size_t)net->params[i].count, sizeof *values);
        assert_non_null(values);
        for (int64_t j = 0; j < net->params[i].count; j++) {
            const an_random4 r = an_random(8, AN_PURPOSE_TEST, 0, (uint64_t)j, (uint32_t)i);
            const uint32_t bits = r.v[0] << 31 | (104 + r.v[1] % 24) << 23 | (r.v[2] & 0x7fffff);
            memcpy(&values[j], &bits, sizeof bits);
            if (!net->params[i].learned) /* the mean, as the text has it */
                values[j] = 100 + 10 * (float)j;
        }
        expect_ok(an_net_write(net, AN_VALUES, i, values, AN_F32));
        an_free(values);
    }
    expect_ok(an_model_file_write("first.safetensors", net, AN_VALUES, &classes, false, NULL));
    an_net_release(net);
    an_network_release(parsed);
    scratch_text("small.ini", network);
    expect_ok(alexnet_model_load(&model, ctx, "first.safetensors"));
    return model;
}

/* A way to write: a format, with names and a type of weights. */
typedef struct way {
    alexnet_format_info format;
    alexnet_weights weights;
    alexnet_names names;
} way;

enum { MOST = 64 };

static int list_ways(way ways[MOST])
{
    alexnet_format_info format;
    int count = 0;
    for (int i = 0; alexnet_format_get(i, &format); i++)
        for (int w = 0; w < (format.bf16 ? 3 : format.weights ? 2 : 1); w++)
            for (int n = 0; n < (format.names ? 3 : 1); n++) {
                if (!format.reads || !format.writes)
                    continue;
                assert_in_range(count, 0, MOST - 1);
                ways[count++] = (way){format, (alexnet_weights)w, (alexnet_names)n};
            }
    return count;
}

/* Write the model and read it back as a new one. */
static alexnet_model *pass(const alexnet_model *model, const way *by)
{
    char path[64];
    alexnet_model *out;
    alexnet_save_options save = ALEXNET_SAVE_OPTIONS_INIT;
    alexnet_load_options load = ALEXNET_LOAD_OPTIONS_INIT;
    save.weights = by->weights;
    save.names = by->names;
    load.net = "small.ini";
    snprintf(path, sizeof path, "x%.*s", (int)strcspn(by->format.endings, "|"), by->format.endings);
    expect_ok(alexnet_model_save(model, path, &save));
    assert_string_equal(alexnet_format_of(path), by->format.name);
    expect_ok(alexnet_model_load_with(&out, ctx, path, &load));
    assert_string_equal(alexnet_model_format(out), by->format.name);
    return out;
}

static float rounded(float value, alexnet_weights weights)
{
    uint16_t half;
    const an_dtype type = weights == ALEXNET_WEIGHTS_FP16 ? AN_F16 : AN_BF16;
    if (weights == ALEXNET_WEIGHTS_FP32)
        return value;
    assert_true(an_narrow(&half, type, &value, 1));
    an_convert(&value, AN_F32, &half, type, 1);
    return value;
}

/* Each value is the first model's, rounded by the two ways in turn. */
static void expect_same(const alexnet_model *first, const alexnet_model *got, const way *a,
                        const way *b)
{
    assert_int_equal(alexnet_model_tensor_count(got), alexnet_model_tensor_count(first));
    for (int i = 0; i < alexnet_model_tensor_count(first); i++) {
        alexnet_tensor_info from, to;
        int64_t count = 1;
        expect_ok(alexnet_model_tensor(first, i, &from));
        expect_ok(alexnet_model_tensor(got, i, &to));
        assert_string_equal(to.name, from.name);
        assert_int_equal(to.rank, from.rank);
        for (int d = 0; d < from.rank; d++) {
            assert_int_equal(to.shape[d], from.shape[d]);
            count *= from.shape[d];
        }
        const bool weight = strcmp(from.name, "input.mean") != 0;
        for (int64_t j = 0; j < count; j++) {
            const float value =
                weight ? rounded(rounded(from.data[j], a->weights), b->weights) : from.data[j];
            if (memcmp(&value, &to.data[j], sizeof value) != 0)
                fail_msg("%s, then %s: value %d of %s is %a, not %a", a->format.name,
                         b->format.name, (int)j, from.name, (double)to.data[j], (double)value);
        }
    }
}

static bool carries_names(const way *by)
{
    return strstr(by->format.without, "class names") == NULL;
}

static void expect_classes(const alexnet_model *got, const way *a, const way *b)
{
    assert_int_equal(alexnet_model_class_count(got), 3);
    for (int i = 0; i < 3 && carries_names(a) && carries_names(b); i++) {
        assert_string_equal(alexnet_model_class_id(got, i), ids[i]);
        assert_string_equal(alexnet_model_class_name(got, i), names[i]);
    }
}

static void test_every_pair(void **state)
{
    (void)state;
    way ways[MOST];
    const int count = list_ways(ways);
    alexnet_model *first = make_model();
    assert_true(count >= 9); /* safetensors alone */
    for (int a = 0; a < count; a++) {
        alexnet_model *middle = pass(first, &ways[a]);
        for (int b = 0; b < count; b++) {
            alexnet_model *last = pass(middle, &ways[b]);
            expect_same(first, last, &ways[a], &ways[b]);
            expect_classes(last, &ways[a], &ways[b]);
            alexnet_model_free(last);
        }
        alexnet_model_free(middle);
    }
    alexnet_model_free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_pair, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
