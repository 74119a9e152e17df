#include <assert.h>
#include <string.h>

#include "base/status.h"
#include "model/program/compiling.h"

static step_tensors *new_step(compiling *c, an_step_kind kind, int unit)
{
    an_program *p = c->p;
    step_tensors *t = &c->touched[p->n_steps];
    memset(t, -1, sizeof *t);
    p->steps[p->n_steps++] = (an_step){.kind = kind, .unit = unit};
    return t;
}

static void emit_forward(compiling *c, int index)
{
    const an_unit *unit = &c->p->units[index];
    step_tensors *t = new_step(c, AN_STEP_FORWARD, index);
    for (int j = 0; j < unit->n_inputs; j++)
        t->x[j] = c->p->units[unit->inputs[j]].output;
    t->y = unit->output;
    t->saved = unit->saved;
}

/* gradient of `input` = its sum so far + `addend`, as a forward step of a sum */
static alexnet_status emit_sum(compiling *c, int input, int addend)
{
    an_program *p = c->p;
    const an_layout layout = p->units[input].op->out;
    an_op_desc desc = {.kind = AN_OP_ELTSUM,
                       .n = p->options.slots,
                       .n_inputs = 2,
                       .in = {layout.shape, layout.shape}};
    AN_CHECK(an_op_resolve(&desc));
    const an_op_desc *ops[] = {&desc};
    an_prepare prepare = {
        .ops = ops, .n_ops = 1, .in = (an_layout[]){layout, layout}, .split = p->options.split};
    an_unit *sum;
    AN_CHECK(an_compile_unit(c, &prepare, &sum));
    assert(an_layout_equal(sum->op->out, layout));
    step_tensors *t = new_step(c, AN_STEP_FORWARD, (int)(sum - p->units));
    t->x[0] = p->units[input].gradient;
    t->x[1] = addend;
    t->y = sum->output;
    t->saved = sum->saved;
    p->units[input].gradient = sum->output;
    return ALEXNET_OK;
}

static alexnet_status emit_backward(compiling *c, int index)
{
    an_program *p = c->p;
    const an_unit unit = p->units[index];
    bool loss = p->graph.nodes[unit.last].desc.kind == AN_OP_SOFTMAX;
    bool input = p->graph.nodes[unit.first].desc.kind == AN_OP_AUGMENT;
    if (!c->wants[unit.last] || input || (unit.gradient < 0 && !loss))
        return ALEXNET_OK;
    step_tensors *t = new_step(c, AN_STEP_BACKWARD, index);
    t->y = unit.output;
    t->saved = unit.saved;
    t->dy = unit.gradient;
    for (int j = 0; j < unit.n_inputs; j++) {
        const an_unit *from = &p->units[unit.inputs[j]];
        t->x[j] = from->output;
        if (c->wants[from->last])
            AN_CHECK(an_compile_tensor(c, an_layout_bytes(from->op->out), &t->dx[j]));
    }
    for (int j = 0; j < unit.n_inputs; j++) {
        if (t->dx[j] < 0)
            continue;
        if (p->units[unit.inputs[j]].gradient < 0)
            p->units[unit.inputs[j]].gradient = t->dx[j];
        else
            AN_CHECK(emit_sum(c, unit.inputs[j], t->dx[j]));
    }
    return ALEXNET_OK;
}

/* Without a loss, backward begins with the gradients that the caller gives for the kept tensors. */
static alexnet_status seed(compiling *c)
{
    an_program *p = c->p;
    for (int i = 0; i < p->options.n_keep && !p->options.loss; i++) {
        an_unit *start = &p->units[p->kept[i]];
        AN_CHECK(an_compile_tensor(c, an_layout_bytes(start->op->out), &p->seeds[i]));
        start->gradient = p->seeds[i];
    }
    return ALEXNET_OK;
}

alexnet_status an_compile_steps(compiling *c)
{
    an_program *p = c->p;
    int n = p->n_units;
    for (int i = 0; i < n; i++)
        if (p->units[i].op != &p->given)
            emit_forward(c, i);
    if (!p->options.gradients)
        return ALEXNET_OK;
    AN_CHECK(seed(c));
    for (int i = n; i-- > 0;)
        AN_CHECK(emit_backward(c, i));
    if (p->options.gradients & AN_OF_INPUT)
        p->input_gradient = p->units[c->node_unit[0]].gradient;
    if (!p->options.update)
        return ALEXNET_OK;
    if (p->options.clip)
        new_step(c, AN_STEP_NORM, -1);
    new_step(c, AN_STEP_UPDATE, -1);
    for (int i = 0; i < n; i++)
        if (p->units[i].op->packed && !p->units[i].op->updated &&
            an_node_learns(p, p->units[i].first))
            new_step(c, AN_STEP_PACK, i);
    return ALEXNET_OK;
}
