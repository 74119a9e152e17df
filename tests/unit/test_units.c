/*
 * Receptive fields and towers of the built-in networks.
 *
 * Fields are also found by trial. All weights are positive, and biases and mean zero, so that more
 * light on a pixel changes every unit that sees it; pooling takes means, because a maximum shows
 * only one of its pixels. A picture is grey but for one row that is white: the units that differ
 * from those of the grey picture are those whose field has that row, and the others are equal to
 * the bit; then the same with columns. The geometry is that of the network files; convolutions are
 * narrow, which changes no size.
 */
#include "net_rig.h"

/* A network file with few filters and a plain input, up to pool5. */
static char *narrow(const char *text)
{
    char *out = an_calloc(2, strlen(text) + 4096), *end = out;
    assert_non_null(out);
    while (strncmp(text, "[fc6]", 5) != 0 && strncmp(text, "[drop6]", 7) != 0) {
        size_t n = strcspn(text, "\n") + 1;
        if (strncmp(text, "mean", 4) == 0 || strncmp(text, "scale = 0.0", 11) == 0)
            ; /* of the input, and of LRN: set below */
        else if (strncmp(text, "pool = max", 10) == 0)
            end += sprintf(end, "pool = avg\n");
        else if (strncmp(text, "filters", 7) == 0)
            end += sprintf(end, "filters = 2\n");
        else
            end += sprintf(end, "%.*s", (int)n, text);
        if (strncmp(text, "type = cmrnorm", 14) == 0 || strncmp(text, "type = rnorm", 12) == 0)
            end += sprintf(end, "scale = 0.001\n");
        if (strncmp(text, "[input]", 7) == 0)
            end += sprintf(end, "mean = none\n");
        text += n;
    }
    sprintf(end, "[fc8]\ntype = fc\ninputs = pool5\noutputs = classes\n[probs]\ntype = softmax\n"
                 "inputs = fc8\n");
    return out;
}

typedef struct trial {
    alexnet_network *network;
    an_program *program;
    uint8_t *pixels;
    float *outputs, *grey[AN_LAYERS_MAX]; /* of one layer; of each layer for the grey picture */
    int layers[AN_LAYERS_MAX], count;
} trial;

static void write_ones(an_net *net)
{
    for (int i = 0; i < net->count; i++) {
        const an_param *p = &net->params[i];
        double *values = an_calloc((size_t)p->count, sizeof *values);
        assert_non_null(values);
        for (int64_t j = 0; j < p->count; j++)
            values[j] = p->is_bias ? 0 : 1 / (double)p->fan_in;
        expect_ok(an_net_write(net, AN_VALUES, i, values, AN_F64));
        an_free(values);
    }
}

static int64_t outputs_of(const trial *t, int i)
{
    const an_graph *graph = &t->network->graph;
    return an_chw_count(graph->nodes[graph->layer_node[t->layers[i]]].desc.out);
}

/* Compute the picture whose row or column is white; -1: none. */
static void light(trial *t, int line, bool column)
{
    const an_input *input = &t->network->input;
    const int border = (input->side - input->size) / 2;
    an_slot slot = {.label = -1, .y = border, .x = border, .gain = 1};
    an_step_state state = {0};
    memset(t->pixels, 40, (size_t)input->side * (size_t)input->side * 3);
    for (int i = 0; i < input->size && line >= 0; i++) {
        int y = border + (column ? i : line), x = border + (column ? line : i);
        memset(t->pixels + (y * input->side + x) * 3, 255, 3);
    }
    expect_ok(an_program_feed(t->program, t->pixels, &slot, &state));
    expect_ok(an_program_run(t->program));
}

static void read_grey(trial *t)
{
    light(t, -1, false);
    for (int i = 0; i < t->count; i++) {
        t->grey[i] = an_calloc((size_t)outputs_of(t, i), sizeof(float));
        assert_non_null(t->grey[i]);
        expect_ok(an_program_read(t->program, t->layers[i], t->grey[i]));
    }
}

