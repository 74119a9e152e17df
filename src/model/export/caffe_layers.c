#include "model/export/caffe_layers.h"

#include <stdio.h>
#include <string.h>

#include "base/status.h"

static const an_layer *layer_of(const alexnet_network *network, int node)
{
    return &network->layers[network->graph.nodes[node].layer];
}

/* ---- Names ---- */

/* Caffe's usual name for something, unless a layer has this name. */
static const char *usual(const alexnet_network *network, const char *name, const char *otherwise)
{
    return an_network_find_layer(network, name) < 0 ? name : otherwise;
}

/* The output of a node has its layer's name, except for the concat that joins the layer's inputs. A
 * neuron works in place. */
static void name_top(char text[AN_CAFFE_TEXT], const alexnet_network *network, int node)
{
    const an_node *n = &network->graph.nodes[node];
    const an_layer *layer = n->layer >= 0 ? &network->layers[n->layer] : NULL;
    if (!layer)
        snprintf(text, AN_CAFFE_TEXT, "%s", usual(network, "data", "input"));
    else if (layer->type == AN_LAYER_SOFTMAX)
        snprintf(text, AN_CAFFE_TEXT, "%s", usual(network, "prob", layer->name));
    else if (n->desc.kind == AN_OP_CONCAT && layer->type != AN_LAYER_CONCAT)
        snprintf(text, AN_CAFFE_TEXT, "%s/concat", layer->name);
    else
        snprintf(text, AN_CAFFE_TEXT, "%s", layer->name);
}

static void name_layer(an_caffe_out *out, const alexnet_network *network, int node)
{
    const an_node *n = &network->graph.nodes[node];
    const bool part = n->layer >= 0 && n->desc.kind == AN_OP_NEURON &&
                      network->layers[n->layer].type != AN_LAYER_NEURON;
    name_top(out->top, network, node);
    snprintf(out->name, sizeof out->name, "%.*s%s", part ? AN_NAME_MAX : AN_CAFFE_TEXT - 1,
             out->top, part ? "/neuron" : "");
    out->n_bottoms = n->desc.n_inputs;
    for (int i = 0; i < n->desc.n_inputs; i++)
        name_top(out->bottoms[i], network, n->inputs[i]);
}

/* ---- Settings ---- */

static void begin(an_caffe_out *out, const char *type, const char *message, uint32_t number)
{
    out->type = type;
    out->message = message;
    out->message_number = number;
}

static void set(an_caffe_out *out, const char *key, uint32_t number, int value)
{
    out->settings[out->count++] = (an_caffe_setting){.key = key, .number = number, .value = value};
}

static void set_real(an_caffe_out *out, const char *key, uint32_t number, double value)
{
    out->settings[out->count++] =
        (an_caffe_setting){.key = key, .number = number, .value = value, .real = true};
}

static void set_word(an_caffe_out *out, const char *key, uint32_t number, int value,
                     const char *word)
{
    out->settings[out->count++] =
        (an_caffe_setting){.key = key, .number = number, .value = value, .word = word};
}

static alexnet_status other_size(const an_caffe_out *out, const an_op_desc *desc, int rows,
                                 int columns, const char *rule)
{
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "layer %s has %d x %d outputs, and in Caffe, which %s, it would have %d x %d",
                   out->top, desc->out.h, desc->out.w, rule, rows, columns);
}

/* Caffe's convolution rounds down. A difference in padding at the bottom and the right matters only
 * for the size: beyond the edges both programs read zeros. */
static alexnet_status fill_conv(an_caffe_out *out, const an_op_desc *desc)
{
    const an_conv_desc *conv = &desc->u.conv;
    const int rows = an_window_count(desc->in[0].h, conv->top, conv->top, conv->r, conv->stride,
                                     false),
              columns = an_window_count(desc->in[0].w, conv->left, conv->left, conv->s,
                                        conv->stride, false);
    begin(out, "Convolution", "convolution_param", 106);
    if (rows != desc->out.h || columns != desc->out.w)
        return other_size(out, desc, rows, columns, "rounds down and pads opposite sides alike");
    set(out, "num_output", 1, conv->k);
    if (conv->top == conv->left && conv->top)
        set(out, "pad", 3, conv->top);
    set(out, "kernel_size", 4, conv->r);
    if (conv->groups > 1)
        set(out, "group", 5, conv->groups);
    if (conv->stride > 1)
        set(out, "stride", 6, conv->stride);
    if (conv->top != conv->left) {
        set(out, "pad_h", 9, conv->top);
        set(out, "pad_w", 10, conv->left);
    }
    return ALEXNET_OK;
}

/* Caffe's rule for the size of pooling: in its old form, which rounds up, a window may begin beyond
 * the image unless there is padding. */
static int pooled(int in, const an_pool_desc *pool, bool ceil)
{
    const int over = in + 2 * pool->pad - pool->size;
    int count = over < 0 ? 0 : (over + (ceil ? pool->stride - 1 : 0)) / pool->stride + 1;
    if (pool->pad && (count - 1) * pool->stride >= in + pool->pad)
        count--;
    return count;
}

