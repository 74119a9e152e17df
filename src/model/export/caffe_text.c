/*
 * A network as Caffe's text (.prototxt) for inference, from an input of one picture to the
 * probabilities.
 */
#include <stdarg.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "model/export/caffe_layers.h"

static alexnet_status say(an_writer *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static alexnet_status say(an_writer *text, const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    const int length = an_format_in(line, sizeof line, format, args);
    va_end(args);
    return an_writer_put(text, line, length < (int)sizeof line ? (size_t)length : sizeof line - 1);
}

/* A comment of one line, whatever characters it has. */
static alexnet_status say_comment(an_writer *text, const char *comment)
{
    AN_CHECK(an_writer_put(text, "# ", 2));
    for (; *comment; comment++)
        AN_CHECK(an_writer_put(text, (unsigned char)*comment < ' ' ? " " : comment, 1));
    return an_writer_put(text, "\n", 1);
}

/* Numbers have the fewest digits that give the same float when read. */
static alexnet_status say_setting(an_writer *text, const an_caffe_setting *setting)
{
    char number[32] = "";
    double again = 0;
    if (setting->word)
        return say(text, "    %s: %s\n", setting->key, setting->word);
    for (int digits = setting->real ? 6 : 12; digits <= 12; digits++) {
        an_print_in(number, sizeof number, "%.*g", digits, setting->value);
        if (an_text_to_double(number, &again) && (float)again == (float)setting->value)
            break;
    }
    return say(text, "    %s: %s\n", setting->key, number);
}

static alexnet_status say_layer(an_writer *text, const an_caffe_out *layer, const an_op_desc *desc)
{
    AN_CHECK(say(text, "layer {\n  name: \"%s\"\n  type: \"%s\"\n", layer->name, layer->type));
    for (int i = 0; i < layer->n_bottoms; i++)
        AN_CHECK(say(text, "  bottom: \"%s\"\n", layer->bottoms[i]));
    AN_CHECK(say(text, "  top: \"%s\"\n", layer->top));
    if (layer->message) {
        AN_CHECK(say(text, "  %s {\n", layer->message));
        for (int i = 0; i < layer->count; i++)
            AN_CHECK(say_setting(text, &layer->settings[i]));
        AN_CHECK(say(text, "  }\n"));
    }
    if (desc->kind == AN_OP_AUGMENT)
        AN_CHECK(say(text, "  input_param { shape: { dim: 1 dim: %d dim: %d dim: %d } }\n",
                     desc->out.c, desc->out.h, desc->out.w));
    return say(text, "}\n");
}

/* The preprocessing, as a comment because Caffe leaves it to its user. */
static alexnet_status say_preprocessing(an_writer *text, an_net *net)
{
    const int mean = an_net_find(net, "input.mean");
    float values[3];
    AN_CHECK(say(text, AN_CAFFE_TEXT_MARK));
    AN_CHECK(an_writer_put(text, net->network->preprocessing, strlen(net->network->preprocessing)));
    AN_CHECK(say(text, ".\n"));
    if (mean >= 0 && net->params[mean].count > 3 && net->network->input.channels == AN_CHANNELS_RGB)
        return say(text, "# The file of the mean image has blue first, the input red.\n");
    if (mean < 0 || net->params[mean].count > 3)
        return ALEXNET_OK;
    AN_CHECK(an_net_read(net, AN_VALUES, mean, values, AN_F32));
    if (net->params[mean].count == 1)
        return say(text, "# The mean: %.9g\n", (double)values[0]);
    return say(text, "# The mean of each channel: %.9g %.9g %.9g\n", (double)values[0],
               (double)values[1], (double)values[2]);
}

alexnet_status an_caffe_text_write(an_writer *text, an_net *net, const char *provenance)
{
    const an_graph *graph = &net->network->graph;
    if (*provenance)
        AN_CHECK(say_comment(text, provenance));
    AN_CHECK(say_preprocessing(text, net));
    AN_CHECK(say(text, "name: \"%s\"\n", net->network->name));
    for (int i = 0; i < graph->count; i++) {
        an_caffe_out layer;
        AN_CHECK(an_caffe_layer_of(&layer, net->network, i));
        AN_CHECK(say_layer(text, &layer, &graph->nodes[i].desc));
    }
    return ALEXNET_OK;
}
