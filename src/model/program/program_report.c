/*
 * The names of a program's steps, what they cost and how they are computed.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "model/program/program_impl.h"

int an_program_steps(const an_program *p)
{
    return p->n_steps;
}

enum { NO_LAYER = -2 }; /* -1 is the input */

/* If this unit computes the neuron of a layer that the previous unit began, and another layer as
 * well, that first layer: the unit is named after the other one only. Otherwise NO_LAYER. */
static int begun_before(const an_program *p, const an_unit *unit)
{
    const an_node *nodes = p->graph.nodes;
    int layer = nodes[unit->first].layer;
    bool rest = unit->first > 0 && nodes[unit->first - 1].layer == layer;
    return rest && nodes[unit->last].layer != layer ? layer : NO_LAYER;
}

/* The unit's layers, each once: a layer and its neuron are two nodes. */
static void name_unit(const an_program *p, const an_unit *unit, char *name, size_t size)
{
    size_t used = 0;
    int before;
    if (unit->first < 0) {
        snprintf(name, size, "sum");
        return;
    }
    before = begun_before(p, unit);
    for (int node = unit->first; node <= unit->last; node++) {
        int layer = p->graph.nodes[node].layer;
        if (layer == before)
            continue;
        int length = snprintf(name + used, size - used, "%s%s", used ? "+" : "",
                              layer < 0 ? "input" : p->net->network->layers[layer].name);
        used = used + (size_t)length < size ? used + (size_t)length : size - 1;
        before = layer;
    }
}

/* The gradient of the weights and that of the input each cost as much as the forward pass. */
static int64_t unit_mult_adds(const an_program *p, const an_step *step)
{
    const an_unit *unit = &p->units[step->unit];
    int64_t forward = 0;
    if (unit->first < 0 || step->kind == AN_STEP_PACK)
        return 0;
    for (int node = unit->first; node <= unit->last; node++)
        forward += an_op_mult_adds(&p->graph.nodes[node].desc) * p->options.slots;
    if (step->kind == AN_STEP_FORWARD)
        return forward;
    return forward * ((step->args.dparam[0] != NULL) + (step->args.dx[0] != NULL));
}

/* Bytes of a unit's parameters, in the type that they are stored in. */
static int64_t unit_param_bytes(const an_program *p, const an_unit *unit)
{
    const an_net *net = p->net;
    int64_t bytes = 0;
    int first = net->node_param[unit->first];
    for (int i = first; first >= 0 && i < net->count; i++)
        if (net->params[i].layer == net->params[first].layer)
            bytes += net->params[i].count * (int64_t)an_dtype_bytes(net->backend->param_dtype);
    return bytes;
}

/* Forward: the inputs, parameters and output. Backward: the gradient of the output; if the gradient
 * of the inputs is wanted, that and the parameters; if the gradient of the parameters is wanted,
 * that and the inputs. A packed copy that is smaller than the parameters is read instead. */
static int64_t unit_bytes(const an_program *p, const an_step *step)
{
    const an_unit *unit = &p->units[step->unit];
    int64_t out = (int64_t)an_layout_bytes(unit->op->out), in = 0;
    for (int i = 0; i < unit->n_inputs; i++)
        in += (int64_t)an_layout_bytes(p->units[unit->inputs[i]].op->out);
    if (unit->first == 0) /* augment reads the pictures */
        in = (int64_t)p->pictures_bytes;
    int64_t params = unit_param_bytes(p, unit), packed = (int64_t)unit->op->packed;
    int64_t read = packed && packed < params ? packed : params;
    if (step->kind == AN_STEP_PACK)
        return params + packed;
    if (step->kind == AN_STEP_FORWARD)
        return in + read + out;
    return out + (step->args.dx[0] ? in + read : 0) + (step->args.dparam[0] ? in + params : 0);
}

/* Parameters and the optimiser's state are read and written. Gradients are read, and cleared if
 * several batches are accumulated. */
static int64_t update_bytes(const an_program *p)
{
    return (2 * p->net->n_arenas - 1 + p->options.accumulate) * (int64_t)p->net->bytes;
}

void an_program_step(const an_program *p, int index, an_step_info *out)
{
    static const alexnet_pass passes[] = {[AN_STEP_FORWARD] = ALEXNET_PASS_FORWARD,
                                          [AN_STEP_BACKWARD] = ALEXNET_PASS_BACKWARD,
                                          [AN_STEP_NORM] = ALEXNET_PASS_UPDATE,
                                          [AN_STEP_UPDATE] = ALEXNET_PASS_UPDATE,
                                          [AN_STEP_PACK] = ALEXNET_PASS_PACK};
    const an_step *step = &p->steps[index];
    *out = (an_step_info){.name = "all", .pass = passes[step->kind]};
    if (step->unit < 0) {
        out->bytes = step->kind == AN_STEP_NORM ? (int64_t)p->net->bytes : update_bytes(p);
        return;
    }
    const an_unit *unit = &p->units[step->unit];
    name_unit(p, unit, out->name, sizeof out->name);
    out->mult_adds = unit_mult_adds(p, step);
    if (unit->first < 0) { /* gradients are summed on the way back */
        out->pass = ALEXNET_PASS_BACKWARD;
        out->bytes = 3 * (int64_t)an_layout_bytes(unit->op->out);
        return;
    }
    out->bytes = unit_bytes(p, step);
    out->op = &p->graph.nodes[unit->first].desc;
    out->tunable = unit->op->tunable && step->kind != AN_STEP_PACK;
    out->tail = unit->op->tail;
    out->variants = unit->op->variants;
    out->wants_dx = step->args.dx[0] != NULL;
}

/* `text` with the row of a unit appended; `text` itself is freed. */
static char *append_row(const an_program *p, const an_unit *unit, char *text)
{
    const an_op_desc *op = &p->graph.nodes[unit->first].desc;
    an_tuning_query query = an_backend_query(p->net->backend, op, p->options.gradients != 0);
    char name[96];
    query.tail = unit->op->tail;
    name_unit(p, unit, name, sizeof name);
    char *row = an_tuning_row(name, &query, &unit->op->variants);
    char *both = row ? an_format("%s%s", text, row) : NULL;
    an_free(row);
    an_free(text);
    return both;
}

char *an_program_tuning(const an_program *p)
{
    char *text = an_strdup("");
    for (int i = 0; text && i < p->n_units; i++)
        if (p->units[i].op->tunable)
            text = append_row(p, &p->units[i], text);
    return text;
}
