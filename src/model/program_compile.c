#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "model/plan.h"
#include "model/program_impl.h"

/* Tensors that a step touches, before they have addresses; -1 is none. */
typedef struct step_tensors {
    int x[AN_MAX_INPUTS], y, dy, dx[AN_MAX_INPUTS], saved;
} step_tensors;

typedef struct compiling {
    an_program *p;
    int *readers;   /* per node: operators that read its output */
    bool *trains;   /* per node: some learned parameter lies at or above it */
    int *node_unit; /* per node: the unit that writes its output */
    int n_tensors, tensors_room;
    an_life *tensors;
    step_tensors *touched; /* per step */
} compiling;

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

static alexnet_status new_tensor(compiling *c, size_t bytes, int *out)
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

static void touch(compiling *c, int tensor, int step)
{
    if (tensor < 0)
        return;
    assert(tensor < c->n_tensors && c->tensors);
    an_life *life = &c->tensors[tensor];
    life->first = step < life->first ? step : life->first;
    life->last = step > life->last ? step : life->last;
}

/* ---- Units ---- */

/* The operators that may run together from `node` on: a chain that nobody else reads into. The
 * softmax stands alone, because its output is asked for in the plain layout. */
static int offer(const compiling *c, int node, const an_op_desc **ops)
{
    const an_graph *graph = &c->p->graph;
    int n = 1;
    ops[0] = &graph->nodes[node].desc;
    for (int next = node + 1; next < graph->count; next++, n++) {
        const an_node *follower = &graph->nodes[next];
        if (follower->desc.kind == AN_OP_SOFTMAX || follower->desc.n_inputs != 1 ||
            follower->inputs[0] != next - 1 || c->readers[next - 1] != 1)
            break;
        ops[n] = &follower->desc;
    }
    return n;
}

static alexnet_status new_unit(compiling *c, const an_prepare *prepare, an_unit **out)
{
    an_program *p = c->p;
    an_unit *unit = &p->units[p->n_units];
    an_backend *be = backend_of(c);
    *unit = (an_unit){.first = -1, .last = -1, .saved = -1, .gradient = -1};
    AN_CHECK(be->api->op_prepare(be, prepare, &unit->op));
    p->n_units++; /* from here on it is freed with the program */
    AN_CHECK(new_tensor(c, an_layout_bytes(unit->op->out), &unit->output));
    if (unit->op->saved)
        AN_CHECK(new_tensor(c, unit->op->saved, &unit->saved));
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
    AN_CHECK(new_unit(c, &prepare, &unit));
    assert(unit->op->taken >= 1 && unit->op->taken <= prepare.n_ops);
    unit->first = node;
    unit->last = node + unit->op->taken - 1;
    unit->n_inputs = first->desc.n_inputs;
    for (int j = 0; j < unit->n_inputs; j++)
        unit->inputs[j] = c->node_unit[first->inputs[j]];
    c->node_unit[unit->last] = (int)(unit - p->units);
    return ALEXNET_OK;
}

