#include "model/recognise/match.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "model/recognise/match_impl.h"

/* ---- The lists ---- */

static bool shown(const an_matching *c, an_outline_kind kind)
{
    if (c->mode == AN_MATCH_SHAPES || c->listing->weights_only)
        return an_match_has_weights(kind);
    return kind != AN_OUTLINE_DROPOUT && kind != AN_OUTLINE_SOFTMAX;
}

/* Joined layers, and dropout with a factor at test time, are shown although no file lists them: a
 * network that has them computes something else than any file that lists its layers. */
static bool shown_of_ours(const an_matching *c, const an_op_desc *desc)
{
    return an_match_is_ours_alone(desc) ? c->mode != AN_MATCH_SHAPES && !c->listing->weights_only
                                        : shown(c, an_match_kind(desc));
}

static void swap(int *list, int i)
{
    const int moved = list[i];
    list[i] = list[i - 1];
    list[i - 1] = moved;
}

static void list_ours(an_matching *c)
{
    const an_graph *graph = &c->network->graph;
    for (int i = 1; i < graph->count; i++) {
        const an_op_desc *desc = &graph->nodes[i].desc;
        if (!shown_of_ours(c, desc))
            continue;
        c->ours[c->n_ours++] = i;
        const int n = c->n_ours - 1;
        if (n > 0 && desc->kind == AN_OP_NEURON && desc->u.neuron.kind == AN_RELU &&
            an_match_kind(&graph->nodes[c->ours[n - 1]].desc) == AN_OUTLINE_POOL_MAX)
            swap(c->ours, n);
    }
}

/* Whether a softmax is not the network's last layer, as ours is. */
static bool is_inner_softmax(const an_outline *outline, int index)
{
    if (outline->layers[index].kind != AN_OUTLINE_SOFTMAX)
        return false;
    for (int i = index + 1; i < outline->count; i++)
        if (outline->layers[i].kind != AN_OUTLINE_DROPOUT)
            return true;
    return false;
}

static void list_theirs(an_matching *c)
{
    const an_outline *outline = &c->listing->outline;
    for (int i = 0; i < outline->count; i++) {
        const an_outline_layer *l = &outline->layers[i];
        const bool pool = l->kind == AN_OUTLINE_POOL_MAX || l->kind == AN_OUTLINE_POOL_AVG;
        const bool inner = c->mode != AN_MATCH_SHAPES && is_inner_softmax(outline, i);
        if ((!shown(c, l->kind) && !inner) || (pool && l->window == 1 && l->stride == 1))
            continue;
        c->theirs[c->n_theirs++] = i;
        const int n = c->n_theirs - 1;
        if (n > 0 && l->kind == AN_OUTLINE_NEURON &&
            outline->layers[c->theirs[n - 1]].kind == AN_OUTLINE_POOL_MAX)
            swap(c->theirs, n);
    }
}

/* ---- The whole ---- */

static int find_name(const an_matching *c, const char *name)
{
    for (int i = 0; i < c->n_theirs; i++)
        if (strcmp(c->listing->outline.layers[c->theirs[i]].name, name) == 0)
            return c->theirs[i];
    return -1;
}

static bool is_theirs(const an_matching *c, int i, an_outline_kind kind)
{
    return c->listing->outline.layers[c->theirs[i]].kind == kind;
}

/* The file's layer for our layer i; -1: none. If layers may be missing and have no names, our n-th
 * convolution is paired with the file's n-th, and so on. */
static int find_theirs(const an_matching *c, int i)
{
    const an_graph *graph = &c->network->graph;
    const an_node *node = &graph->nodes[c->ours[i]];
    if (c->listing->by_name)
        return find_name(c, an_match_layer_name(c, node));
    if (c->mode != AN_MATCH_SHAPES || c->n_ours == c->n_theirs)
        return i < c->n_theirs ? c->theirs[i] : -1;
    int before = 0;
    for (int j = 0; j < i; j++)
        before += graph->nodes[c->ours[j]].desc.kind == node->desc.kind;
    for (int j = 0; j < c->n_theirs; j++)
        if (is_theirs(c, j, an_match_kind(&node->desc)) && before-- == 0)
            return c->theirs[j];
    return -1;
}

static bool same_input(an_matching *c)
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

static void compare_layers(an_matching *c)
{
    an_match *match = c->match;
    match->fits = true;
    for (int i = 0; i < c->n_ours; i++) {
        const an_node *node = &c->network->graph.nodes[c->ours[i]];
        const int theirs = find_theirs(c, i);
        if (theirs < 0 && c->mode == AN_MATCH_PART)
            continue;
        const bool same = theirs >= 0
                              ? an_match_same_layer(c, node, theirs)
                              : an_match_differs(c, node, NULL, "the file has no such layer");
        if (theirs >= 0 && an_match_has_weights(an_match_kind(&node->desc))) {
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
    an_matching c = {match, network, listing, file, mode, NULL, 0, NULL, 0};
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
