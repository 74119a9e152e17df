/*
 * Network text to layers, in two passes over the file: the first finds the layers and their types,
 * the second sets their keys, so that keys may come in any order.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/ini.h"
#include "base/status.h"
#include "base/text.h"
#include "model/network/network.h"

enum { CLASSES_OF_NO_DATA = 1000 };

typedef struct reading {
    alexnet_network *network;
    const char *source;
    bool second_pass;
    bool has_network; /* [network] was found */
    bool open;        /* there is no data yet: the file decides the number of classes */
    bool has_name;
} reading;

static alexnet_status at(const reading *r, int line, const char *section)
{
    return an_fail(ALEXNET_ERROR_FORMAT, "%s:%d: [%s] %s", r->source, line, section,
                   an_error_text());
}

static bool name_is_good(const char *name)
{
    size_t length =
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return length > 0 && length <= AN_NAME_MAX && name[length] == '\0';
}

static alexnet_status add_layer(reading *r, int line, const char *section)
{
    alexnet_network *network = r->network;
    if (!name_is_good(section))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "a layer's name has 1 to %d letters, digits, - and _",
                       AN_NAME_MAX);
    if (network->count == AN_LAYERS_MAX)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "more than %d layers", AN_LAYERS_MAX);
    an_layer *layers = an_grow(network->layers, network->count, sizeof *layers);
    if (!layers)
        return AN_FAIL_MEMORY(sizeof *layers, "a layer");
    network->layers = layers;
    an_layer *layer = &layers[network->count++];
    memcpy(layer->name, section, strlen(section) + 1);
    layer->line = line;
    layer->groups = 1;
    return ALEXNET_OK;
}

static bool is_network(const char *section)
{
    return strcmp(section, "network") == 0;
}

static bool is_input(const char *section)
{
    return strcmp(section, "input") == 0;
}

/* First pass: every section except [network] and [input] is a layer. */
static alexnet_status begin_section(reading *r, int line, const char *section)
{
    alexnet_network *network = r->network;
    bool twice = is_network(section) ? r->has_network
                 : is_input(section) ? network->input.line != 0
                                     : an_network_find_layer(network, section) >= 0;
    if (twice)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "this section is given twice");
    if (is_network(section))
        r->has_network = true;
    else if (is_input(section))
        network->input.line = line;
    else
        return add_layer(r, line, section);
    return ALEXNET_OK;
}

/* First pass: set the type of the layer whose section is being read. */
static alexnet_status see_type(reading *r, const char *key, const char *value)
{
    an_layer *layer = &r->network->layers[r->network->count - 1];
    if (!an_text_same(key, "type"))
        return ALEXNET_OK;
    if (layer->type)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "type is given twice");
    return an_layer_type_read(&layer->type, value);
}

/* A layer may read [input] and the layers above it. */
static alexnet_status add_input(alexnet_network *network, int index, const char *name)
{
    an_layer *layer = &network->layers[index];
    int input = strcmp(name, "input") == 0 ? -1 : an_network_find_layer(network, name);
    if (input < 0 && strcmp(name, "input") != 0) {
        const char *near = an_network_nearest_layer(network, index, name);
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "inputs = %s: no layer of that name%s%s%s", name,
                       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    if (input == index)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "inputs = %s: a layer cannot read itself", name);
    if (input > index)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "inputs = %s: that layer comes further down", name);
    if (input >= 0 && network->layers[input].type == AN_LAYER_SOFTMAX)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "inputs = %s: nothing may follow a softmax", name);
    if (layer->n_inputs == AN_MAX_INPUTS)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "more than %d inputs", AN_MAX_INPUTS);
    layer->inputs[layer->n_inputs++] = input;
    return ALEXNET_OK;
}

static alexnet_status set_inputs(alexnet_network *network, int index, int line, const char *value)
{
    char copy[AN_INI_LINE_MAX + 1], *rest = copy, *word;
    an_layer *layer = &network->layers[index];
    if (layer->n_inputs)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "inputs is given twice");
    layer->inputs_line = line;
    memcpy(copy, value, strlen(value) + 1);
    while ((word = strtok_r(rest, " \t,", &rest)))
        AN_CHECK(add_input(network, index, word));
    const unsigned many = AN_LAYER_CONV | AN_LAYER_FC | AN_LAYER_CONCAT | AN_LAYER_ELTSUM;
    if (layer->n_inputs == 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "inputs names no layer");
    if (layer->n_inputs > 1 && !(layer->type & many))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s takes one input; %d are given",
                       an_layer_type_name(layer->type), layer->n_inputs);
    return ALEXNET_OK;
}

static alexnet_status set_network_key(reading *r, const char *key, const char *value)
{
    if (!an_text_same(key, "name"))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a key of [network]; it has name", key);
    if (r->has_name)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "name is given twice");
    if (!name_is_good(value))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "name = %s: expected 1 to %d letters, digits, - and _",
                       value, AN_NAME_MAX);
    r->has_name = true;
    memcpy(r->network->name, value, strlen(value) + 1);
    return ALEXNET_OK;
}

static alexnet_status take_key(reading *r, int line, const char *section, const char *key,
                               const char *value)
{
    alexnet_network *network = r->network;
    if (!key)
        return r->second_pass ? ALEXNET_OK : begin_section(r, line, section);
    if (!r->second_pass)
        return is_network(section) || is_input(section) ? ALEXNET_OK : see_type(r, key, value);
    if (is_network(section))
        return set_network_key(r, key, value);
    if (is_input(section))
        return an_input_set(&network->input, line, key, value);
    if (an_text_same(key, "type"))
        return ALEXNET_OK;
    int index = an_network_find_layer(network, section);
    if (an_text_same(key, "inputs"))
        return set_inputs(network, index, line, value);
    return an_layer_set(&network->layers[index], line, key, value);
}

