/*
 * Two towers: a network with `groups = 2` equals two half networks that meet in conv3, fc6, fc7 and
 * fc8 only (paper figure 2; layers-145.cfg of 2012), and LRN windows never cross. Networks with
 * towers are rewritten with the sections of both towers, the weights are divided between these, and
 * both forms are run.
 *
 * Tolerance: the same products are added in the same order, except that on the CPU other kernels
 * sum the halves: 4 u sqrt(n) per operator for sums of n terms, u = 2^-24, as in
 * golden/test_full.c; for conv1 to fc8 that is 4 * 410 u < 2^-13 of the largest value of a tensor.
 * On ref nothing differs but the order of the input gradient's sums: 2^-44.
 */
#include "net_rig.h"

#include "model/program/program_impl.h"

/* Sections whose two towers read each other's input; all others stay in their tower. */
static bool crosses(const an_layer *layer)
{
    return (layer->type & (AN_LAYER_CONV | AN_LAYER_FC)) && layer->groups == 1 &&
           layer->inputs[0] >= 0;
}

static bool joined(const alexnet_network *network, int i)
{
    return i >= network->count - 2; /* fc8 and the softmax occur once */
}

/* ---- The network's text with sections NAMEa and NAMEb ---- */

static void put_inputs(FILE *out, const alexnet_network *network, int index, char tower)
{
    const an_layer *layer = &network->layers[index];
    int input = layer->inputs[0];
    if (input < 0)
        fprintf(out, "inputs = input\n");
    else if (joined(network, input))
        fprintf(out, "inputs = %s\n", network->layers[input].name);
    else if (crosses(layer))
        fprintf(out, "inputs = %sa %sb\n", network->layers[input].name,
                network->layers[input].name);
    else
        fprintf(out, "inputs = %s%c\n", network->layers[input].name, tower);
}

static void put_keys(FILE *out, const an_layer *layer)
{
    const an_layer *l = layer;
    int half = l->groups == 2 ? 1 : 2; /* `filters` is per group */
    fprintf(out, "type = %s\n", an_layer_type_name(l->type));
    switch (l->type) {
    case AN_LAYER_CONV:
        fprintf(out, "filters = %d\nfilterSize = %d\nstride = %d\npadding = %d\nround = %s\n",
                l->filters / half, l->filter_size, l->stride, l->padding[0],
                l->round ? "ceil" : "floor");
        break;
    case AN_LAYER_POOL:
        fprintf(out, "sizeX = %d\nstride = %d\nround = %s\n", l->size, l->stride,
                l->round ? "ceil" : "floor");
        break;
    case AN_LAYER_CMRNORM:
    case AN_LAYER_RNORM:
        fprintf(out, "%s", l->type == AN_LAYER_CMRNORM ? "groups = 1\n" : "");
        fprintf(out, "size = %d\nscale = %.17g\ndivide = %s\npow = %.17g\nminDiv = %.17g\n",
                l->size, l->scale, l->divide ? "yes" : "no", l->pow, l->min_div);
        break;
    case AN_LAYER_DROPOUT: fprintf(out, "kind = mask\nkeep = 1\n"); break;
    case AN_LAYER_FC:
        if (l->outputs_follow_classes)
            fprintf(out, "outputs = classes\n");
        else
            fprintf(out, "outputs = %d\n", l->outputs / 2);
        break;
    default: break;
    }
    if (l->has_neuron)
        fprintf(out, "neuron = relu\n");
}

static char *two_towers(const alexnet_network *network)
{
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    fprintf(out, "[input]\nsize = %d\nside = %d\n", network->input.size, network->input.side);
    for (int i = 0; i < network->count; i++)
        for (char tower = 'a'; tower <= (joined(network, i) ? 'a' : 'b'); tower++) {
            fprintf(out, "[%s", network->layers[i].name);
            fprintf(out, joined(network, i) ? "]\n" : "%c]\n", tower);
            put_keys(out, &network->layers[i]);
            put_inputs(out, network, i, tower);
        }
    fclose(out);
    return text;
}

/* ---- Weights ---- */

/* Find the whole net's parameter of which a parameter of the other net is a part. *second: whether
 * it is the second half. */
static int whole_of(const net_rig *whole, const char *name, bool *second)
{
    char plain[64];
    const char *dot = strchr(name, '.');
    int exact = an_net_find(whole->net, name);
    *second = false;
    if (exact >= 0)
        return exact;
    *second = dot[-1] == 'b';
    snprintf(plain, sizeof plain, "%.*s%s", (int)(dot - name - 1), name, dot);
    return an_net_find(whole->net, plain);
}

/* Output channels are the first dimension, so that a tower's part is one half of the block. */
static double *part(const net_rig *whole, an_arena arena, const char *name, int64_t count)
{
    bool second;
    int index = whole_of(whole, name, &second);
    assert_true(index >= 0);
    assert_true(whole->net->params[index].count == count ||
                whole->net->params[index].count == 2 * count);
    double *values = rig_read(whole, arena, index);
    if (second)
        memmove(values, values + count, (size_t)count * sizeof *values);
    return values;
}

