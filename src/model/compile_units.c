#include <assert.h>
#include <limits.h>

#include "base/alloc.h"
#include "base/status.h"
#include "model/compiling.h"

static an_backend *backend_of(const compiling *c)
{
    return c->p->net->backend;
}

static bool has_learned(const compiling *c, int node)
{
    an_param_info infos[AN_MAX_PARAMS];
    int n = an_op_params(&c->p->graph.nodes[node].desc, infos);
    for (int i = 0; i < n; i++)
        if (infos[i].learned)
            return true;
    return false;
}

static void study_graph(compiling *c)
{
    const an_graph *graph = &c->p->graph;
    for (int i = 0; i < graph->count; i++) {
        const an_node *node = &graph->nodes[i];
        c->trains[i] = c->p->options.training && has_learned(c, i);
        for (int j = 0; j < node->desc.n_inputs; j++) {
            c->readers[node->inputs[j]]++;
            c->trains[i] |= c->trains[node->inputs[j]];
        }
    }
}

alexnet_status an_compile_tensor(compiling *c, size_t bytes, int *out)
{
    if (c->n_tensors == c->tensors_room) {
        int room = c->tensors_room ? 2 * c->tensors_room : 64;
        an_life *grown = an_realloc(c->tensors, (size_t)room, sizeof *grown);
        if (!grown)
            return AN_FAIL_MEMORY((size_t)room * sizeof *grown, "a memory plan");
        c->tensors = grown;
        c->tensors_room = room;
    }
    c->tensors[c->n_tensors] = (an_life){.bytes = bytes ? bytes : 1, .first = INT_MAX, .last = -1};
    *out = c->n_tensors++;
    return ALEXNET_OK;
}

/* The operators that may run together from `node` on: a chain that nobody else reads into. A
 * softmax ends it, so that its logits are written as it wants them. */
static int offer(const compiling *c, int node, const an_op_desc **ops)
{
    const an_graph *graph = &c->p->graph;
    int n = 1;
    ops[0] = &graph->nodes[node].desc;
    for (int next = node + 1; next < graph->count; next++, n++) {
        const an_node *follower = &graph->nodes[next];
        if (follower->desc.n_inputs != 1 || follower->inputs[0] != next - 1 ||
            c->readers[next - 1] != 1 || ops[n - 1]->kind == AN_OP_SOFTMAX)
            break;
        ops[n] = &follower->desc;
    }
    return n;
}

alexnet_status an_compile_unit(compiling *c, const an_prepare *prepare, an_unit **out)
{
    an_program *p = c->p;
    an_unit *unit = &p->units[p->n_units];
    an_backend *be = backend_of(c);
    *unit = (an_unit){.first = -1, .last = -1, .saved = -1, .gradient = -1};
    AN_CHECK(be->api->op_prepare(be, prepare, &unit->op));
    p->n_units++; /* from here on it is freed with the program */
    AN_CHECK(an_compile_tensor(c, an_layout_bytes(unit->op->out), &unit->output));
    if (unit->op->saved)
        AN_CHECK(an_compile_tensor(c, unit->op->saved, &unit->saved));
    unit->packed = p->packed_bytes;
    p->packed_bytes += (unit->op->packed + AN_ALIGN - 1) / AN_ALIGN * AN_ALIGN;
    if (unit->op->scratch > p->scratch_bytes)
        p->scratch_bytes = unit->op->scratch;
    *out = unit;
    return ALEXNET_OK;
}

static alexnet_status prepare_unit(compiling *c, int node, const an_op_desc **ops)
{
    an_program *p = c->p;
    const an_node *first = &p->graph.nodes[node];
    an_layout in[AN_MAX_INPUTS];
    bool want_dx = false;
    for (int j = 0; j < first->desc.n_inputs; j++) {
        in[j] = p->units[c->node_unit[first->inputs[j]]].op->out;
        want_dx |= c->trains[first->inputs[j]];
    }
    an_prepare prepare = {.ops = ops,
                          .n_ops = offer(c, node, ops),
                          .in = in,
                          .training = p->options.training,
                          .want_dx = want_dx,
                          .want_dw = p->options.training && has_learned(c, node),
                          .plain_out = first->desc.kind == AN_OP_SOFTMAX,
                          .split = p->options.split};
    an_unit *unit;
    AN_CHECK(an_compile_unit(c, &prepare, &unit));
    assert(unit->op->taken >= 1 && unit->op->taken <= prepare.n_ops);
    unit->first = node;
    unit->last = node + unit->op->taken - 1;
    unit->n_inputs = first->desc.n_inputs;
    for (int j = 0; j < unit->n_inputs; j++)
        unit->inputs[j] = c->node_unit[first->inputs[j]];
    c->node_unit[unit->last] = (int)(unit - p->units);
    return ALEXNET_OK;
}

alexnet_status an_compile_units(compiling *c)
{
    an_program *p = c->p;
    study_graph(c);
    const an_op_desc **ops = an_calloc((size_t)p->graph.count, sizeof *ops);
    if (!ops)
        return AN_FAIL_MEMORY(p->graph.count * sizeof *ops, "a program");
    alexnet_status rc = ALEXNET_OK;
    for (int node = 0; node < p->graph.count && rc == ALEXNET_OK;) {
        rc = prepare_unit(c, node, ops);
        if (rc == ALEXNET_OK)
            node = p->units[p->n_units - 1].last + 1;
    }
    an_free(ops);
    p->output = p->n_units - 1;
    return rc;
}
