#include "report_info.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "terminal.h"
#include "text.h"

/* Layers in range cannot fail. */
static alexnet_layer_info layer_at(const alexnet_network *network, int index)
{
    alexnet_layer_info layer = {0};
    alexnet_network_layer(network, index, &layer);
    return layer;
}

info_totals info_sum(const alexnet_network *network)
{
    info_totals sum = {0};
    for (int i = 0; i < alexnet_network_layer_count(network); i++) {
        alexnet_layer_info layer = layer_at(network, i);
        sum.parameters += layer.parameters;
        sum.mult_adds += layer.mult_adds;
        sum.neurons += layer.neurons;
        sum.activation_bytes += layer.activation_bytes;
    }
    return sum;
}

int info_classes(const alexnet_network *network)
{
    return layer_at(network, alexnet_network_layer_count(network) - 1).output[0];
}

/* A count, or nothing where there is nothing to count. */
static void add_count(table *t, int64_t value)
{
    char text[TEXT_SIZE];
    table_add(t, "%s", value ? text_count(text, value) : "");
}

/* Sides of 1 are left out: "4096", "96x55x55". */
static void add_shape(table *t, const int shape[3])
{
    if (shape[1] == 1 && shape[2] == 1)
        table_add(t, "%d", shape[0]);
    else
        table_add(t, "%dx%dx%d", shape[0], shape[1], shape[2]);
}

static void add_layer(table *t, const alexnet_layer_info *layer)
{
    char bytes[TEXT_SIZE];
    table_add(t, "%s", layer->name);
    table_add(t, "%s%s%s", layer->type, *layer->neuron ? ", " : "", layer->neuron);
    add_shape(t, layer->output);
    table_add(t, "%s", layer->arithmetic);
    add_count(t, layer->parameters);
    add_count(t, layer->mult_adds);
    table_add(t, "%s", text_bytes(bytes, (double)layer->activation_bytes));
}

void report_info(const alexnet_network *network)
{
    static const char *const heading[] = {"layer",      "type",          "output", "arithmetic",
                                          "parameters", "multiply-adds", "memory"};
    char text[TEXT_SIZE];
    info_totals sum = info_sum(network);
    table t = table_new("llllrrr");
    table_add_row(&t, heading);
    for (int i = 0; i < alexnet_network_layer_count(network); i++) {
        alexnet_layer_info layer = layer_at(network, i);
        add_layer(&t, &layer);
    }
    const char *const total[] = {"total", "", "", ""};
    for (size_t i = 0; i < COUNT_OF(total); i++)
        table_add(&t, "%s", total[i]);
    add_count(&t, sum.parameters);
    add_count(&t, sum.mult_adds);
    table_add(&t, "%s", text_bytes(text, (double)sum.activation_bytes));
    terminal_line(stdout, "%s", alexnet_network_name(network));
    terminal_line(stdout, "%s", alexnet_network_structure(network));
    putchar('\n');
    table_print(&t, stdout);
    printf("\n%s neurons; ", text_count(text, sum.neurons));
    printf("parameters take %s. ", text_bytes(text, 4.0 * (double)sum.parameters));
    printf("Multiply-adds and memory are per picture, in float32.\n");
}

/* "10: cat, dog, ...", only the first of many. Owned by the caller. */
static char *list_classes(const alexnet_model *model)
{
    enum { SHOWN = 20 };
    int count = alexnet_model_class_count(model), shown = count <= SHOWN + 5 ? count : SHOWN;
    size_t length = 0;
    char *text = NULL;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return cli_format("%d", count);
    fprintf(out, "%d: ", count);
    for (int i = 0; i < shown; i++)
        fprintf(out, "%s%s", i ? ", " : "", alexnet_model_class_name(model, i));
    if (shown < count)
        fprintf(out, " and %d more, which --json lists", count - shown);
    fclose(out);
    return text;
}