static void share_out(const net_rig *whole, net_rig *towers)
{
    for (int i = 0; i < towers->net->count; i++) {
        const an_param *p = &towers->net->params[i];
        double *values = part(whole, AN_VALUES, p->name, p->count);
        expect_ok(an_net_write(towers->net, AN_VALUES, i, values, AN_F64));
        an_free(values);
    }
    expect_ok(an_program_pack(towers->program));
}

/* ---- Comparing ---- */

static void close_to(const char *what, const double *got, const double *expected, int64_t count,
                     double share)
{
    double tolerance = share * rig_largest(expected, count);
    for (int64_t i = 0; i < count; i++)
        if (!(fabs(got[i] - expected[i]) <= tolerance))
            fail_msg("%s[%lld] is %.17g, expected %.17g +- %.3g", what, (long long)i, got[i],
                     expected[i], tolerance);
}

static void compare_probabilities(net_rig *whole, net_rig *towers, double share)
{
    enum { CLASSES = 10 };
    float a[2 * CLASSES], b[2 * CLASSES];
    double losses[2], wide_a[2 * CLASSES], wide_b[2 * CLASSES];
    rig_probabilities(whole, a, losses);
    rig_probabilities(towers, b, losses);
    for (int i = 0; i < whole->slots * CLASSES; i++) {
        wide_a[i] = a[i];
        wide_b[i] = b[i];
    }
    /* read in float32 */
    close_to("probabilities", wide_b, wide_a, whole->slots * CLASSES, share + 0x1p-23);
}

static void compare_gradients(net_rig *whole, net_rig *towers, double share)
{
    for (int i = 0; i < towers->net->count; i++) {
        const an_param *p = &towers->net->params[i];
        if (!p->learned)
            continue;
        double *expected = part(whole, AN_GRADIENTS, p->name, p->count);
        double *got = rig_read(towers, AN_GRADIENTS, i);
        assert_true(rig_largest(expected, p->count) > 0);
        close_to(p->name, got, expected, p->count, share);
        an_free(expected);
        an_free(got);
    }
}

/* Logits that are far apart would hide everything behind probabilities of 0 and 1. */
static void calm(net_rig *rig, const char *name)
{
    int index = an_net_find(rig->net, name);
    double *values = rig_read(rig, AN_VALUES, index);
    for (int64_t i = 0; i < rig->net->params[index].count; i++)
        values[i] /= 256;
    expect_ok(an_net_write(rig->net, AN_VALUES, index, values, AN_F64));
    expect_ok(an_program_pack(rig->program));
    an_free(values);
}

/* Load a network with dropout off, because towers would draw other masks. */
static alexnet_network *load_calm(const char *name)
{
    alexnet_network *network;
    expect_ok(an_network_load(&network, name, 10));
    char *text = an_strdup(network->text);
    for (char *at = text; (at = strstr(at, "keep = 0.5"));)
        memcpy(at, "keep = 1.0", 10);
    an_network_release(network);
    network = rig_parse(text, 10);
    an_free(text);
    return network;
}

static void check(const char *name, const char *device, int slots, bool training, double share)
{
    net_rig whole, towers;
    an_program_options options =
        training ? an_program_training(slots, 1) : an_program_inference(slots, slots);
    if (!rig_has_device(device))
        return;
    alexnet_network *network = load_calm(name);
    char *text = two_towers(network);
    rig_open(&whole, rig_ctx(device, ALEXNET_PRECISION_FP32, 1), network, &options, 11);
    rig_open(&towers, rig_ctx(device, ALEXNET_PRECISION_FP32, 1), rig_parse(text, 10), &options,
             11);
    free(text);
    calm(&whole, "fc8.weight");
    share_out(&whole, &towers);
    double expected = rig_run(&whole, 0), loss = rig_run(&towers, 0);
    close_to("loss", &loss, &expected, 1, share);
    compare_probabilities(&whole, &towers, share);
    if (training)
        compare_gradients(&whole, &towers, share);
    rig_close(&whole);
    rig_close(&towers);
}

static void test_small_with_gradients(void **state)
{
    (void)state;
    alexnet_network *network;
    expect_ok(an_network_load(&network, "alexnet-mini", 10));
    int split = 0;
    for (int i = 0; i < network->count; i++)
        split += network->layers[i].groups == 2;
    assert_int_equal(split, 5); /* two norms, conv2, conv4 and conv5: there is something to test */
    an_network_release(network);
    check("golden/steps/paper.ini", "ref", 2, true, 0x1p-44);
    check("golden/steps/2012.ini", "ref", 2, true, 0x1p-44);
    check("alexnet-mini", "cpu", 2, true, 0x1p-13);
}

static void test_full_size(void **state)
{
    (void)state;
    check("alexnet", "cpu", 1, false, 0x1p-13);
    check("alexnet-2012", "cpu", 1, false, 0x1p-13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_small_with_gradients),
                                       cmocka_unit_test(test_full_size)};
    return cmocka_run_group_tests_name("towers", tests, NULL, NULL);
}
