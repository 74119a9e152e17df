/*
 * The tensors of files of other programs, as lists of names and shapes without data. Includes
 * cmocka.
 */
#ifndef TESTS_UNIT_RECOGNISE_RIG_H
#define TESTS_UNIT_RECOGNISE_RIG_H

#include "expect.h"

#include <stdio.h>

#include "format/tensor_format.h"
#include "model/network/layer_names.h"
#include "model/recognise/recognise.h"

enum { ENTRIES = 64 };

static struct fake {
    an_tensor_entry entries[ENTRIES];
    char names[ENTRIES][160];
    int count;
    an_outline outline;
} fake;

static inline void clear(void)
{
    an_outline_free(&fake.outline);
    fake.outline.input[0] = fake.outline.input[1] = fake.outline.input[2] = AN_UNKNOWN;
    fake.count = 0;
}

/* For cmocka, after a group of tests. */
static inline int clear_after_group(void **state)
{
    (void)state;
    clear();
    return 0;
}

static inline int add(const char *name, an_shape shape)
{
    assert_in_range(fake.count, 0, ENTRIES - 1);
    snprintf(fake.names[fake.count], sizeof fake.names[0], "%s", name);
    fake.entries[fake.count] = (an_tensor_entry){
        .name = fake.names[fake.count], .dtype = AN_F32, .type = "F32", .shape = shape};
    return fake.count++;
}

static inline alexnet_network *load(const char *name, int classes)
{
    alexnet_network *network;
    expect_ok(an_network_load(&network, name, classes));
    return network;
}

/* List the tensors of a network under names of `kind`, each with `prefix` in front. */
static inline void add_network(const char *name, int classes, an_export_names kind,
                               const char *prefix)
{
    alexnet_network *network = load(name, classes);
    const an_graph *graph = &network->graph;
    clear();
    for (int i = 1; i < graph->count; i++) {
        an_param_info params[AN_MAX_PARAMS];
        char called[2][AN_LAYER_NAME], whole[160];
        bool swapped;
        const int n = an_op_params(&graph->nodes[i].desc, params);
        for (int j = 0; j < n; j++) {
            const int towers =
                an_layer_names(network, graph->nodes[i].layer, kind, called, &swapped);
            params[j].shape.dim[0] /= towers;
            for (int t = 0; t < towers; t++) {
                snprintf(whole, sizeof whole, "%s%s.%s", prefix, called[t], params[j].name);
                add(whole, params[j].shape);
            }
        }
    }
    an_network_release(network);
}

/* ---- Files without data ---- */

static inline alexnet_status fake_outline(an_tensor_file *file, an_outline *outline)
{
    (void)file;
    memcpy(outline->input, fake.outline.input, sizeof outline->input);
    for (int i = 0; i < fake.outline.count; i++) {
        an_outline_layer *layer;
        AN_CHECK(an_outline_add(outline, fake.outline.layers[i].kind, fake.outline.layers[i].name,
                                &layer));
        char *name = layer->name;
        *layer = fake.outline.layers[i];
        layer->name = name;
    }
    return ALEXNET_OK;
}

static inline void fake_close(void *state)
{
    (void)state;
}

static const an_tensor_format fake_format = {
    .name = "fake", .outline = fake_outline, .close = fake_close};

static inline an_tensor_entry *find(const char *name)
{
    for (int i = 0; i < fake.count; i++)
        if (strcmp(fake.names[i], name) == 0)
            return &fake.entries[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static inline alexnet_status recognise(an_recognition *is, const char *net, bool part)
{
    an_reader *reader;
    expect_ok(an_reader_memory(&reader, "file", "", 0));
    an_tensor_file file = {
        .format = &fake_format, .reader = reader, .count = fake.count, .entries = fake.entries};
    alexnet_status rc = an_recognise(is, &file, net, part);
    an_reader_close(reader);
    return rc;
}

static inline void expect_network(const char *name)
{
    an_recognition is;
    expect_ok(recognise(&is, NULL, false));
    if (strcmp(is.network->name, name) != 0)
        fail_msg("%s instead of %s", is.found, name);
    an_recognition_free(&is);
}

static inline void expect_none(const char *part)
{
    an_recognition is;
    expect_failure(recognise(&is, NULL, false), ALEXNET_ERROR_FORMAT, part);
    assert_non_null(strstr(an_error_text(), "file"));
    assert_null(is.network);
}

#endif
