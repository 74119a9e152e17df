#include "model/match.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"

/* A comparison of two lists of layers that compute something at test time, in the same order. A
 * ReLU after max pooling is moved before it: the two commute. */
typedef struct comparing {
    an_match *match;
    const alexnet_network *network;
    const an_listing *listing;
    const an_tensor_file *file;
    an_match_mode mode;
    int *ours, n_ours;     /* nodes of the graph */
    int *theirs, n_theirs; /* layers of the outline */
} comparing;

static const char *layer_name(const comparing *c, const an_node *node)
{
    return c->network->layers[node->layer].name;
}

static an_outline_kind kind_of(const an_op_desc *desc)
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

static bool has_weights(an_outline_kind kind)
{
    return kind == AN_OUTLINE_CONV || kind == AN_OUTLINE_FC;
}

/* ---- The lists ---- */

static bool shown(const comparing *c, an_outline_kind kind)
{
    if (c->mode == AN_MATCH_SHAPES || c->listing->weights_only)
        return has_weights(kind);
    return kind != AN_OUTLINE_DROPOUT && kind != AN_OUTLINE_SOFTMAX;
}

static void swap(int *list, int i)
{
    const int moved = list[i];
    list[i] = list[i - 1];
    list[i - 1] = moved;
}

static void list_ours(comparing *c)
{
    const an_graph *graph = &c->network->graph;
    for (int i = 1; i < graph->count; i++) {
        const an_op_desc *desc = &graph->nodes[i].desc;
        if (desc->kind == AN_OP_CONCAT || desc->kind == AN_OP_ELTSUM || !shown(c, kind_of(desc)))
            continue;
        c->ours[c->n_ours++] = i;
        const int n = c->n_ours - 1;
        if (n > 0 && desc->kind == AN_OP_NEURON && desc->u.neuron.kind == AN_RELU &&
            kind_of(&graph->nodes[c->ours[n - 1]].desc) == AN_OUTLINE_POOL_MAX)
            swap(c->ours, n);
    }
}

static void list_theirs(comparing *c)
{
    const an_outline *outline = &c->listing->outline;
    for (int i = 0; i < outline->count; i++) {
        const an_outline_layer *l = &outline->layers[i];
        const bool pool = l->kind == AN_OUTLINE_POOL_MAX || l->kind == AN_OUTLINE_POOL_AVG;
        if (!shown(c, l->kind) || (pool && l->window == 1 && l->stride == 1))
            continue;
        c->theirs[c->n_theirs++] = i;
        const int n = c->n_theirs - 1;
        if (n > 0 && l->kind == AN_OUTLINE_NEURON &&
            outline->layers[c->theirs[n - 1]].kind == AN_OUTLINE_POOL_MAX)
            swap(c->theirs, n);
    }
}

/* ---- One layer ---- */

/* Record the first difference. @return false */
static bool differ(comparing *c, const an_node *node, const an_outline_layer *theirs,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));
static bool differ(comparing *c, const an_node *node, const an_outline_layer *theirs,
                   const char *format, ...)
{
    char text[320], what[176] = "";
    va_list args;
    if (c->match->difference[0])
        return false;
    va_start(args, format);
    an_format_in(text, sizeof text, format, args);
    va_end(args);
    if (theirs && strcmp(theirs->name, layer_name(c, node)) != 0)
        snprintf(what, sizeof what, " (in the file %.120s)", theirs->name);
    snprintf(c->match->difference, sizeof c->match->difference, "layer %s%s: %s",
             layer_name(c, node), what, text);
    return false;
}

static bool close_to(double found, double expected)
{
    return isnan(found) || fabs(found - expected) <= 1e-5 * fabs(expected); /* of float32 */
}

