#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"
#include "model/program/compiling.h"

static void touch(compiling *c, int tensor, int step)
{
    if (tensor < 0)
        return;
    assert(tensor < c->n_tensors && c->tensors);
    an_life *life = &c->tensors[tensor];
    life->first = step < life->first ? step : life->first;
    life->last = step > life->last ? step : life->last;
}

/* Keep a tensor alive through all runs. */
static void hold(compiling *c, int tensor)
{
    touch(c, tensor, 0);
    touch(c, tensor, c->p->n_steps);
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
    /* Tensors that are read after a run, and tensors that keep their values from run to run. */
    for (int i = 0; i < c->p->options.n_keep; i++) {
        touch(c, c->p->units[c->p->kept[i]].output, c->p->n_steps);
        hold(c, c->p->seeds[i]);
    }
    touch(c, c->p->input_gradient, c->p->n_steps);
    if (c->p->options.rows)
        hold(c, c->p->units[0].output);
}

/* The parts of the batch's arena: scores and results, then for each buffer pictures, slots, and the
 * state with the rates. Slots and state are adjacent, so that one copy writes both. */
enum { SCORES, RESULTS, PICTURES, SLOTS, STATE, PARTS };

static void part_sizes(const an_program *p, size_t size[PARTS])
{
    size_t slots = (size_t)p->options.slots;
    size[SCORES] = an_aligned(slots * sizeof(an_score));
    size[RESULTS] = an_aligned(sizeof(an_results));
    size[PICTURES] = an_aligned(p->pictures_bytes);
    size[SLOTS] = an_aligned(slots * sizeof(an_slot));
    size[STATE] = an_aligned(sizeof(an_step_state) + (size_t)p->net->count * sizeof(an_rates));
}

size_t an_program_staged_bytes(const an_program *p)
{
    size_t size[PARTS];
    part_sizes(p, size);
    return size[SLOTS] + size[STATE];
}

static void size_batch(an_program *p)
{
    size_t size[PARTS], side = (size_t)p->net->network->input.side;
    p->pictures_bytes = p->options.rows ? 0 : (size_t)p->options.pictures * side * side * 3;
    part_sizes(p, size);
    p->batch_bytes = size[SCORES] + size[RESULTS] +
                     (size_t)p->options.batches * (size[PICTURES] + size[SLOTS] + size[STATE]);
}

alexnet_status an_compile_sizes(compiling *c)
{
    find_lives(c);
    size_batch(c->p);
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

static void place_batch(an_program *p)
{
    size_t size[PARTS];
    char *at = p->batch;
    part_sizes(p, size);
    p->scores = (an_score *)at;
    at += size[SCORES];
    p->results = (an_results *)at;
    at += size[RESULTS];
    for (int i = 0; i < p->options.batches; i++) {
        an_batch_place *place = &p->places[i];
        place->pictures = at;
        at += size[PICTURES];
        place->slots = (an_slot *)at;
        at += size[SLOTS];
        place->state = (an_step_state *)at;
        place->rates = (const an_rates *)(place->state + 1);
        at += size[STATE];
    }
}

static alexnet_status make_packed(an_program *p)
{
    for (int i = 0; i < p->n_units; i++)
        if (p->units[i].op->packed)
            AN_CHECK(an_net_take_packed(&p->units[i].packed, p->net, p->options.values,
                                        p->units[i].first, p->units[i].op));
    return ALEXNET_OK;
}

static void *address(const compiling *c, int tensor)
{
    assert(tensor < 0 || c->tensors);
    return tensor < 0 ? NULL : (char *)c->p->activations + c->tensors[tensor].offset;
}

/* Set the addresses of a unit's parameters, packed copy, scratch memory, scores and results. */
static void bind_unit(an_program *p, const an_unit *unit, an_op_args *args)
{
    int first = unit->first < 0 ? -1 : p->net->node_param[unit->first];
    an_param_info infos[AN_MAX_PARAMS];
    int n = first < 0 ? 0 : an_op_params(&p->graph.nodes[unit->first].desc, infos);
    const bool learns = n > 0 && an_node_learns(p, unit->first);
    for (int j = 0; j < n; j++) {
        args->param[j] =
            an_net_at(p->net, infos[j].learned ? p->options.values : AN_VALUES, first + j);
        if (learns && infos[j].learned)
            args->dparam[j] = an_net_at(p->net, AN_GRADIENTS, first + j);
    }
    args->packed = unit->packed ? unit->packed->memory : NULL;
    args->scratch = p->scratch;
    args->scores = p->options.loss ? p->scores : NULL;
    args->results = p->options.loss ? p->results : NULL;
}

static void bind_steps(compiling *c)
{
    an_program *p = c->p;
    for (int i = 0; i < p->n_steps; i++) {
        an_step *step = &p->steps[i];
        const step_tensors *t = &c->touched[i];
        if (step->unit < 0)
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
    for (int i = 0; i < p->options.n_keep; i++) {
        p->outputs[i] = address(c, p->units[p->kept[i]].output);
        p->seeds_at[i] = address(c, p->seeds[i]);
    }
    p->input_at = p->options.rows ? address(c, p->units[0].output) : NULL;
    p->input_gradient_at = address(c, p->input_gradient);
}

alexnet_status an_compile_arenas(compiling *c)
{
    an_program *p = c->p;
    AN_CHECK(make_arena(p, p->activations_bytes, &p->activations, "activations"));
    AN_CHECK(make_arena(p, p->scratch_bytes, &p->scratch, "scratch memory"));
    AN_CHECK(make_packed(p));
    AN_CHECK(make_arena(p, p->batch_bytes, &p->batch, "a batch of pictures"));
    place_batch(p);
    bind_steps(c);
    an_program_bind(p, 0);
    return ALEXNET_OK;
}

void an_program_bind(an_program *p, int buffer)
{
    const an_batch_place *place = &p->places[buffer];
    for (int i = 0; i < p->n_steps; i++) {
        an_op_args *args = &p->steps[i].args;
        args->pictures = place->pictures;
        args->slots = place->slots;
        args->state = place->state;
    }
}
