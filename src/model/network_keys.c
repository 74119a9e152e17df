/*
 * The keys of network files: one table, from which values are parsed, checked and defaulted.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/status.h"
#include "base/text.h"
#include "model/network.h"

typedef enum value_kind {
    INTEGER,
    NUMBER,
    CHOICE,
    PADDING, /* one integer, or four: top left bottom right */
    FACTORS, /* one number, or three; none is 0 */
    OUTPUTS, /* an integer or `classes` */
    INIT,    /* a number, `he` or `uniform` */
    NEURON,  /* relu, tanh[a,b] or logistic */
    MEAN,    /* image, channel, none, or three numbers */
} value_kind;

typedef struct key_spec {
    const char *name;
    unsigned types; /* layers that take it; 0: [input] */
    value_kind kind;
    size_t offset;        /* in an_layer or an_input */
    double min, max;      /* of FACTORS, their magnitude */
    const char *standard; /* default; NULL: the key is required */
    const char *choices;
} key_spec;

#define L(field) offsetof(an_layer, field)
#define I(field) offsetof(an_input, field)
enum {
    NORMS = AN_LAYER_CMRNORM | AN_LAYER_RNORM,
    WINDOWS = AN_LAYER_CONV | AN_LAYER_POOL,
    WEIGHTS = AN_LAYER_CONV | AN_LAYER_FC,
    SIDE_MAX = 8192,
    WIDTH_MAX = 1 << 20,
};

static const key_spec keys[] = {
    {"filters", AN_LAYER_CONV, INTEGER, L(filters), 1, WIDTH_MAX, NULL, NULL},
    {"filterSize", AN_LAYER_CONV, INTEGER, L(filter_size), 1, SIDE_MAX, NULL, NULL},
    {"sizeX", AN_LAYER_POOL, INTEGER, L(size), 1, SIDE_MAX, NULL, NULL},
    {"stride", WINDOWS, INTEGER, L(stride), 1, SIDE_MAX, "1", NULL},
    {"padding", AN_LAYER_CONV, PADDING, L(padding), 0, SIDE_MAX, "0", NULL},
    {"padding", AN_LAYER_POOL, INTEGER, L(padding), 0, SIDE_MAX, "0", NULL},
    {"round", WINDOWS, CHOICE, L(round), 0, 0, "floor", "floor|ceil"},
    {"groups", AN_LAYER_CONV | AN_LAYER_CMRNORM, INTEGER, L(groups), 1, WIDTH_MAX, "1", NULL},
    {"pool", AN_LAYER_POOL, CHOICE, L(pool), 0, 0, "max", "max|avg"},
    {"size", NORMS, INTEGER, L(size), 1, SIDE_MAX, NULL, NULL},
    {"scale", NORMS, NUMBER, L(scale), 0, 1e9, NULL, NULL},
    {"divide", NORMS, CHOICE, L(divide), 0, 0, NULL, "no|yes"},
    {"pow", NORMS, NUMBER, L(pow), 0, 100, NULL, NULL},
    {"minDiv", NORMS, NUMBER, L(min_div), 1e-6, 1e6, "1", NULL},
    {"outputs", AN_LAYER_FC, OUTPUTS, L(outputs), 1, WIDTH_MAX, NULL, NULL},
    {"initW", WEIGHTS, INIT, L(init_w), 0, 1e6, "0.01", NULL},
    {"initB", WEIGHTS, INIT, L(init_b), -1e6, 1e6, "0", NULL},
    {"keep", AN_LAYER_DROPOUT, NUMBER, L(keep), 1e-6, 1, "0.5", NULL},
    {"kind", AN_LAYER_DROPOUT, CHOICE, L(keep_kind), 0, 0, NULL, "mask|inverted"},
    {"neuron", ~(unsigned)(AN_LAYER_SOFTMAX | AN_LAYER_NEURON), NEURON, L(neuron), 0, 0, "", NULL},
    {"neuron", AN_LAYER_NEURON, NEURON, L(neuron), 0, 0, NULL, NULL},

    {"size", 0, INTEGER, I(size), 1, SIDE_MAX, NULL, NULL},
    {"side", 0, INTEGER, I(side), 1, SIDE_MAX, NULL, NULL},
    {"resize", 0, CHOICE, I(resize), 0, 0, "short", "short|warp"},
    {"crop", 0, CHOICE, I(crop), 0, 0, "centre", "centre"},
    {"exif", 0, CHOICE, I(exif), 0, 0, "apply", "apply"},
    {"channels", 0, CHOICE, I(channels), 0, 0, "rgb", "rgb|bgr"},
    {"mean", 0, MEAN, I(mean), -1e6, 1e6, "image", NULL},
    {"meanCrop", 0, CHOICE, I(mean_crop), 0, 0, "centre", "centre|aligned"},
    {"scale", 0, FACTORS, I(scale), 1e-6, 1e6, "1", NULL},
};
enum { KEYS = sizeof keys / sizeof keys[0] };
_Static_assert(KEYS <= 64, "keys_seen has a bit per key");

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

