/*
 * The keys of network files: one table for parsing, checking and defaults. Keys in which AlexNets
 * differ have no default: the file must give them.
 */
#include <stddef.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "model/network/network_values.h"

#define L(field) offsetof(an_layer, field)
#define I(field) offsetof(an_input, field)
enum {
    NORMS = AN_LAYER_CMRNORM | AN_LAYER_RNORM,
    WINDOWS = AN_LAYER_CONV | AN_LAYER_POOL,
    WEIGHTS = AN_LAYER_CONV | AN_LAYER_FC,
    SIDE_MAX = 8192,
    WIDTH_MAX = 1 << 20,
};

static const an_network_key keys[] = {
    {"filters", AN_LAYER_CONV, AN_KIND_INTEGER, L(filters), 1, WIDTH_MAX, NULL, NULL},
    {"filterSize", AN_LAYER_CONV, AN_KIND_INTEGER, L(filter_size), 1, SIDE_MAX, NULL, NULL},
    {"sizeX", AN_LAYER_POOL, AN_KIND_INTEGER, L(size), 1, SIDE_MAX, NULL, NULL},
    {"stride", WINDOWS, AN_KIND_INTEGER, L(stride), 1, SIDE_MAX, "1", NULL},
    {"padding", AN_LAYER_CONV, AN_KIND_PADDING, L(padding), 0, SIDE_MAX, "0", NULL},
    {"padding", AN_LAYER_POOL, AN_KIND_INTEGER, L(padding), 0, SIDE_MAX, "0", NULL},
    {"round", WINDOWS, AN_KIND_CHOICE, L(round), 0, 0, "floor", "floor|ceil"},
    {"groups", AN_LAYER_CONV, AN_KIND_INTEGER, L(groups), 1, WIDTH_MAX, "1", NULL},
    {"groups", AN_LAYER_CMRNORM, AN_KIND_INTEGER, L(groups), 1, WIDTH_MAX, NULL, NULL},
    {"pool", AN_LAYER_POOL, AN_KIND_CHOICE, L(pool), 0, 0, "max", "max|avg"},
    {"size", NORMS, AN_KIND_INTEGER, L(size), 1, SIDE_MAX, NULL, NULL},
    {"scale", NORMS, AN_KIND_NUMBER, L(scale), 0, 1e9, NULL, NULL},
    {"divide", NORMS, AN_KIND_CHOICE, L(divide), 0, 0, NULL, "no|yes"},
    {"pow", NORMS, AN_KIND_NUMBER, L(pow), 0, 100, NULL, NULL},
    {"minDiv", NORMS, AN_KIND_NUMBER, L(min_div), 1e-6, 1e6, NULL, NULL},
    {"outputs", AN_LAYER_FC, AN_KIND_OUTPUTS, L(outputs), 1, WIDTH_MAX, NULL, NULL},
    {"initW", WEIGHTS, AN_KIND_INIT_WEIGHTS, L(init_w), 0, 1e6, "0.01", NULL},
    {"initB", WEIGHTS, AN_KIND_INIT_BIASES, L(init_b), -1e6, 1e6, "0", NULL},
    {"keep", AN_LAYER_DROPOUT, AN_KIND_NUMBER, L(keep), 1e-6, 1, "0.5", NULL},
    {"kind", AN_LAYER_DROPOUT, AN_KIND_CHOICE, L(keep_kind), 0, 0, NULL, "mask|inverted"},
    {"neuron", ~(unsigned)(AN_LAYER_SOFTMAX | AN_LAYER_NEURON), AN_KIND_NEURON, L(neuron), 0, 0, "",
     NULL},
    {"neuron", AN_LAYER_NEURON, AN_KIND_NEURON, L(neuron), 0, 0, NULL, NULL},

    {"size", 0, AN_KIND_INTEGER, I(size), 1, SIDE_MAX, NULL, NULL},
    {"side", 0, AN_KIND_INTEGER, I(side), 1, SIDE_MAX, NULL, NULL},
    {"resize", 0, AN_KIND_CHOICE, I(resize), 0, 0, "short", "short|warp"},
    {"decode", 0, AN_KIND_CHOICE, I(decode), 0, 0, "exact", "exact|scaled"},
    {"crop", 0, AN_KIND_CHOICE, I(crop), 0, 0, "centre", "centre"},
    {"exif", 0, AN_KIND_CHOICE, I(exif), 0, 0, "apply", "apply"},
    {"channels", 0, AN_KIND_CHOICE, I(channels), 0, 0, "rgb", "rgb|bgr|grey"},
    {"mean", 0, AN_KIND_MEAN, I(mean), -1e6, 1e6, "image", NULL},
    {"meanCrop", 0, AN_KIND_CHOICE, I(mean_crop), 0, 0, "centre", "centre|aligned"},
    {"scale", 0, AN_KIND_FACTORS, I(scale), 1e-6, 1e6, "1", NULL},
};
enum { KEYS = sizeof keys / sizeof keys[0] };
_Static_assert((int)KEYS <= (int)AN_NETWORK_KEY_ROWS, "keys_seen has a bit per key");

static const struct type_name {
    an_layer_type type;
    const char *name;
} type_names[] = {
    {AN_LAYER_CONV, "conv"},       {AN_LAYER_FC, "fc"},         {AN_LAYER_POOL, "pool"},
    {AN_LAYER_CMRNORM, "cmrnorm"}, {AN_LAYER_RNORM, "rnorm"},   {AN_LAYER_DROPOUT, "dropout"},
    {AN_LAYER_NEURON, "neuron"},   {AN_LAYER_CONCAT, "concat"}, {AN_LAYER_ELTSUM, "eltsum"},
    {AN_LAYER_SOFTMAX, "softmax"},
};
enum { TYPES = sizeof type_names / sizeof type_names[0] };