/* @return pairs of a unit and a line that were looked at */
static int64_t compare(trial *t, int line, bool column)
{
    int64_t looked = 0;
    for (int i = 0; i < t->count; i++) {
        const int layer = t->layers[i];
        const an_chw out = t->network->graph.nodes[t->network->graph.layer_node[layer]].desc.out;
        expect_ok(an_program_read(t->program, layer, t->outputs));
        for (int p = 0; p < out.h; p++)
            for (int q = 0; q < out.w; q++) {
                alexnet_rectangle f = an_network_field(t->network, layer, p, q);
                bool sees = column ? line >= f.x && line < f.x + f.width
                                   : line >= f.y && line < f.y + f.height;
                if ((t->outputs[p * out.w + q] != t->grey[i][p * out.w + q]) != sees)
                    fail_msg("unit (%d, %d) of %s %s %s %d; its field is %d, %d of %d x %d", p, q,
                             t->network->layers[layer].name, sees ? "does not see" : "sees",
                             column ? "column" : "row", line, f.x, f.y, f.width, f.height);
                looked++;
            }
    }
    return looked;
}

static void check_fields(const char *text, const char *name)
{
    alexnet_network *network;
    an_net *net;
    int64_t looked = 0, most = 0;
    char *mine = narrow(text);
    alexnet_ctx *ctx = rig_ctx("cpu", ALEXNET_PRECISION_FP32, 2);
    expect_ok(an_network_parse(&network, mine, name, name, 2));
    trial t = {.network = network};
    for (int i = 0; i < network->count - 2; i++) {
        t.layers[t.count++] = i;
        most = outputs_of(&t, i) > most ? outputs_of(&t, i) : most;
    }
    t.pixels = an_calloc((size_t)network->input.side * (size_t)network->input.side, 3);
    t.outputs = an_calloc((size_t)most, sizeof *t.outputs);
    assert_true(t.pixels && t.outputs);
    expect_ok(an_net_new(&net, ctx, network, false));
    write_ones(net);
    an_program_options options = {.slots = 1, .pictures = 1, .keep = t.layers, .n_keep = t.count};
    expect_ok(an_program_compile(&t.program, net, &options));
    expect_ok(an_program_pack(t.program));
    read_grey(&t);
    /* The ends whole; between them fields begin at every 2nd, 4th, 8th or 16th line, so that every
     * third line meets each kind of edge. Columns of the small network will do. */
    const int size = network->input.size, ways = size < 100 ? 2 : 1;
    for (int line = 0; line < size; line += line < 6 || line > size - 12 || ways == 2 ? 1 : 3)
        for (int column = 0; column < ways; column++) {
            light(&t, line, column);
            looked += compare(&t, line, column);
        }
    assert_true(looked > 10000);
    an_program_free(t.program);
    an_net_release(net);
    an_network_release(network);
    an_ctx_release(ctx);
    an_free(t.pixels);
    an_free(t.outputs);
    for (int i = 0; i < t.count; i++)
        an_free(t.grey[i]);
    an_free(mine);
}

static void test_fields_by_trial(void **state)
{
    (void)state;
    for (int i = 0; alexnet_network_builtin(i); i++)
        check_fields(alexnet_network_builtin(i)->text, alexnet_network_builtin(i)->name);
}

static void expect_field(const alexnet_network *network, const char *layer, int p, int q,
                         alexnet_rectangle expected)
{
    alexnet_rectangle got;
    expect_ok(alexnet_network_field(network, an_network_find_layer(network, layer), p, q, &got));
    if (memcmp(&got, &expected, sizeof got) != 0)
        fail_msg("(%d, %d) of %s sees %d, %d of %d x %d", p, q, layer, got.x, got.y, got.width,
                 got.height);
}

/* Fields worked out by hand: 11 pixels for conv1, 19 for pool1, 51 for conv2 and so on, less the
 * part outside the picture; 55 windows at stride 4 reach 3 pixels past 224. */
static void test_fields_by_hand(void **state)
{
    (void)state;
    alexnet_network *network;
    expect_ok(alexnet_network_load(&network, NULL, "alexnet"));
    expect_field(network, "conv1", 0, 0, (alexnet_rectangle){0, 0, 11, 11});
    expect_field(network, "conv1", 1, 54, (alexnet_rectangle){216, 4, 8, 11});
    expect_field(network, "norm1", 10, 20, (alexnet_rectangle){80, 40, 11, 11});
    expect_field(network, "pool1", 1, 1, (alexnet_rectangle){8, 8, 19, 19});
    expect_field(network, "conv2", 13, 13, (alexnet_rectangle){88, 88, 51, 51});
    expect_field(network, "conv2", 0, 0, (alexnet_rectangle){0, 0, 35, 35});
    expect_field(network, "conv5", 6, 6, (alexnet_rectangle){32, 32, 163, 163});
    expect_field(network, "pool5", 0, 0, (alexnet_rectangle){0, 0, 131, 131});
    expect_field(network, "fc6", 0, 0, (alexnet_rectangle){0, 0, 224, 224});
    expect_field(network, "probs", 0, 0, (alexnet_rectangle){0, 0, 224, 224});
    alexnet_rectangle field;
    const alexnet_status bad = ALEXNET_ERROR_INVALID_ARGUMENT;
    expect_failure(alexnet_network_field(network, 0, 55, 0, &field), bad,
                   "unit (55, 0) of layer conv1, which has 55 x 55");
    expect_failure(alexnet_network_field(network, 0, 0, -1, &field), bad, "unit (0, -1)");
    expect_failure(alexnet_network_field(network, 99, 0, 0, &field), bad, "layer 99");
    alexnet_network_free(network);
}