int an_layer_type_find(const char *name)
{
    for (int i = 0; i < TYPES; i++)
        if (strcmp(type_names[i].name, name) == 0)
            return type_names[i].type;
    return 0;
}

static const char *type_at(void *user, int i)
{
    (void)user;
    return type_names[i].name;
}

const char *an_layer_type_nearest(const char *name)
{
    const char *near = an_text_nearest(name, TYPES, type_at, NULL);
    return near ? near : "conv";
}

static alexnet_status expected(const key_spec *key, const char *value, const char *what)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s = %s: expected %s", key->name, value, what);
}

static alexnet_status out_of_range(const key_spec *key, const char *value, bool whole)
{
    char what[96];
    snprintf(what, sizeof what, "%s from %.10g to %.10g", whole ? "an integer" : "a number",
             key->min, key->max);
    return expected(key, value, what);
}

static bool in_range(const key_spec *key, double value)
{
    return value >= key->min && value <= key->max;
}

/* Up to `max` numbers separated by blanks; returns how many, or -1. */
static int split_numbers(const char *value, double *numbers, int max)
{
    char copy[256], *rest = copy, *word;
    int count = 0;
    if (snprintf(copy, sizeof copy, "%s", value) >= (int)sizeof copy)
        return -1;
    while ((word = strtok_r(rest, " \t,", &rest)))
        if (count == max || !an_text_to_double(word, &numbers[count++]))
            return -1;
    return count;
}

static alexnet_status set_padding(const key_spec *key, int padding[4], const char *value)
{
    double numbers[4];
    int count = split_numbers(value, numbers, 4);
    for (int i = 0; i < count; i++)
        if (!in_range(key, numbers[i]) || numbers[i] != (int)numbers[i])
            count = -1;
    if (count != 1 && count != 4)
        return expected(key, value, "one integer, or four: top left bottom right");
    for (int i = 0; i < 4; i++)
        padding[i] = (int)numbers[count == 1 ? 0 : i];
    return ALEXNET_OK;
}

/* A factor of each channel. */
static alexnet_status set_factors(const key_spec *key, double out[3], const char *value)
{
    double numbers[3];
    int count = split_numbers(value, numbers, 3);
    for (int i = 0; i < count; i++)
        if (!in_range(key, fabs(numbers[i])))
            count = -1;
    if (count != 1 && count != 3)
        return expected(key, value, "one number, or three, other than 0 and up to 1e6");
    for (int i = 0; i < 3; i++)
        out[i] = numbers[count == 1 ? 0 : i];
    return ALEXNET_OK;
}

static alexnet_status set_mean(const key_spec *key, an_input *input, const char *value)
{
    int choice = an_text_choice("image|channel|none", value);
    if (choice >= 0) {
        input->mean = choice;
        return ALEXNET_OK;
    }
    int count = split_numbers(value, input->fixed_mean, 3);
    for (int i = 0; i < count; i++)
        if (!in_range(key, input->fixed_mean[i]))
            count = -1;
    if (count != 3)
        return expected(key, value, "image, channel, none, or three numbers");
    input->mean = AN_INPUT_MEAN_FIXED;
    return ALEXNET_OK;
}

static bool is_factor(double value)
{
    return fabs(value) >= 1e-6 && fabs(value) <= 1e6;
}

/* "[a,b]" */
static bool read_tanh(const char *text, an_neuron_desc *neuron)
{
    char inside[96];
    double ab[2];
    size_t length = strlen(text);
    if (length < 2 || length > sizeof inside || text[0] != '[' || text[length - 1] != ']')
        return false;
    snprintf(inside, sizeof inside, "%.*s", (int)length - 2, text + 1);
    if (split_numbers(inside, ab, 2) != 2 || !is_factor(ab[0]) || !is_factor(ab[1]))
        return false;
    neuron->a = ab[0];
    neuron->b = ab[1];
    return true;
}

static alexnet_status set_neuron(const key_spec *key, an_layer *layer, const char *value)
{
    an_neuron_desc neuron = {.kind = AN_RELU, .a = 1, .b = 1};
    if (*value == '\0')
        return key->standard ? ALEXNET_OK : expected(key, value, "relu, tanh[a,b] or logistic");
    if (strncmp(value, "tanh", 4) == 0) {
        neuron.kind = AN_TANH;
        if (value[4] && !read_tanh(value + 4, &neuron))
            return expected(key, value, "tanh[a,b] with numbers other than 0 and up to 1e6");
    } else if (strcmp(value, "logistic") == 0) {
        neuron.kind = AN_LOGISTIC;
    } else if (strcmp(value, "relu") != 0) {
        return expected(key, value, "relu, tanh[a,b] or logistic");
    }
    layer->has_neuron = true;
    layer->neuron = neuron;
    return ALEXNET_OK;
}