static alexnet_status fill_pool(an_caffe_out *out, const an_op_desc *desc)
{
    const an_pool_desc *pool = &desc->u.pool;
    const bool average = pool->kind == AN_POOL_AVG;
    const int up[] = {pooled(desc->in[0].h, pool, true), pooled(desc->in[0].w, pool, true)},
              down[] = {pooled(desc->in[0].h, pool, false), pooled(desc->in[0].w, pool, false)};
    const bool old_form = up[0] == desc->out.h && up[1] == desc->out.w;
    begin(out, "Pooling", "pooling_param", 121);
    if (!old_form && (down[0] != desc->out.h || down[1] != desc->out.w))
        return other_size(out, desc, up[0], up[1], "rounds differently");
    if (average && pool->pad)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "layer %s: Caffe's average pooling counts the padding", out->top);
    set_word(out, "pool", 1, average, average ? "AVE" : "MAX");
    set(out, "kernel_size", 2, pool->size);
    set(out, "stride", 3, pool->stride);
    if (pool->pad)
        set(out, "pad", 4, pool->pad);
    if (!old_form)
        set_word(out, "round_mode", 13, 1, "FLOOR");
    return ALEXNET_OK;
}

/* Caffe divides alpha by the number of elements in the window, and has no groups across maps. */
static alexnet_status fill_lrn(an_caffe_out *out, const an_op_desc *desc, const an_layer *layer)
{
    const an_lrn_desc *lrn = &desc->u.lrn;
    const bool within = desc->kind == AN_OP_LRN_WITHIN;
    const double window = within ? (double)lrn->size * lrn->size : lrn->size;
    begin(out, "LRN", "lrn_param", 118);
    if (lrn->groups != 1)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "layer %s: its LRN stops at the edges of %d groups of maps, and Caffe's "
                       "goes across all maps",
                       out->top, lrn->groups);
    if (within && lrn->k != 1)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "layer %s: k is %g, and in Caffe's LRN within a map it is 1", out->top,
                       lrn->k);
    set(out, "local_size", 1, lrn->size);
    set_real(out, "alpha", 2, layer->divide ? layer->scale : layer->scale * window);
    set_real(out, "beta", 3, lrn->beta);
    if (within)
        set_word(out, "norm_region", 4, 1, "WITHIN_CHANNEL");
    else
        set_real(out, "k", 5, lrn->k);
    return ALEXNET_OK;
}

static alexnet_status fill_neuron(an_caffe_out *out, const an_neuron_desc *neuron)
{
    const bool scaled = neuron->kind == AN_TANH;
    begin(out, scaled ? "TanH" : neuron->kind == AN_RELU ? "ReLU" : "Sigmoid", NULL, 0);
    if (scaled && (neuron->a != 1 || neuron->b != 1))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "layer %s: Caffe's tanh has no factors, and here they are %g and %g",
                       out->top, neuron->a, neuron->b);
    return ALEXNET_OK;
}

static alexnet_status fill_dropout(an_caffe_out *out, const an_dropout_desc *dropout)
{
    begin(out, "Dropout", "dropout_param", 108);
    if (dropout->kind != AN_DROPOUT_INVERTED)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "layer %s: dropout is compensated when the network is used (kind = mask), "
                       "and in Caffe when it is trained",
                       out->top);
    set_real(out, "dropout_ratio", 1, 1 - dropout->keep);
    return ALEXNET_OK;
}

/* A fully connected layer's output has no rows and columns in Caffe. */
static bool is_flat(const alexnet_network *network, int node)
{
    const an_node *n = &network->graph.nodes[node];
    while (n->desc.n_inputs > 0 && n->desc.kind != AN_OP_FC && n->desc.kind != AN_OP_CONV &&
           n->desc.kind != AN_OP_POOL)
        n = &network->graph.nodes[n->inputs[0]];
    return n->desc.kind == AN_OP_FC;
}

static alexnet_status fill(an_caffe_out *out, const alexnet_network *network, int node)
{
    const an_op_desc *desc = &network->graph.nodes[node].desc;
    switch (desc->kind) {
    case AN_OP_AUGMENT: begin(out, "Input", NULL, 0); return ALEXNET_OK;
    case AN_OP_CONV: return fill_conv(out, desc);
    case AN_OP_FC:
        begin(out, "InnerProduct", "inner_product_param", 117);
        set(out, "num_output", 1, desc->u.fc.k);
        return ALEXNET_OK;
    case AN_OP_NEURON: return fill_neuron(out, &desc->u.neuron);
    case AN_OP_POOL: return fill_pool(out, desc);
    case AN_OP_LRN:
    case AN_OP_LRN_WITHIN: return fill_lrn(out, desc, layer_of(network, node));
    case AN_OP_DROPOUT: return fill_dropout(out, &desc->u.dropout);
    case AN_OP_CONCAT: begin(out, "Concat", NULL, 0); return ALEXNET_OK;
    case AN_OP_ELTSUM: /* with one input it is a copy, and Eltwise needs two inputs */
        begin(out, desc->n_inputs > 1 ? "Eltwise" : "Concat", NULL, 0);
        return ALEXNET_OK;
    case AN_OP_SOFTMAX: begin(out, "Softmax", NULL, 0); return ALEXNET_OK;
    default:
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "layer %s: Caffe has no such layer", out->top);
    }
}

alexnet_status an_caffe_layer_of(an_caffe_out *out, const alexnet_network *network, int node)
{
    const an_node *n = &network->graph.nodes[node];
    const an_op_kind kind = n->desc.kind;
    *out = (an_caffe_out){0};
    name_layer(out, network, node);
    if ((kind == AN_OP_CONV || kind == AN_OP_POOL || kind == AN_OP_LRN ||
         kind == AN_OP_LRN_WITHIN) &&
        is_flat(network, n->inputs[0]))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "layer %s reads a fully connected layer, whose outputs are not maps in "
                       "Caffe",
                       out->top);
    return fill(out, network, node);
}
