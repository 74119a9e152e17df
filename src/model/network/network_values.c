#include "model/network/network_values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"

void an_value_describe(const an_network_key *key, char *text, size_t room)
{
    static const char *const of_kind[] = {
        [AN_KIND_INTEGER] = "an integer from %.10g to %.10g",
        [AN_KIND_NUMBER] = "a number from %.10g to %.10g",
        [AN_KIND_PADDING] = "one integer, or four (top left bottom right), from %.10g to %.10g",
        [AN_KIND_FACTORS] = "one number, or three, of magnitude %.10g to %.10g",
        [AN_KIND_OUTPUTS] = "an integer from %.10g to %.10g, or classes",
        [AN_KIND_INIT_WEIGHTS] = "a standard deviation from %.10g to %.10g, he or uniform",
        [AN_KIND_INIT_BIASES] = "a number from %.10g to %.10g, or uniform",
        [AN_KIND_NEURON] = "relu, logistic or tanh[a,b], with numbers of magnitude 1e-6 to 1e6",
        [AN_KIND_MEAN] = "image, channel, none, or three numbers (grey: one) from %.10g to %.10g",
    };
    if (key->kind == AN_KIND_CHOICE)
        snprintf(text, room, "%s", key->choices);
    else
        an_print_in(text, room, of_kind[key->kind], key->min, key->max);
}

static bool in_range(const an_network_key *key, double value)
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

static bool set_padding(const an_network_key *key, int padding[4], const char *value)
{
    double numbers[4];
    int count = split_numbers(value, numbers, 4);
    for (int i = 0; i < count; i++)
        if (!in_range(key, numbers[i]) || numbers[i] != (int)numbers[i])
            count = -1;
    if (count != 1 && count != 4)
        return false;
    for (int i = 0; i < 4; i++)
        padding[i] = (int)numbers[count == 1 ? 0 : i];
    return true;
}

/* A factor for each channel. */
static bool set_factors(const an_network_key *key, an_input *input, const char *value)
{
    double numbers[3];
    int count = split_numbers(value, numbers, 3);
    for (int i = 0; i < count; i++)
        if (!in_range(key, fabs(numbers[i])))
            count = -1;
    if (count != 1 && count != 3)
        return false;
    for (int i = 0; i < 3; i++)
        input->scale[i] = numbers[count == 1 ? 0 : i];
    input->scale_numbers = count;
    return true;
}

static bool set_mean(const an_network_key *key, an_input *input, const char *value)
{
    int choice = an_text_choice("image|channel|none", value);
    if (choice >= 0) {
        input->mean = choice;
        return true;
    }
    int count = split_numbers(value, input->fixed_mean, 3);
    for (int i = 0; i < count; i++)
        if (!in_range(key, input->fixed_mean[i]))
            count = -1;
    if (count != 1 && count != 3)
        return false;
    for (int i = count; i < 3; i++)
        input->fixed_mean[i] = input->fixed_mean[0];
    input->mean = AN_INPUT_MEAN_FIXED;
    input->mean_numbers = count;
    return true;
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

static bool set_neuron(const an_network_key *key, an_layer *layer, const char *value)
{
    an_neuron_desc neuron = {.kind = AN_RELU, .a = 1, .b = 1};
    if (*value == '\0') /* no neuron: allowed if the key is optional */
        return key->standard != NULL;
    if (strncmp(value, "tanh", 4) == 0) {
        neuron.kind = AN_TANH;
        if (value[4] && !read_tanh(value + 4, &neuron))
            return false;
    } else if (strcmp(value, "logistic") == 0) {
        neuron.kind = AN_LOGISTIC;
    } else if (strcmp(value, "relu") != 0) {
        return false;
    }
    layer->has_neuron = true;
    layer->neuron = neuron;
    return true;
}

static bool set_init(const an_network_key *key, an_init *init, const char *value)
{
    *init = (an_init){AN_INIT_NORMAL, 0};
    if (key->kind == AN_KIND_INIT_WEIGHTS && strcmp(value, "he") == 0)
        init->kind = AN_INIT_HE;
    else if (strcmp(value, "uniform") == 0)
        init->kind = AN_INIT_UNIFORM;
    else
        return an_text_to_double(value, &init->value) && in_range(key, init->value);
    return true;
}

static bool set_integer(const an_network_key *key, int *out, const char *value)
{
    int64_t number;
    if (!an_text_to_int(value, &number) || !in_range(key, (double)number))
        return false;
    *out = (int)number;
    return true;
}

static bool set_number(const an_network_key *key, double *out, const char *value)
{
    double number;
    if (!an_text_to_double(value, &number) || !in_range(key, number))
        return false;
    *out = number;
    return true;
}

static bool set_outputs(const an_network_key *key, an_layer *layer, const char *value)
{
    layer->outputs_follow_classes = strcmp(value, "classes") == 0;
    return layer->outputs_follow_classes || set_integer(key, &layer->outputs, value);
}

static bool set_choice(const an_network_key *key, int *out, const char *value)
{
    *out = an_text_choice(key->choices, value);
    return *out >= 0;
}

static bool set_value(const an_network_key *key, void *base, const char *value)
{
    void *field = (char *)base + key->offset;
    switch (key->kind) {
    case AN_KIND_INTEGER: return set_integer(key, field, value);
    case AN_KIND_NUMBER: return set_number(key, field, value);
    case AN_KIND_CHOICE: return set_choice(key, field, value);
    case AN_KIND_PADDING: return set_padding(key, field, value);
    case AN_KIND_FACTORS: return set_factors(key, base, value);
    case AN_KIND_INIT_WEIGHTS:
    case AN_KIND_INIT_BIASES: return set_init(key, field, value);
    case AN_KIND_NEURON: return set_neuron(key, base, value);
    case AN_KIND_MEAN: return set_mean(key, base, value);
    case AN_KIND_OUTPUTS: break;
    }
    return set_outputs(key, base, value);
}

alexnet_status an_value_set(const an_network_key *key, void *base, const char *value)
{
    char what[128];
    if (set_value(key, base, value))
        return ALEXNET_OK;
    an_value_describe(key, what, sizeof what);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s = %s: expected %s", key->name, value, what);
}