static alexnet_status on_key(void *user, int line, const char *section, const char *key,
                             const char *value)
{
    reading *r = user;
    alexnet_status rc = take_key(r, line, section, key, value);
    return rc == ALEXNET_ERROR_FORMAT ? at(r, line, section) : rc;
}

static const char *other_section_at(void *user, int i)
{
    (void)user;
    return i ? "network" : "input";
}

/* A section without a type may be one of the two that are not layers, misspelt. */
static alexnet_status fail_without_type(const reading *r, const an_layer *layer)
{
    const char *near = an_text_nearest(layer->name, 2, other_section_at, NULL);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: [%s] needs the key type%s%s%s", r->source,
                   layer->line, layer->name, near ? "; did you mean [" : "", near ? near : "",
                   near ? "]?" : "");
}

/* Between the passes: check that every layer has a type, and that [input] and layers exist. */
static alexnet_status check_sections(const reading *r)
{
    const alexnet_network *network = r->network;
    for (int i = 0; i < network->count; i++)
        if (!network->layers[i].type)
            return fail_without_type(r, &network->layers[i]);
    if (!network->input.line)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: there is no [input] section", r->source);
    if (!network->count)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: there are no layers", r->source);
    return ALEXNET_OK;
}

static alexnet_status complete(const reading *r)
{
    alexnet_network *network = r->network;
    an_input *input = &network->input;
    if (an_input_complete(input) != ALEXNET_OK)
        return at(r, an_input_line_of(input, an_error_text()), "input");
    for (int i = 0; i < network->count; i++) {
        an_layer *layer = &network->layers[i];
        alexnet_status rc = an_layer_complete(layer);
        if (rc == ALEXNET_OK && layer->n_inputs == 0)
            rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s needs the key inputs",
                         an_layer_type_name(layer->type));
        if (rc == ALEXNET_OK && (layer->type == AN_LAYER_SOFTMAX) != (i == network->count - 1))
            rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s",
                         layer->type == AN_LAYER_SOFTMAX ? "a softmax must be the last layer"
                                                         : "the last layer must be a softmax");
        if (rc != ALEXNET_OK)
            return at(r, layer->line, layer->name);
        if (layer->outputs_follow_classes)
            layer->outputs = network->classes;
    }
    return ALEXNET_OK;
}

/* A layer that no other layer reads is an error: some `inputs` must be wrong. */
static alexnet_status check_readers(const reading *r)
{
    const alexnet_network *network = r->network;
    for (int i = 0; i < network->count - 1; i++) {
        bool read = false;
        for (int j = i + 1; j < network->count; j++)
            for (int k = 0; k < network->layers[j].n_inputs; k++)
                read |= network->layers[j].inputs[k] == i;
        if (!read)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: [%s] is read by no layer", r->source,
                           network->layers[i].line, network->layers[i].name);
    }
    return ALEXNET_OK;
}

static alexnet_status build_graph(const reading *r)
{
    alexnet_network *network = r->network;
    alexnet_status rc =
        an_graph_build(&network->graph, network, &(an_graph_extent){.slots = 1, .pictures = 1});
    if (rc == ALEXNET_ERROR_INVALID_ARGUMENT || rc == ALEXNET_ERROR_UNSUPPORTED)
        return an_fail(ALEXNET_ERROR_FORMAT, "%s:%s", r->source, an_error_text());
    AN_CHECK(rc);
    const an_node *logits = &network->graph.nodes[network->graph.count - 1];
    if (r->open)
        network->classes = logits->desc.out.c;
    if (network->classes > AN_CLASSES_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: %d classes; a model has at most %d",
                       r->source, network->classes, AN_CLASSES_MAX);
    if (logits->desc.out.c != network->classes)
        return AN_FAIL(
            ALEXNET_ERROR_FORMAT,
            "%s: the softmax has %d %s where the data has %d classes; write outputs = classes",
            r->source, logits->desc.out.c, an_text_plural(logits->desc.out.c, "output", "outputs"),
            network->classes);
    return ALEXNET_OK;
}

alexnet_status an_network_parse(alexnet_network **out, const char *text, const char *source,
                                const char *name, int classes)
{
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    alexnet_network *network = an_calloc(1, sizeof *network);
    if (!network)
        return AN_FAIL_MEMORY(sizeof *network, "a network");
    atomic_init(&network->references, 1);
    network->classes = classes ? classes : CLASSES_OF_NO_DATA;
    strncpy(network->name, name_is_good(name) ? name : "network", AN_NAME_MAX);
    network->text = an_strdup(text);
    if (!network->text) {
        rc = AN_FAIL_MEMORY(strlen(text), "a network's text");
        goto cleanup;
    }
    reading r = {.network = network, .source = source, .open = classes == 0};
    AN_TRY(an_ini_read(text, source, on_key, &r));
    AN_TRY(check_sections(&r));
    r.second_pass = true;
    AN_TRY(an_ini_read(text, source, on_key, &r));
    AN_TRY(complete(&r));
    AN_TRY(check_readers(&r));
    AN_TRY(build_graph(&r));
    AN_TRY(an_network_describe(network));
    *out = network;
    network = NULL;
cleanup:
    an_network_release(network);
    return rc;
}