static alexnet_status set_init(const key_spec *key, an_init *init, const char *value)
{
    int choice = an_text_choice("he|uniform", value);
    *init = (an_init){AN_INIT_NORMAL, 0};
    if (choice == 0 && key->offset == L(init_w))
        init->kind = AN_INIT_HE;
    else if (choice == 1)
        init->kind = AN_INIT_UNIFORM;
    else if (!an_text_to_double(value, &init->value) || !in_range(key, init->value))
        return expected(key, value,
                        key->offset == L(init_w) ? "a standard deviation, he or uniform"
                                                 : "a number or uniform");
    return ALEXNET_OK;
}

static alexnet_status set_integer(const key_spec *key, int *out, const char *value)
{
    int64_t number;
    if (!an_text_to_int(value, &number) || !in_range(key, (double)number))
        return out_of_range(key, value, true);
    *out = (int)number;
    return ALEXNET_OK;
}

static alexnet_status set_number(const key_spec *key, double *out, const char *value)
{
    double number;
    if (!an_text_to_double(value, &number) || !in_range(key, number))
        return out_of_range(key, value, false);
    *out = number;
    return ALEXNET_OK;
}

static alexnet_status set_outputs(const key_spec *key, an_layer *layer, const char *value)
{
    char what[96];
    layer->outputs_follow_classes = strcmp(value, "classes") == 0;
    if (layer->outputs_follow_classes || set_integer(key, &layer->outputs, value) == ALEXNET_OK)
        return ALEXNET_OK;
    snprintf(what, sizeof what, "an integer from %.10g to %.10g, or classes", key->min, key->max);
    return expected(key, value, what);
}

static alexnet_status set_choice(const key_spec *key, int *out, const char *value)
{
    *out = an_text_choice(key->choices, value);
    return *out >= 0 ? ALEXNET_OK : expected(key, value, key->choices);
}

static alexnet_status set_value(const key_spec *key, void *base, const char *value)
{
    void *field = (char *)base + key->offset;
    switch (key->kind) {
    case INTEGER: return set_integer(key, field, value);
    case NUMBER: return set_number(key, field, value);
    case CHOICE: return set_choice(key, field, value);
    case PADDING: return set_padding(key, field, value);
    case FACTORS: return set_factors(key, field, value);
    case INIT: return set_init(key, field, value);
    case NEURON: return set_neuron(key, base, value);
    case MEAN: return set_mean(key, base, value);
    case OUTPUTS: break;
    }
    return set_outputs(key, base, value);
}

static bool takes(const key_spec *key, unsigned type)
{
    return type ? (key->types & type) != 0 : key->types == 0;
}

/* Layers also have two keys that network_read.c looks at. */
static const char *key_at(void *user, int i)
{
    static const char *const more[] = {"type", "inputs"};
    unsigned type = *(unsigned *)user;
    if (i >= KEYS)
        return type ? more[i - KEYS] : NULL;
    return takes(&keys[i], type) ? keys[i].name : NULL;
}

static alexnet_status set(void *base, unsigned type, uint64_t *seen, const char *name,
                          const char *value)
{
    for (int i = 0; i < KEYS; i++) {
        if (!takes(&keys[i], type) || strcasecmp(keys[i].name, name) != 0)
            continue; /* the 2012 code's option names are case-insensitive too */
        if (*seen >> i & 1)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is given twice", keys[i].name);
        *seen |= (uint64_t)1 << i;
        return set_value(&keys[i], base, value);
    }
    const char *near = an_text_nearest(name, KEYS + 2, key_at, &type);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a key of %s%s%s%s", name,
                   type ? an_layer_type_name(type) : "[input]", near ? "; did you mean " : "",
                   near ? near : "", near ? "?" : "");
}

static alexnet_status complete(void *base, unsigned type, uint64_t seen)
{
    for (int i = 0; i < KEYS; i++) {
        if (!takes(&keys[i], type) || seen >> i & 1)
            continue;
        if (!keys[i].standard)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s needs the key %s",
                           type ? an_layer_type_name(type) : "[input]", keys[i].name);
        AN_CHECK(set_value(&keys[i], base, keys[i].standard));
    }
    return ALEXNET_OK;
}

alexnet_status an_layer_set(an_layer *layer, const char *key, const char *value)
{
    return set(layer, layer->type, &layer->keys_seen, key, value);
}

alexnet_status an_input_set(an_input *input, const char *key, const char *value)
{
    return set(input, 0, &input->keys_seen, key, value);
}

alexnet_status an_layer_complete(an_layer *layer)
{
    return complete(layer, layer->type, layer->keys_seen);
}

alexnet_status an_input_complete(an_input *input)
{
    return complete(input, 0, input->keys_seen);
}
