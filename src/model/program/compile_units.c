#include <assert.h>
#include <limits.h>

#include "base/alloc.h"
#include "base/status.h"
#include "model/program/compiling.h"

static an_backend *backend_of(const compiling *c)
{
    return c->p->net->backend;
}

alexnet_status an_compile_tensor(compiling *c, size_t bytes, int *out)
{
    an_life *grown = an_grow(c->tensors, c->n_tensors, sizeof *grown);
    if (!grown)
        return AN_FAIL_MEMORY(2 * (size_t)c->n_tensors * sizeof *grown, "a memory plan");
    c->tensors = grown;
    c->tensors[c->n_tensors] = (an_life){.bytes = bytes ? bytes : 1, .first = INT_MAX, .last = -1};
    *out = c->n_tensors++;
    return ALEXNET_OK;
}

/* The operators that may run together from `node` on: a chain in which each is the only reader of
 * the previous one. A kept tensor ends it. A softmax is offered as the last of a chain, so that the
 * backend writes the logits in the form that the softmax reads. */
static int offer(const compiling *c, int node, const an_op_desc **ops)
{
    const an_graph *graph = &c->p->graph;
    int n = 1;
    ops[0] = &graph->nodes[node].desc;
    for (int next = node + 1; next < graph->count; next++, n++) {
        const an_node *follower = &graph->nodes[next];
        if (!c->needed[next] || c->kept[next - 1] || follower->desc.n_inputs != 1 ||
            follower->inputs[0] != next - 1 || c->readers[next - 1] != 1 ||
            ops[n - 1]->kind == AN_OP_SOFTMAX)
            break;
        ops[n] = &follower->desc;
    }
    return n;
}

/* Only the output of the whole run must be plain. If the backend takes only a part of the run, the
 * output of that part may have any layout. So a plain output is requested only once the backend has
 * taken the whole run. */
static alexnet_status prepare_op(an_backend *be, const an_prepare *prepare, an_prepared **out)
{
    an_prepare asked = *prepare;
    asked.plain_out = prepare->plain_out && prepare->n_ops == 1;
    AN_CHECK(be->api->op_prepare(be, &asked, out));
    if (asked.plain_out == prepare->plain_out || (*out)->taken < prepare->n_ops)
        return ALEXNET_OK;
    be->api->op_free(be, *out);
    *out = NULL;
    return be->api->op_prepare(be, prepare, out);
}

alexnet_status an_compile_unit(compiling *c, const an_prepare *prepare, an_unit **out)
{
    an_program *p = c->p;
    an_unit *unit = &p->units[p->n_units];
    an_backend *be = backend_of(c);
    *unit = (an_unit){.first = -1, .last = -1, .saved = -1, .gradient = -1};
    AN_CHECK(prepare_op(be, prepare, &unit->op));
    p->n_units++; /* from here on it is freed with the program */
    AN_CHECK(an_compile_tensor(c, an_layout_bytes(unit->op->out), &unit->output));
    if (unit->op->saved)
        AN_CHECK(an_compile_tensor(c, unit->op->saved, &unit->saved));
    p->packed_bytes += unit->op->packed;
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
        want_dx |= c->wants[first->inputs[j]];
    }
    bool of_input = node == 0 && p->options.gradients & AN_OF_INPUT;
    int n = offer(c, node, ops);
    if (of_input)
        n = 1;
    an_prepare prepare = {.ops = ops,
                          .n_ops = n,
                          .in = in,
                          .masks = p->options.masks,
                          .training = p->options.gradients != 0,
                          .want_dx = want_dx,
                          .want_dw = an_node_learns(p, node),
                          .next_dw = n > 1 && an_node_learns(p, node + 1),
                          .accumulate = p->options.accumulate,
                          .plain_out = first->desc.kind == AN_OP_SOFTMAX || c->kept[node + n - 1] ||
                                       of_input,
                          .untried = c->untried,
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

/* An input that the caller gives: a tensor that no operator writes. */
static alexnet_status add_given(compiling *c)
{
    an_program *p = c->p;
    an_unit *unit = &p->units[p->n_units++];
    p->given = (an_prepared){.taken = 1,
                             .out = {AN_LAYOUT_PLAIN, backend_of(c)->param_dtype, p->options.slots,
                                     p->graph.nodes[0].desc.out}};
    *unit = (an_unit){.op = &p->given, .saved = -1, .gradient = -1};
    c->node_unit[0] = 0;
    return an_compile_tensor(c, an_layout_bytes(p->given.out), &unit->output);
}

alexnet_status an_compile_units(compiling *c)
{
    an_program *p = c->p;
    const an_op_desc **ops = an_calloc((size_t)p->graph.count, sizeof *ops);
    if (!ops)
        return AN_FAIL_MEMORY(p->graph.count * sizeof *ops, "a program");
    alexnet_status rc = ALEXNET_OK;
    for (int node = 0; node < p->graph.count && rc == ALEXNET_OK;) {
        if (!c->needed[node]) {
            node++;
            continue;
        }
        rc = node == 0 && p->options.rows ? add_given(c) : prepare_unit(c, node, ops);
        if (rc == ALEXNET_OK)
            node = p->units[p->n_units - 1].last + 1;
    }
    an_free(ops);
    return rc;
}