const char *an_layer_type_name(an_layer_type type)
{
    for (int i = 0; i < TYPES; i++)
        if (type_names[i].type == type)
            return type_names[i].name;
    return "input";
}

static const char *type_at(void *user, int i)
{
    (void)user;
    return type_names[i].name;
}

alexnet_status an_layer_type_read(an_layer_type *out, const char *name)
{
    char list[128] = "";
    for (int i = 0; i < TYPES; i++) {
        if (strcmp(type_names[i].name, name) == 0) {
            *out = type_names[i].type;
            return ALEXNET_OK;
        }
        an_text_add(list, sizeof list, "%s%s", i ? ", " : "", type_names[i].name);
    }
    const char *near = an_text_nearest(name, TYPES, type_at, NULL);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "type = %s: %s%s%sexpected %s", name,
                   near ? "did you mean " : "", near ? near : "", near ? "? " : "", list);
}

static bool takes(const an_network_key *key, unsigned type)
{
    return type ? (key->types & type) != 0 : key->types == 0;
}

/* Layers have two more keys, which network_read.c handles. */
static const char *key_at(void *user, int i)
{
    static const char *const more[] = {"type", "inputs"};
    unsigned type = *(unsigned *)user;
    if (i >= KEYS)
        return type ? more[i - KEYS] : NULL;
    return takes(&keys[i], type) ? keys[i].name : NULL;
}

static alexnet_status set(void *base, unsigned type, an_keys_read *read, int line, const char *name,
                          const char *value)
{
    for (int i = 0; i < KEYS; i++) {
        if (!takes(&keys[i], type) || !an_text_same(keys[i].name, name))
            continue; /* the 2012 code's option names are case-insensitive too */
        if (read->seen >> i & 1)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is given twice", keys[i].name);
        read->seen |= (uint64_t)1 << i;
        read->lines[i] = line;
        return an_value_set(&keys[i], base, value);
    }
    const char *near = an_text_nearest(name, KEYS + 2, key_at, &type);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a key of %s%s%s%s", name,
                   type ? an_layer_type_name(type) : "[input]", near ? "; did you mean " : "",
                   near ? near : "", near ? "?" : "");
}

static alexnet_status needs(unsigned type, const an_network_key *key)
{
    char what[128];
    an_value_describe(key, what, sizeof what);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s%sneeds the key %s: %s",
                   type ? an_layer_type_name(type) : "", type ? " " : "", key->name, what);
}

/* With a stride above 1 the output's size depends on how it is rounded: `round` must be given. */
static bool is_needed(const an_network_key *key, const void *base, unsigned type)
{
    if (key->offset == L(round) && type & WINDOWS)
        return ((const an_layer *)base)->stride > 1;
    return !key->standard;
}

static alexnet_status complete(void *base, unsigned type, uint64_t seen)
{
    for (int i = 0; i < KEYS; i++) {
        if (!takes(&keys[i], type) || seen >> i & 1)
            continue;
        if (is_needed(&keys[i], base, type))
            return needs(type, &keys[i]);
        AN_CHECK(an_value_set(&keys[i], base, keys[i].standard));
    }
    return ALEXNET_OK;
}

alexnet_status an_layer_set(an_layer *layer, int line, const char *key, const char *value)
{
    return set(layer, layer->type, &layer->keys, line, key, value);
}

alexnet_status an_input_set(an_input *input, int line, const char *key, const char *value)
{
    return set(input, 0, &input->keys, line, key, value);
}

static bool begins_with_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    return strncmp(text, word, length) == 0 && strcspn(text, " ") == length;
}

static int line_of(const an_keys_read *read, const char *text, int section)
{
    for (int i = 0; i < KEYS; i++)
        if (read->seen >> i & 1 && begins_with_word(text, keys[i].name))
            return read->lines[i];
    return section;
}

int an_layer_line_of(const an_layer *layer, const char *text)
{
    if (begins_with_word(text, "inputs"))
        return layer->inputs_line;
    return line_of(&layer->keys, text, layer->line);
}

int an_input_line_of(const an_input *input, const char *text)
{
    return line_of(&input->keys, text, input->line);
}

alexnet_status an_layer_complete(an_layer *layer)
{
    return complete(layer, layer->type, layer->keys.seen);
}

/* The number of channels is known only once all keys are read. */
static alexnet_status check_count(const an_input *input, const char *key, int numbers)
{
    const bool grey = input->channels == AN_CHANNELS_GREY;
    if (numbers <= 1 || !grey)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has %d numbers; a grey network has one channel", key,
                   numbers);
}

alexnet_status an_input_complete(an_input *input)
{
    AN_CHECK(complete(input, 0, input->keys.seen));
    if (input->size > input->side)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "size = %d is larger than side = %d", input->size,
                       input->side);
    AN_CHECK(check_count(input, "scale", input->scale_numbers));
    AN_CHECK(check_count(input, "mean", input->mean_numbers));
    if (input->mean_numbers == 1 && input->channels != AN_CHANNELS_GREY)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "mean = %.9g: a number for each of the three channels is expected",
                       input->fixed_mean[0]);
    return ALEXNET_OK;
}