static alexnet_status prepare_units(compiling *c)
{
    an_program *p = c->p;
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

/* ---- Steps ---- */

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

/* gradient of `input` = what it has so far + `addend`, as a forward step of a sum */
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
    AN_CHECK(new_unit(c, &prepare, &sum));
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
    if (!c->trains[unit.last])
        return ALEXNET_OK;
    step_tensors *t = new_step(c, AN_STEP_BACKWARD, index);
    t->y = unit.output;
    t->saved = unit.saved;
    t->dy = unit.gradient;
    for (int j = 0; j < unit.n_inputs; j++) {
        const an_unit *input = &p->units[unit.inputs[j]];
        t->x[j] = input->output;
        if (c->trains[input->last])
            AN_CHECK(new_tensor(c, an_layout_bytes(input->op->out), &t->dx[j]));
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

static alexnet_status emit_steps(compiling *c)
{
    an_program *p = c->p;
    int n = p->n_units;
    for (int i = 0; i < n; i++)
        emit_forward(c, i);
    if (!p->options.training)
        return ALEXNET_OK;
    for (int i = n; i-- > 0;)
        AN_CHECK(emit_backward(c, i));
    new_step(c, AN_STEP_UPDATE, -1);
    for (int i = 0; i < n; i++)
        if (p->units[i].op->packed)
            new_step(c, AN_STEP_PACK, i);
    return ALEXNET_OK;
}

/* ---- Memory ---- */

static void find_lives(compiling *c)
{
    for (int i = 0; i < c->p->n_steps; i++) {
        const step_tensors *t = &c->touched[i];
        for (int j = 0; j < AN_MAX_INPUTS; j++) {
            touch(c, t->x[j], i);
            touch(c, t->dx[j], i);
        }
        touch(c, t->y, i);
        touch(c, t->dy, i);
        touch(c, t->saved, i);
    }
    /* The probabilities are read after the run. */
    touch(c, c->p->units[c->p->output].output, c->p->n_steps);
}

static alexnet_status make_arena(an_program *p, size_t bytes, void **out, const char *what)
{
    an_backend *be = p->net->backend;
    if (!bytes)
        return ALEXNET_OK;
    alexnet_status rc = be->api->alloc(be, bytes, out);
    return rc == ALEXNET_OK ? rc : an_fail_within(rc, what);
}

/* The parts of the batch's arena, in this order. */
enum { PICTURES, SLOTS, STATE, LOSSES, PARTS };

static size_t batch_layout(an_program *p, size_t at[PARTS])
{
    size_t slots = (size_t)p->options.slots, side = (size_t)p->net->network->input.side;
    p->pictures_bytes = (size_t)p->options.pictures * side * side * 3;
    size_t sizes[PARTS] = {[PICTURES] = p->pictures_bytes,
                           [SLOTS] = slots * sizeof(an_slot),
                           [STATE] = sizeof(an_step_state),
                           [LOSSES] = slots * an_dtype_bytes(p->net->backend->param_dtype)};
    size_t bytes = 0;
    for (int i = 0; i < PARTS; i++) {
        at[i] = bytes;
        bytes += (sizes[i] + AN_ALIGN - 1) / AN_ALIGN * AN_ALIGN;
    }
    return bytes;
}

static alexnet_status make_batch(an_program *p)
{
    size_t at[PARTS];
    batch_layout(p, at);
    AN_CHECK(make_arena(p, p->batch_bytes, &p->batch, "a batch of pictures"));
    p->pictures = (char *)p->batch + at[PICTURES];
    p->slots = (an_slot *)((char *)p->batch + at[SLOTS]);
    p->state = (an_step_state *)((char *)p->batch + at[STATE]);
    p->losses = (char *)p->batch + at[LOSSES];
    size_t most = (size_t)p->options.slots * (size_t)p->net->network->classes * sizeof(double);
    p->host = an_malloc(most);
    return p->host ? ALEXNET_OK : AN_FAIL_MEMORY(most, "results");
}

static alexnet_status make_arenas(compiling *c)
{
    an_program *p = c->p;
    AN_CHECK(make_arena(p, p->activations_bytes, &p->activations, "activations"));
    AN_CHECK(make_arena(p, p->scratch_bytes, &p->scratch, "scratch memory"));
    AN_CHECK(make_arena(p, p->packed_bytes, &p->packed, "packed weights"));
    return make_batch(p);
}

static void *address(const compiling *c, int tensor)
{
    assert(tensor < 0 || c->tensors);
    return tensor < 0 ? NULL : (char *)c->p->activations + c->tensors[tensor].offset;
}

/* Parameters, packed copy and scratch of a unit. */
static void bind_unit(an_program *p, const an_unit *unit, an_op_args *args)
{
    int first = unit->first < 0 ? -1 : p->net->node_param[unit->first];
    an_param_info infos[AN_MAX_PARAMS];
    int n = first < 0 ? 0 : an_op_params(&p->graph.nodes[unit->first].desc, infos);
    for (int j = 0; j < n; j++) {
        args->param[j] = an_net_at(p->net, AN_VALUES, first + j);
        if (p->options.training && infos[j].learned)
            args->dparam[j] = an_net_at(p->net, AN_GRADIENTS, first + j);
    }
    args->packed = unit->op->packed ? (char *)p->packed + unit->packed : NULL;
    args->scratch = p->scratch;
    args->state = p->state;
    args->slots = p->slots;
    args->pictures = p->pictures;
    args->loss = p->losses;
}

static void bind_steps(compiling *c)
{
    an_program *p = c->p;
    for (int i = 0; i < p->n_steps; i++) {
        an_step *step = &p->steps[i];
        const step_tensors *t = &c->touched[i];
        if (step->kind == AN_STEP_UPDATE)
            continue;
        bind_unit(p, &p->units[step->unit], &step->args);
        for (int j = 0; j < AN_MAX_INPUTS; j++) {
            step->args.x[j] = address(c, t->x[j]);
            step->args.dx[j] = address(c, t->dx[j]);
        }
        step->args.y = address(c, t->y);
        step->args.dy = address(c, t->dy);
        step->args.saved = address(c, t->saved);
    }
    p->probabilities = address(c, p->units[p->output].output);
}

static alexnet_status list_segments(an_program *p)
{
    const an_net *net = p->net;
    if (!p->options.training)
        return ALEXNET_OK;
    p->segments = an_calloc((size_t)net->count, sizeof *p->segments);
    if (!p->segments)
        return AN_FAIL_MEMORY(net->count * sizeof *p->segments, "a program");
    for (int i = 0; i < net->count; i++)
        if (net->params[i].learned)
            p->segments[p->n_segments++] = (an_segment){.param = an_net_at(net, AN_VALUES, i),
                                                        .gradient = an_net_at(net, AN_GRADIENTS, i),
                                                        .momentum = an_net_at(net, AN_MOMENTUM, i),
                                                        .count = net->params[i].count};
    return ALEXNET_OK;
}

/* Room for every unit and step there can be: a sum for each reader at most. */
static alexnet_status make_room(compiling *c)
{
    an_program *p = c->p;
    size_t nodes = (size_t)p->graph.count, edges = 0;
    for (size_t i = 0; i < nodes; i++)
        edges += (size_t)p->graph.nodes[i].desc.n_inputs;
    size_t units = nodes + edges, steps = 3 * nodes + edges + 1;
    p->units = an_calloc(units, sizeof *p->units);
    p->steps = an_calloc(steps, sizeof *p->steps);
    c->touched = an_calloc(steps, sizeof *c->touched);
    c->readers = an_calloc(nodes, sizeof *c->readers);
    c->trains = an_calloc(nodes, sizeof *c->trains);
    c->node_unit = an_calloc(nodes, sizeof *c->node_unit);
    if (!p->units || !p->steps || !c->touched || !c->readers || !c->trains || !c->node_unit)
        return AN_FAIL_MEMORY(steps * (sizeof *p->steps + sizeof *c->touched), "a program");
    return ALEXNET_OK;
}

static alexnet_status build_graph(an_program *p)
{
    char batch[64];
    alexnet_status rc =
        an_graph_build(&p->graph, p->net->network, p->options.slots, p->options.pictures);
    if (rc == ALEXNET_OK)
        return rc;
    snprintf(batch, sizeof batch, "a batch of %d pictures", p->options.slots);
    return an_fail_within(rc, batch);
}

/* Everything that needs no arena: units, steps, and the sizes of all arenas. */
static alexnet_status lay_out(compiling *c, an_net *net, const an_program_options *options)
{
    size_t at[PARTS];
    assert(!options->training || net->gradients);
    c->p = an_calloc(1, sizeof *c->p);
    if (!c->p)
        return AN_FAIL_MEMORY(sizeof *c->p, "a program");
    c->p->net = an_net_retain(net);
    c->p->options = *options;
    AN_CHECK(build_graph(c->p));
    AN_CHECK(make_room(c));
    study_graph(c);
    AN_CHECK(prepare_units(c));
    AN_CHECK(emit_steps(c));
    find_lives(c);
    c->p->batch_bytes = batch_layout(c->p, at);
    return an_plan(c->tensors, c->n_tensors, &c->p->activations_bytes);
}

static void end_compiling(compiling *c)
{
    an_program_free(c->p);
    an_free(c->tensors);
    an_free(c->touched);
    an_free(c->readers);
    an_free(c->trains);
    an_free(c->node_unit);
}

alexnet_status an_program_compile(an_program **out, an_net *net, const an_program_options *options)
{
    alexnet_status rc;
    compiling c = {0};
    *out = NULL;
    AN_TRY(lay_out(&c, net, options));
    AN_TRY(make_arenas(&c));
    bind_steps(&c);
    AN_TRY(list_segments(c.p));
    *out = c.p;
    c.p = NULL;
cleanup:
    end_compiling(&c);
    return rc;
}

alexnet_status an_program_measure(an_program_memory *out, an_net *net,
                                  const an_program_options *options)
{
    compiling c = {0};
    *out = (an_program_memory){0};
    alexnet_status rc = lay_out(&c, net, options);
    if (rc == ALEXNET_OK)
        *out = an_program_bytes(c.p);
    end_compiling(&c);
    return rc;
}