void report_model(const alexnet_model *model)
{
    char *classes = list_classes(model);
    const char *provenance = alexnet_model_provenance(model);
    table t = table_new("lw");
    table_add(&t, "model");
    table_add(&t, "%s file, version %s", alexnet_model_format(model),
              alexnet_model_format_version(model));
    table_add(&t, "made by");
    table_add(&t, "%s", *provenance ? provenance : "the file does not say");
    table_add(&t, "pictures");
    table_add(&t, "%s", alexnet_network_preprocessing(alexnet_model_network(model)));
    table_add(&t, "classes");
    table_add(&t, "%s", classes);
    putchar('\n');
    table_print(&t, stdout);
    free(classes);
}

/* Rows of the comparison; layer[row * networks + k] is the layer of network k there, or -1. */
typedef struct alignment {
    int rows, networks;
    int *layer;
} alignment;

static const char *row_name(const alignment *a, const alexnet_network *const *networks, int row)
{
    for (int k = 0; k < a->networks; k++) {
        int layer = a->layer[row * a->networks + k];
        if (layer >= 0)
            return layer_at(networks[k], layer).name;
    }
    return "";
}

/* The weight of a match of two layers with the same name: high for layers with parameters. */
static int worth(const alexnet_layer_info *layer)
{
    return layer->parameters ? 16 : 1;
}

/* common[i][j]: the largest total weight of matches, in order, of rows from i and layers from j. */
static int *common_worth(const alignment *a, const alexnet_network *const *networks, int k)
{
    int layers = alexnet_network_layer_count(networks[k]), width = layers + 1;
    int *common = cli_alloc((size_t)(a->rows + 1) * (size_t)width * sizeof *common);
    for (int i = a->rows - 1; i >= 0; i--)
        for (int j = layers - 1; j >= 0; j--) {
            alexnet_layer_info layer = layer_at(networks[k], j);
            int down = common[(i + 1) * width + j], right = common[i * width + j + 1];
            int best = down > right ? down : right;
            int joined = common[(i + 1) * width + j + 1] + worth(&layer);
            bool same = strcmp(row_name(a, networks, i), layer.name) == 0;
            common[i * width + j] = same && joined > best ? joined : best;
        }
    return common;
}

/* Add network k: its layers join rows of the same name where the order allows, or get new rows. */
static void align(alignment *a, const alexnet_network *const *networks, int k)
{
    int layers = alexnet_network_layer_count(networks[k]), width = layers + 1, n = a->networks;
    int *common = common_worth(a, networks, k);
    int *merged = cli_alloc((size_t)(a->rows + layers) * (size_t)n * sizeof *merged);
    int rows = 0;
    for (int i = 0, j = 0; i < a->rows || j < layers; rows++) {
        int *row = merged + (ptrdiff_t)rows * n;
        bool old = i < a->rows, new = j < layers;
        bool same =
            old && new &&strcmp(row_name(a, networks, i), layer_at(networks[k], j).name) == 0;
        if (!same && old && new)
            old = common[(i + 1) * width + j] >= common[i * width + j + 1];
        for (int m = 0; m < n; m++)
            row[m] = old ? a->layer[i * n + m] : -1;
        i += old;
        if (same || !old)
            row[k] = j++;
    }
    free(common);
    free(a->layer);
    a->layer = merged;
    a->rows = rows;
}

static void add_compared_row(table *t, const alignment *a, const alexnet_network *const *networks,
                             int row)
{
    table_add(t, "%s", row_name(a, networks, row));
    for (int k = 0; k < a->networks; k++) {
        int index = a->layer[row * a->networks + k];
        if (index < 0) {
            for (int i = 0; i < 3; i++)
                table_add(t, "%s", i ? "" : "-");
            continue;
        }
        alexnet_layer_info layer = layer_at(networks[k], index);
        add_shape(t, layer.output);
        add_count(t, layer.parameters);
        add_count(t, layer.mult_adds);
    }
}

static void add_compared_totals(table *t, const alexnet_network *const *networks, int count)
{
    table_add(t, "total");
    for (int k = 0; k < count; k++) {
        info_totals sum = info_sum(networks[k]);
        char neurons[TEXT_SIZE];
        table_add(t, "%s neurons", text_count(neurons, sum.neurons));
        add_count(t, sum.parameters);
        add_count(t, sum.mult_adds);
    }
}

