/* Whether a layer of a file computes the same as one of a network. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/recognise/match_impl.h"

an_outline_kind an_match_kind(const an_op_desc *desc)
{
    switch (desc->kind) {
    case AN_OP_CONV: return AN_OUTLINE_CONV;
    case AN_OP_FC: return AN_OUTLINE_FC;
    case AN_OP_NEURON: return AN_OUTLINE_NEURON;
    case AN_OP_LRN: return AN_OUTLINE_LRN;
    case AN_OP_LRN_WITHIN: return AN_OUTLINE_LRN_WITHIN;
    case AN_OP_POOL:
        return desc->u.pool.kind == AN_POOL_MAX ? AN_OUTLINE_POOL_MAX : AN_OUTLINE_POOL_AVG;
    case AN_OP_DROPOUT: return AN_OUTLINE_DROPOUT;
    default: return AN_OUTLINE_SOFTMAX;
    }
}

bool an_match_has_weights(an_outline_kind kind)
{
    return kind == AN_OUTLINE_CONV || kind == AN_OUTLINE_FC;
}

bool an_match_is_ours_alone(const an_op_desc *desc)
{
    return desc->kind == AN_OP_CONCAT || desc->kind == AN_OP_ELTSUM ||
           (desc->kind == AN_OP_DROPOUT && desc->u.dropout.kind == AN_DROPOUT_MASK);
}

bool an_match_differs(an_matching *c, const an_node *node, const an_outline_layer *theirs,
                      const char *format, ...)
{
    char text[320], what[176] = "";
    va_list args;
    if (c->match->difference[0])
        return false;
    va_start(args, format);
    an_format_in(text, sizeof text, format, args);
    va_end(args);
    if (theirs && strcmp(theirs->name, an_match_layer_name(c, node)) != 0)
        snprintf(what, sizeof what, " (in the file %.120s)", theirs->name);
    snprintf(c->match->difference, sizeof c->match->difference, "layer %s%s: %s",
             an_match_layer_name(c, node), what, text);
    return false;
}

static bool close_to(double found, double expected)
{
    return isnan(found) || fabs(found - expected) <= 1e-5 * fabs(expected); /* of float32 */
}

static bool same_lrn(an_matching *c, const an_node *node, const an_outline_layer *l)
{
    const an_lrn_desc *d = &node->desc.u.lrn;
    const double window = l->kind == AN_OUTLINE_LRN ? d->size : (double)d->size * d->size;
    const bool alpha = l->divided == AN_UNKNOWN
                           ? close_to(l->alpha, d->alpha) || close_to(l->alpha / window, d->alpha)
                           : close_to(l->divided ? l->alpha / window : l->alpha, d->alpha);
    if (l->window != AN_UNKNOWN && l->window != d->size)
        return an_match_differs(c, node, l, "a window of %d expected, found %d", d->size,
                                l->window);
    if (!close_to(l->k, d->k))
        return an_match_differs(c, node, l, "k = %.9g expected, found %.9g", d->k, l->k);
    if (!close_to(l->beta, d->beta))
        return an_match_differs(c, node, l, "beta = %.9g expected, found %.9g", d->beta, l->beta);
    if (!alpha)
        return an_match_differs(c, node, l, "alpha = %.9g expected, found %.9g%s", d->alpha,
                                l->divided == 1 ? l->alpha / window : l->alpha,
                                l->divided == 1 ? " after division by the window" : "");
    if (l->groups != AN_UNKNOWN && l->groups != d->groups)
        return an_match_differs(c, node, l, "windows over %d groups of maps expected, found %d",
                                d->groups, l->groups);
    return true;
}

/* How the windows of our convolution or pooling step over its input. */
typedef struct geometry {
    int window, stride, padding[4];
    bool ceil;
} geometry;

static geometry geometry_of(const an_op_desc *desc)
{
    if (desc->kind == AN_OP_POOL) {
        const an_pool_desc *p = &desc->u.pool;
        return (geometry){p->size, p->stride, {p->pad, p->pad, p->pad, p->pad}, p->ceil};
    }
    const an_conv_desc *d = &desc->u.conv;
    return (geometry){d->r, d->stride, {d->top, d->left, d->bottom, d->right}, d->ceil};
}

/* Zeros that a window reads beyond the padding change nothing, nor does padding that no window
 * reads. Only the position of the first window and the number of windows matter. */
