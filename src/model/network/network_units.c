/*
 * The units of a layer: the pixels that a unit depends on, and the towers that the channels fall
 * into.
 */
#include "model/network/network.h"

enum { NODES_MAX = 3 * AN_LAYERS_MAX + 1 };

/* Rows or columns from `first` up to but not including `end`; empty if end <= first. */
typedef struct span {
    int first, end;
} span;

typedef struct part {
    span rows, columns;
} part;

static bool is_empty(span s)
{
    return s.end <= s.first;
}

static span both(span a, span b)
{
    if (is_empty(a) || is_empty(b))
        return is_empty(a) ? b : a;
    return (span){a.first < b.first ? a.first : b.first, a.end > b.end ? a.end : b.end};
}

static span within(int64_t first, int64_t end, int size)
{
    return (span){(int)(first < 0      ? 0
                        : first > size ? size
                                       : first),
                  (int)(end > size ? size
                        : end < 0  ? 0
                                   : end)};
}

/* The rows or columns of an input that the windows of the outputs `out` read. The first window
 * begins `pad` before the input. */
static span read_by_windows(span out, int size, int stride, int pad, int in)
{
    if (is_empty(out))
        return out;
    return within((int64_t)out.first * stride - pad, (int64_t)(out.end - 1) * stride - pad + size,
                  in);
}

/* The part of an input from which a part of an operator's output is computed. */
static part input_part(const an_op_desc *desc, int input, part out)
{
    const an_conv_desc *conv = &desc->u.conv;
    const an_pool_desc *pool = &desc->u.pool;
    const an_lrn_desc *lrn = &desc->u.lrn;
    const an_chw in = desc->in[input];
    switch (desc->kind) {
    case AN_OP_CONV:
        return (part){read_by_windows(out.rows, conv->r, conv->stride, conv->top, in.h),
                      read_by_windows(out.columns, conv->s, conv->stride, conv->left, in.w)};
    case AN_OP_POOL:
        return (part){read_by_windows(out.rows, pool->size, pool->stride, pool->pad, in.h),
                      read_by_windows(out.columns, pool->size, pool->stride, pool->pad, in.w)};
    case AN_OP_LRN_WITHIN:
        return (part){read_by_windows(out.rows, lrn->size, 1, lrn->size / 2, in.h),
                      read_by_windows(out.columns, lrn->size, 1, lrn->size / 2, in.w)};
    case AN_OP_FC:
    case AN_OP_SOFTMAX: return (part){{0, in.h}, {0, in.w}};
    default: return out; /* pixel by pixel */
    }
}

alexnet_rectangle an_network_field(const alexnet_network *network, int layer, int row, int column)
{
    const an_graph *graph = &network->graph;
    part parts[NODES_MAX] = {0};
    int node = graph->layer_node[layer];
    parts[node] = (part){{row, row + 1}, {column, column + 1}};
    for (; node > 0; node--) {
        const an_node *n = &graph->nodes[node];
        if (is_empty(parts[node].rows) || is_empty(parts[node].columns))
            continue;
        for (int i = 0; i < n->desc.n_inputs; i++) {
            part *in = &parts[n->inputs[i]], read = input_part(&n->desc, i, parts[node]);
            *in = (part){both(in->rows, read.rows), both(in->columns, read.columns)};
        }
    }
    part seen = parts[0];
    if (is_empty(seen.rows) || is_empty(seen.columns))
        return (alexnet_rectangle){0, 0, 0, 0};
    return (alexnet_rectangle){seen.columns.first, seen.rows.first,
                               seen.columns.end - seen.columns.first,
                               seen.rows.end - seen.rows.first};
}

/* ---- Towers ---- */

static int groups_of(const an_op_desc *desc)
{
    return desc->kind == AN_OP_CONV  ? desc->u.conv.groups
           : desc->kind == AN_OP_LRN ? desc->u.lrn.groups
                                     : 1;
}

/* Whether output channel i is computed from channel i of the only input and its neighbours. */
static bool keeps_channels(const an_op_desc *desc)
{
    switch (desc->kind) {
    case AN_OP_NEURON:
    case AN_OP_POOL:
    case AN_OP_LRN:
    case AN_OP_LRN_WITHIN:
    case AN_OP_DROPOUT: return true;
    default: return false;
    }
}

/* The first node whose only input is `node`; -1: none. */
static int reader_of(const an_graph *graph, int node)
{
    for (int i = node + 1; i < graph->count; i++)
        if (graph->nodes[i].desc.n_inputs == 1 && graph->nodes[i].inputs[0] == node)
            return i;
    return -1;
}

int an_network_towers(const alexnet_network *network, int layer)
{
    const an_graph *graph = &network->graph;
    const int last = graph->layer_node[layer];
    for (int node = last; node > 0; node = graph->nodes[node].inputs[0]) {
        const an_op_desc *desc = &graph->nodes[node].desc;
        if (groups_of(desc) > 1)
            return groups_of(desc);
        if (!keeps_channels(desc))
            break;
    }
    for (int node = reader_of(graph, last); node > 0; node = reader_of(graph, node)) {
        const an_op_desc *desc = &graph->nodes[node].desc;
        if (groups_of(desc) > 1)
            return groups_of(desc);
        if (!keeps_channels(desc))
            break;
    }
    return 1;
}
