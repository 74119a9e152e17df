#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"
#include "model/compiling.h"

static void touch(compiling *c, int tensor, int step)
{
    if (tensor < 0)
        return;
    assert(tensor < c->n_tensors && c->tensors);
    an_life *life = &c->tensors[tensor];
    life->first = step < life->first ? step : life->first;
    life->last = step > life->last ? step : life->last;
}

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

alexnet_status an_compile_sizes(compiling *c)
{
    size_t at[PARTS];
    find_lives(c);
    c->p->batch_bytes = batch_layout(c->p, at);
    return an_plan(c->tensors, c->n_tensors, &c->p->activations_bytes);
}

static alexnet_status make_arena(an_program *p, size_t bytes, void **out, const char *what)
{
    an_backend *be = p->net->backend;
    if (!bytes)
        return ALEXNET_OK;
    alexnet_status rc = be->api->alloc(be, bytes, out);
    return rc == ALEXNET_OK ? rc : an_fail_within(rc, what);
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

alexnet_status an_compile_arenas(compiling *c)
{
    an_program *p = c->p;
    AN_CHECK(make_arena(p, p->activations_bytes, &p->activations, "activations"));
    AN_CHECK(make_arena(p, p->scratch_bytes, &p->scratch, "scratch memory"));
    AN_CHECK(make_arena(p, p->packed_bytes, &p->packed, "packed weights"));
    AN_CHECK(make_batch(p));
    bind_steps(c);
    return ALEXNET_OK;
}