/* "runs/photos-1: alexnet, (CNN-RN-MP)x2-..."; of a built-in network, its name once. */
static void print_structure(const alexnet_network *network, const char *given)
{
    const char *name = alexnet_network_name(network);
    const bool same = strcmp(name, given) == 0;
    terminal_line(stdout, "%s: %s%s%s", given, same ? "" : name, same ? "" : ", ",
                  alexnet_network_structure(network));
}

void report_info_compared(const alexnet_network *const *networks, const char *const *names,
                          int count)
{
    alignment a = {.networks = count};
    for (int k = 0; k < count; k++)
        align(&a, networks, k);
    char *columns = cli_alloc(3 * (size_t)count + 2);
    columns[0] = 'l';
    for (int k = 0; k < count; k++)
        for (int i = 0; i < 3; i++)
            columns[1 + 3 * k + i] = i ? 'r' : 'l';
    table t = table_new(columns);
    table_add(&t, "layer");
    for (int k = 0; k < count; k++) {
        table_add(&t, "%s", names[k]);
        table_add(&t, "parameters");
        table_add(&t, "multiply-adds");
    }
    for (int row = 0; row < a.rows; row++)
        add_compared_row(&t, &a, networks, row);
    add_compared_totals(&t, networks, count);
    table_print(&t, stdout);
    putchar('\n');
    for (int k = 0; k < count; k++)
        print_structure(networks[k], names[k]);
    free(a.layer);
    free(columns);
}

static json_t *layer_json(const alexnet_layer_info *layer)
{
    json_t *document = json_object();
    json_object_set_new(document, "name", json_text(layer->name));
    json_object_set_new(document, "type", json_text(layer->type));
    json_object_set_new(document, "neuron", json_text(layer->neuron));
    json_object_set_new(
        document, "output",
        json_pack("[i, i, i]", layer->output[0], layer->output[1], layer->output[2]));
    json_object_set_new(document, "arithmetic", json_text(layer->arithmetic));
    json_object_set_new(document, "parameters", json_integer(layer->parameters));
    json_object_set_new(document, "mult_adds", json_integer(layer->mult_adds));
    json_object_set_new(document, "neurons", json_integer(layer->neurons));
    json_object_set_new(document, "activation_bytes", json_integer(layer->activation_bytes));
    return document;
}

static void add_model_json(json_t *document, const alexnet_model *model)
{
    json_t *classes = json_array();
    json_object_set_new(document, "format", json_text(alexnet_model_format(model)));
    json_object_set_new(document, "format_version", json_text(alexnet_model_format_version(model)));
    json_object_set_new(document, "provenance", json_text(alexnet_model_provenance(model)));
    for (int i = 0; i < alexnet_model_class_count(model); i++) {
        json_t *row = json_object();
        json_object_set_new(row, "id", json_text(alexnet_model_class_id(model, i)));
        json_object_set_new(row, "name", json_text(alexnet_model_class_name(model, i)));
        json_array_append_new(classes, row);
    }
    json_object_set_new(document, "classes", classes);
}

json_t *report_info_json(const alexnet_network *network, const alexnet_model *model)
{
    info_totals sum = info_sum(network);
    json_t *document = json_object(), *layers = json_array();
    json_object_set_new(document, "name", json_text(alexnet_network_name(network)));
    json_object_set_new(document, "structure", json_text(alexnet_network_structure(network)));
    json_object_set_new(document, "parameters", json_integer(sum.parameters));
    json_object_set_new(document, "mult_adds", json_integer(sum.mult_adds));
    json_object_set_new(document, "neurons", json_integer(sum.neurons));
    json_object_set_new(document, "preprocessing",
                        json_text(alexnet_network_preprocessing(network)));
    if (model)
        add_model_json(document, model);
    for (int i = 0; i < alexnet_network_layer_count(network); i++) {
        alexnet_layer_info layer = layer_at(network, i);
        json_array_append_new(layers, layer_json(&layer));
    }
    json_object_set_new(document, "layers", layers);
    return document;
}