static bool same_lrn(comparing *c, const an_node *node, const an_outline_layer *l)
{
    const an_lrn_desc *d = &node->desc.u.lrn;
    const double window = l->kind == AN_OUTLINE_LRN ? d->size : (double)d->size * d->size;
    const bool alpha = l->divided == AN_UNKNOWN
                           ? close_to(l->alpha, d->alpha) || close_to(l->alpha / window, d->alpha)
                           : close_to(l->divided ? l->alpha / window : l->alpha, d->alpha);
    if (l->window != AN_UNKNOWN && l->window != d->size)
        return differ(c, node, l, "a window of %d expected, found %d", d->size, l->window);
    if (!close_to(l->k, d->k))
        return differ(c, node, l, "k = %.9g expected, found %.9g", d->k, l->k);
    if (!close_to(l->beta, d->beta))
        return differ(c, node, l, "beta = %.9g expected, found %.9g", d->beta, l->beta);
    if (!alpha)
        return differ(c, node, l, "alpha = %.9g expected, found %.9g%s", d->alpha,
                      l->divided == 1 ? l->alpha / window : l->alpha,
                      l->divided == 1 ? " after division by the window" : "");
    if (l->groups != AN_UNKNOWN && l->groups != d->groups)
        return differ(c, node, l, "windows over %d groups of maps expected, found %d", d->groups,
                      l->groups);
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
static bool same_geometry(comparing *c, const an_node *node, const an_outline_layer *l)
{
    const geometry g = geometry_of(&node->desc);
    int padding[4], output[2];
    bool known = l->ceil != AN_UNKNOWN;
    if (l->window != AN_UNKNOWN && l->window != g.window)
        return differ(c, node, l, "windows of %dx%d expected, found %dx%d", g.window, g.window,
                      l->window, l->window);
    if (l->stride != AN_UNKNOWN && l->stride != g.stride)
        return differ(c, node, l, "a stride of %d expected, found %d", g.stride, l->stride);
    for (int i = 0; i < 4; i++) {
        padding[i] = l->padding[i] == AN_UNKNOWN ? g.padding[i] : l->padding[i];
        known |= l->padding[i] != AN_UNKNOWN;
        if (padding[i] < 0 || padding[i] > AN_MAX_WINDOW || (i < 2 && padding[i] != g.padding[i]))
            return differ(c, node, l, "%d rows and columns of padding expected, found %d",
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
        return differ(c, node, l, "an output of %dx%d expected, found %dx%d", out.h, out.w,
                      output[0], output[1]);
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

static bool same_kind(comparing *c, const an_node *node, const an_outline_layer *l)
{
    const an_outline_kind expected = kind_of(&node->desc);
    if (l->kind == expected || covers_input(node, l))
        return true;
    return differ(c, node, l, "%s expected, found %s", an_outline_word(expected),
                  an_outline_word(l->kind));
}

static bool same_shape(comparing *c, const an_node *node, int theirs)
{
    const an_outline_layer *l = &c->listing->outline.layers[theirs];
    const an_binding *pair = c->listing->bindings[theirs];
    an_param_info params[AN_MAX_PARAMS];
    char why[256];
    const int n = an_op_params(&node->desc, params);
    if (!an_binding_is(&pair[0]))
        return differ(c, node, l, "the file has no weights for it");
    for (int i = 0; i < n; i++) {
        if (i == 1 && !an_binding_is(&pair[1]) && !c->listing->listed)
            return differ(c, node, l, "the file has no biases for it");
        if (!an_binding_fits(&pair[i], c->file, params[i].shape, why))
            return differ(c, node, l, "%s of %s", params[i].name, why);
    }
    if (pair[0].swapped && params[0].shape.dim[1] % 2)
        return differ(c, node, l, "an even number of inputs expected, found %lld",
                      (long long)params[0].shape.dim[1]);
    return true;
}

static bool same_layer(comparing *c, const an_node *node, int theirs)
{
    const an_outline_layer *l = &c->listing->outline.layers[theirs];
    if (!same_kind(c, node, l))
        return false;
    if (has_weights(kind_of(&node->desc)) && !same_shape(c, node, theirs))
        return false;
    if (c->mode == AN_MATCH_SHAPES)
        return true;
    switch (node->desc.kind) {
    case AN_OP_CONV:
        if (l->groups != AN_UNKNOWN && l->groups != node->desc.u.conv.groups)
            return differ(c, node, l, "%d groups expected, found %d", node->desc.u.conv.groups,
                          l->groups);
        return same_geometry(c, node, l);
    case AN_OP_POOL: return same_geometry(c, node, l);
    case AN_OP_LRN:
    case AN_OP_LRN_WITHIN: return same_lrn(c, node, l);
    case AN_OP_NEURON:
        return node->desc.u.neuron.kind == AN_RELU ||
               differ(c, node, l, "an activation function other than ReLU expected");
    default: return true;
    }
}

/* ---- The whole ---- */

static int find_name(const comparing *c, const char *name)
{
    for (int i = 0; i < c->n_theirs; i++)
        if (strcmp(c->listing->outline.layers[c->theirs[i]].name, name) == 0)
            return c->theirs[i];
    return -1;
}

static bool is_theirs(const comparing *c, int i, an_outline_kind kind)
{
    return c->listing->outline.layers[c->theirs[i]].kind == kind;
}

/* The file's layer for our layer i; -1: none. If layers may be missing and have no names, our n-th
 * convolution is paired with the file's n-th, and so on. */
static int find_theirs(const comparing *c, int i)
{
    const an_graph *graph = &c->network->graph;
    const an_node *node = &graph->nodes[c->ours[i]];
    if (c->listing->by_name)
        return find_name(c, layer_name(c, node));
    if (c->mode != AN_MATCH_SHAPES || c->n_ours == c->n_theirs)
        return i < c->n_theirs ? c->theirs[i] : -1;
    int before = 0;
    for (int j = 0; j < i; j++)
        before += graph->nodes[c->ours[j]].desc.kind == node->desc.kind;
    for (int j = 0; j < c->n_theirs; j++)
        if (is_theirs(c, j, kind_of(&node->desc)) && before-- == 0)
            return c->theirs[j];
    return -1;
}

static bool same_input(comparing *c)
{
    const int *found = c->listing->outline.input, size = c->network->input.size;
    const int channels = c->network->graph.nodes[0].desc.out.c;
    const int expected[3] = {channels, size, size};
    for (int i = 0; i < 3 && c->mode != AN_MATCH_SHAPES; i++)
        if (found[i] > 0 && found[i] != expected[i]) {
            snprintf(c->match->difference, sizeof c->match->difference,
                     "an input of %dx%dx%d expected, found %dx%dx%d", channels, size, size,
                     found[0], found[1], found[2]);
            return false;
        }
    return true;
}

static void compare_layers(comparing *c)
{
    an_match *match = c->match;
    match->fits = true;
    for (int i = 0; i < c->n_ours; i++) {
        const an_node *node = &c->network->graph.nodes[c->ours[i]];
        const int theirs = find_theirs(c, i);
        if (theirs < 0 && c->mode == AN_MATCH_PART)
            continue;
        const bool same = theirs >= 0 ? same_layer(c, node, theirs)
                                      : differ(c, node, NULL, "the file has no such layer");
        if (theirs >= 0 && has_weights(kind_of(&node->desc))) {
            match->lacks[node->layer] = !same;
            match->found += same;
            memcpy(match->pairs[node->layer], c->listing->bindings[theirs],
                   sizeof(an_binding_pair));
        }
        match->fits &= same;
        match->alike += match->fits;
        if (!same && c->mode != AN_MATCH_SHAPES)
            return;
    }
    if (match->fits && !c->listing->by_name && c->n_theirs > c->n_ours &&
        c->mode != AN_MATCH_SHAPES) {
        match->fits = false;
        snprintf(match->difference, sizeof match->difference,
                 "the file has %d more %s, the first is %.120s", c->n_theirs - c->n_ours,
                 an_text_plural(c->n_theirs - c->n_ours, "layer", "layers"),
                 c->listing->outline.layers[c->theirs[c->n_ours]].name);
    }
    match->fits = match->fits && same_input(c);
}

alexnet_status an_match_make(an_match *match, const alexnet_network *network,
                             const an_listing *listing, const an_tensor_file *file,
                             an_match_mode mode)
{
    alexnet_status rc = ALEXNET_OK;
    comparing c = {match, network, listing, file, mode, NULL, 0, NULL, 0};
    *match = (an_match){0};
    match->pairs = an_calloc((size_t)network->count, sizeof *match->pairs);
    match->lacks = an_calloc((size_t)network->count, sizeof *match->lacks);
    c.ours = an_calloc((size_t)network->graph.count, sizeof *c.ours);
    c.theirs = an_calloc((size_t)listing->outline.count, sizeof *c.theirs);
    if (!match->pairs || !match->lacks || !c.ours || !c.theirs) {
        rc = AN_FAIL_MEMORY((size_t)network->count * sizeof *match->pairs, "a network's layers");
        goto cleanup;
    }
    for (int i = 0; i < network->count; i++) {
        match->pairs[i][0] = match->pairs[i][1] = AN_BINDING_NONE;
        match->lacks[i] = true;
    }
    list_ours(&c);
    list_theirs(&c);
    compare_layers(&c);
cleanup:
    an_free(c.ours);
    an_free(c.theirs);
    if (rc != ALEXNET_OK)
        an_match_free(match);
    return rc;
}

void an_match_free(an_match *match)
{
    an_free(match->pairs);
    an_free(match->lacks);
    *match = (an_match){0};
}