static bool same_geometry(an_matching *c, const an_node *node, const an_outline_layer *l)
{
    const geometry g = geometry_of(&node->desc);
    int padding[4], output[2];
    bool known = l->ceil != AN_UNKNOWN;
    if (l->window != AN_UNKNOWN && l->window != g.window)
        return an_match_differs(c, node, l, "windows of %dx%d expected, found %dx%d", g.window,
                                g.window, l->window, l->window);
    if (l->stride != AN_UNKNOWN && l->stride != g.stride)
        return an_match_differs(c, node, l, "a stride of %d expected, found %d", g.stride,
                                l->stride);
    for (int i = 0; i < 4; i++) {
        padding[i] = l->padding[i] == AN_UNKNOWN ? g.padding[i] : l->padding[i];
        known |= l->padding[i] != AN_UNKNOWN;
        if (padding[i] < 0 || padding[i] > AN_MAX_WINDOW || (i < 2 && padding[i] != g.padding[i]))
            return an_match_differs(c, node, l, "%d rows and columns of padding expected, found %d",
                                    g.padding[i], padding[i]);
    }
    if (!known)
        return true;
    const bool pool = node->desc.kind == AN_OP_POOL;
    const bool ceil = l->ceil != AN_UNKNOWN ? l->ceil == 1 : pool && g.ceil;
    const an_chw in = node->desc.in[0], out = node->desc.out;
    output[0] = an_window_count(in.h, padding[0], padding[2], g.window, g.stride, ceil);
    output[1] = an_window_count(in.w, padding[1], padding[3], g.window, g.stride, ceil);
    if (output[0] != out.h || output[1] != out.w)
        return an_match_differs(c, node, l, "an output of %dx%d expected, found %dx%d", out.h,
                                out.w, output[0], output[1]);
    return true;
}

/* Whether the file stores a fully connected layer as a convolution over its whole input. */
static bool covers_input(const an_node *node, const an_outline_layer *l)
{
    const an_chw in = node->desc.in[0];
    bool padded = false;
    for (int i = 0; i < 4; i++)
        padded |= l->padding[i] != AN_UNKNOWN && l->padding[i] != 0;
    return l->kind == AN_OUTLINE_CONV && node->desc.kind == AN_OP_FC && !padded && in.h == in.w &&
           (l->window == AN_UNKNOWN || l->window == in.h) &&
           (l->groups == AN_UNKNOWN || l->groups == 1);
}

static bool same_kind(an_matching *c, const an_node *node, const an_outline_layer *l)
{
    const an_outline_kind expected = an_match_kind(&node->desc);
    if (an_match_is_ours_alone(&node->desc))
        return an_match_differs(c, node, l, "%s expected, found %s",
                                node->desc.kind == AN_OP_DROPOUT
                                    ? "dropout with a factor in inference (kind = mask)"
                                    : "layers that are joined",
                                an_outline_word(l->kind));
    if (l->kind == expected || covers_input(node, l))
        return true;
    return an_match_differs(c, node, l, "%s expected, found %s", an_outline_word(expected),
                            an_outline_word(l->kind));
}

static bool same_shape(an_matching *c, const an_node *node, int theirs)
{
    const an_outline_layer *l = &c->listing->outline.layers[theirs];
    const an_binding *pair = c->listing->bindings[theirs];
    an_param_info params[AN_MAX_PARAMS];
    char why[256];
    const int n = an_op_params(&node->desc, params);
    if (!an_binding_is(&pair[0]))
        return an_match_differs(c, node, l, "the file has no weights for it");
    for (int i = 0; i < n; i++) {
        if (i == 1 && !an_binding_is(&pair[1]) && !c->listing->listed)
            return an_match_differs(c, node, l, "the file has no biases for it");
        if (!an_binding_fits(&pair[i], c->file, params[i].shape, why))
            return an_match_differs(c, node, l, "%s of %s", params[i].name, why);
    }
    if (pair[0].swapped && params[0].shape.dim[1] % 2)
        return an_match_differs(c, node, l, "an even number of inputs expected, found %lld",
                                (long long)params[0].shape.dim[1]);
    return true;
}

bool an_match_same_layer(an_matching *c, const an_node *node, int theirs)
{
    const an_outline_layer *l = &c->listing->outline.layers[theirs];
    if (!same_kind(c, node, l))
        return false;
    if (an_match_has_weights(an_match_kind(&node->desc)) && !same_shape(c, node, theirs))
        return false;
    if (c->mode == AN_MATCH_SHAPES)
        return true;
    switch (node->desc.kind) {
    case AN_OP_CONV:
        if (l->groups != AN_UNKNOWN && l->groups != node->desc.u.conv.groups)
            return an_match_differs(c, node, l, "%d groups expected, found %d",
                                    node->desc.u.conv.groups, l->groups);
        return same_geometry(c, node, l);
    case AN_OP_POOL: return same_geometry(c, node, l);
    case AN_OP_LRN:
    case AN_OP_LRN_WITHIN: return same_lrn(c, node, l);
    case AN_OP_NEURON:
        return node->desc.u.neuron.kind == AN_RELU ||
               an_match_differs(c, node, l, "an activation function other than ReLU expected");
    default: return true;
    }
}