/* Two branches, one wider, which reaches past the edge; and a unit that sees only padding. */
static void test_fields_of_branches(void **state)
{
    (void)state;
    static const char text[] = "[input]\nsize = 12\nside = 12\nmean = none\n"
                               "[a]\ntype = conv\ninputs = input\nfilters = 2\nfilterSize = 3\n"
                               "padding = 1\n"
                               "[b]\ntype = conv\ninputs = input\nfilters = 2\nfilterSize = 5\n"
                               "padding = 2\n"
                               "[s]\ntype = eltsum\ninputs = a,b\n"
                               "[t]\ntype = concat\ninputs = s,a\n"
                               "[r]\ntype = rnorm\ninputs = t\nsize = 3\nscale = 0.1\ndivide = "
                               "no\npow = 0.75\nminDiv = 1\n"
                               "[e]\ntype = conv\ninputs = input\nfilters = 2\nfilterSize = 2\n"
                               "padding = 4\n"
                               "[f]\ntype = fc\ninputs = r\noutputs = classes\n"
                               "[g]\ntype = fc\ninputs = e\noutputs = classes\n"
                               "[h]\ntype = eltsum\ninputs = f,g\n"
                               "[p]\ntype = softmax\ninputs = h\n";
    alexnet_network *network = rig_parse(text, 2);
    expect_field(network, "a", 5, 6, (alexnet_rectangle){5, 4, 3, 3});
    expect_field(network, "s", 5, 6, (alexnet_rectangle){4, 3, 5, 5});
    expect_field(network, "t", 5, 11, (alexnet_rectangle){9, 3, 3, 5});
    expect_field(network, "r", 5, 6, (alexnet_rectangle){3, 2, 7, 7});
    expect_field(network, "e", 0, 8, (alexnet_rectangle){0, 0, 0, 0});
    expect_field(network, "e", 3, 8, (alexnet_rectangle){4, 0, 2, 1});
    alexnet_network_free(network);
}

static void test_towers(void **state)
{
    (void)state;
    static const struct {
        const char *network, *two, *one;
    } nets[] = {
        {"alexnet", "conv1 norm1 pool1 conv2 norm2 pool2 conv3 conv4 conv5 pool5", "fc6 fc8 probs"},
        {"alexnet-2012", "conv1 norm1 pool1 conv2 rnorm2 pool2 conv3 conv5 pool5", "fc6 drop7 fc8"},
        {"bvlc-alexnet", "conv1 norm1 pool1 conv2 norm2 conv3 conv4 conv5 pool5", "fc6 fc7 fc8"},
        {"caffenet", "conv1 norm1 pool1 conv2 norm2 conv3 conv4 conv5 pool5", "fc6 fc7 fc8"},
        {"alexnet-owt", "", "conv1 pool1 conv2 conv5 fc6 fc8"},
    };
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        alexnet_network *network;
        char names[256];
        expect_ok(alexnet_network_load(&network, NULL, nets[i].network));
        for (int towers = 1; towers <= 2; towers++) {
            snprintf(names, sizeof names, "%s", towers == 2 ? nets[i].two : nets[i].one);
            for (char *name = strtok(names, " "); name; name = strtok(NULL, " ")) {
                int layer = an_network_find_layer(network, name);
                assert_true(layer >= 0);
                if (alexnet_network_towers(network, layer) != towers)
                    fail_msg("%s of %s: expected %d towers", name, nets[i].network, towers);
            }
        }
        assert_int_equal(alexnet_network_towers(network, 99), 0);
        assert_int_equal(alexnet_network_towers(network, -1), 0);
        alexnet_network_free(network);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_by_trial),
        cmocka_unit_test(test_fields_by_hand),
        cmocka_unit_test(test_fields_of_branches),
        cmocka_unit_test(test_towers),
    };
    return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
