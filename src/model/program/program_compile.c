#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"
#include "base/text.h"
#include "model/program/compiling.h"
#include "model/program/room.h"

/* Memory to stage a batch in, of the kind that is copied without waiting: by copy_ahead(), or by
 * write(), which has then read it when it returns. */
static alexnet_status alloc_staged(an_program *p, void **out)
{
    an_backend *be = p->net->backend;
    const size_t bytes = an_program_staged_bytes(p);
    if (an_program_stages_ahead(p))
        return be->api->alloc_host(be, bytes, out);
    *out = an_calloc(1, bytes);
    return *out ? ALEXNET_OK : AN_FAIL_MEMORY(bytes, "a batch");
}

/* The host's side of batches. */
static alexnet_status make_host(an_program *p)
{
    const size_t rates = (size_t)p->net->count * sizeof *p->rates;
    for (int i = 0; i < p->options.batches; i++)
        AN_CHECK(alloc_staged(p, &p->staged[i]));
    p->rates = an_calloc(1, rates);
    return p->rates ? ALEXNET_OK : AN_FAIL_MEMORY(rates, "rates");
}

/* Allocate for the largest possible number of units and steps. There is at most one sum for each
 * edge of the graph. */
static alexnet_status make_room(compiling *c)
{
    an_program *p = c->p;
    size_t nodes = (size_t)p->graph.count, edges = 0;
    for (size_t i = 0; i < nodes; i++)
        edges += (size_t)p->graph.nodes[i].desc.n_inputs;
    size_t units = nodes + edges, steps = 3 * nodes + edges + 2;
    p->units = an_calloc(units, sizeof *p->units);
    p->steps = an_calloc(steps, sizeof *p->steps);
    c->touched = an_calloc(steps, sizeof *c->touched);
    c->readers = an_calloc(nodes, sizeof *c->readers);
    c->wants = an_calloc(nodes, sizeof *c->wants);
    c->needed = an_calloc(nodes, sizeof *c->needed);
    c->kept = an_calloc(nodes, sizeof *c->kept);
    c->node_unit = an_calloc(nodes, sizeof *c->node_unit);
    if (!p->units || !p->steps || !c->touched || !c->readers || !c->wants || !c->needed ||
        !c->kept || !c->node_unit)
        return AN_FAIL_MEMORY(steps * (sizeof *p->steps + sizeof *c->touched), "a program");
    return ALEXNET_OK;
}

/* Too much, if the tensors of a batch are too large. */
static alexnet_status need_of(const void *user, int batch, bool own, uint64_t *bytes)
{
    const an_program *p = user;
    an_graph graph;
    const int views = p->options.slots / p->options.pictures;
    const an_graph_extent extent = {.slots = batch * views, .pictures = batch};
    (void)own;
    *bytes = an_graph_build(&graph, p->net->network, &extent) == ALEXNET_OK ? 0 : UINT64_MAX;
    an_graph_free(&graph);
    return ALEXNET_OK;
}

static alexnet_status build_graph(an_program *p)
{
    char why[256];
    int largest;
    const an_program_options *o = &p->options;
    an_graph_extent extent = {o->slots, o->pictures, o->rows, o->columns, 0};
    for (int i = 0; o->rows && i < o->n_keep; i++) {
        const int layer = o->keep[i] % AN_LAYERS_MAX;
        extent.layers = layer >= extent.layers ? layer + 1 : extent.layers;
    }
    alexnet_status rc = an_graph_build(&p->graph, p->net->network, &extent);
    if (rc != ALEXNET_ERROR_UNSUPPORTED || o->rows)
        return rc;
    snprintf(why, sizeof why, "%s", an_error_text());
    AN_CHECK(an_room_largest(&largest, need_of, p, o->pictures - 1, 0, false));
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "batch = %d is too large for %s: %s; the largest batch that works is %d",
                   o->pictures, p->net->network->name, why, largest);
}

static alexnet_status copy_options(an_program *p, const an_program_options *options)
{
    size_t n = (size_t)options->n_keep, layers = (size_t)p->net->network->count;
    p->options = *options;
    p->options.split = options->split ? options->split : 1;
    p->options.batches = options->batches ? options->batches : 1;
    p->input_gradient = -1;
    int *keep = an_calloc(n + 1, sizeof *keep);
    bool *frozen = options->frozen ? an_calloc(layers, sizeof *frozen) : NULL;
    p->options.keep = keep;
    p->options.frozen = frozen;
    p->kept = an_calloc(n + 1, sizeof *p->kept);
    p->seeds = an_calloc(n + 1, sizeof *p->seeds);
    p->outputs = an_calloc(n + 1, sizeof *p->outputs);
    p->seeds_at = an_calloc(n + 1, sizeof *p->seeds_at);
    if (!keep || !p->kept || !p->seeds || !p->outputs || !p->seeds_at ||
        (options->frozen && !frozen))
        return AN_FAIL_MEMORY(n * (sizeof *keep + sizeof *p->kept), "a program");
    if (frozen)
        memcpy(frozen, options->frozen, layers * sizeof *frozen);
    for (size_t i = 0; i < n; i++) {
        keep[i] = options->keep[i];
        p->seeds[i] = -1;
    }
    return ALEXNET_OK;
}

static void find_kept(const compiling *c)
{
    const an_program_options *o = &c->p->options;
    for (int i = 0; i < o->n_keep; i++)
        c->p->kept[i] = c->node_unit[an_place_node(&c->p->graph, o->keep[i])];
}

/* Do everything that needs no arena: units, steps, and the sizes of all arenas. */
static alexnet_status lay_out(compiling *c, an_net *net, const an_program_options *options)
{
    c->p = an_calloc(1, sizeof *c->p);
    if (!c->p)
        return AN_FAIL_MEMORY(sizeof *c->p, "a program");
    c->p->net = an_net_retain(net);
    AN_CHECK(copy_options(c->p, options));
    AN_CHECK(build_graph(c->p));
    AN_CHECK(make_room(c));
    AN_CHECK(an_compile_purpose(c));
    AN_CHECK(an_compile_units(c));
    find_kept(c);
    AN_CHECK(an_compile_steps(c));
    return an_compile_sizes(c);
}

static void end_compiling(compiling *c)
{
    an_program_free(c->p);
    an_free(c->tensors);
    an_free(c->touched);
    an_free(c->readers);
    an_free(c->wants);
    an_free(c->needed);
    an_free(c->kept);
    an_free(c->node_unit);
}

static void log_memory(const an_net *net, const an_program *program)
{
    const char *purpose = program->options.update      ? "training"
                          : program->options.gradients ? "gradients"
                                                       : "inference";
    const double mib = 1 << 20;
    an_program_memory m = an_program_bytes(program);
    an_log(net->ctx, ALEXNET_LOG_INFO,
           "memory of %s for %s: %.1f MiB of weights, %.1f of activations, %.1f of scratch, with "
           "%d %s",
           net->network->name, purpose, (double)net->bytes / mib, (double)m.activations / mib,
           (double)m.scratch / mib, program->options.slots,
           an_text_plural(program->options.slots, "picture", "pictures"));
}

/* Whether any choice so far was made by trial. */
static bool has_tried(const an_program *p)
{
    for (int i = 0; p && i < p->n_units; i++)
        if (p->units[i].op->tried)
            return true;
    return false;
}

/* @param tried  in: whether trials are allowed; out: whether there were any */
static alexnet_status compile(an_program **out, an_net *net, const an_program_options *options,
                              bool *tried)
{
    alexnet_status rc;
    compiling c = {.untried = !*tried};
    AN_TRY(lay_out(&c, net, options));
    AN_TRY(an_compile_arenas(&c));
    AN_TRY(an_compile_update(&c));
    AN_TRY(make_host(c.p));
    log_memory(net, c.p);
    *out = c.p;
    c.p = NULL;
cleanup:
    *tried = has_tried(c.p);
    end_compiling(&c);
    return rc;
}

/* The fastest algorithms may need more memory than there is; the first ones may still fit. */
static alexnet_status compile_either(an_program **out, an_net *net,
                                     const an_program_options *options)
{
    bool tried = true;
    alexnet_status rc = compile(out, net, options, &tried);
    if (rc != ALEXNET_ERROR_NO_MEMORY || !tried)
        return rc;
    an_log(net->ctx, ALEXNET_LOG_INFO,
           "the fastest algorithms for %s need more memory than there is; using the first ones "
           "proposed: %s",
           net->network->name, an_error_text());
    tried = false;
    return compile(out, net, options, &tried);
}

alexnet_status an_program_measure(an_program_memory *out, an_net *net,
                                  const an_program_options *options)
{
    compiling c = {.untried = true};
    *out = (an_program_memory){0};
    alexnet_status rc = lay_out(&c, net, options);
    if (rc == ALEXNET_OK)
        *out = an_program_bytes(c.p);
    end_compiling(&c);
    return rc;
}

typedef struct purpose {
    an_net *net;
    const an_program_options *options;
} purpose;

/* The device's own memory holds the network's arenas too. */
static alexnet_status memory_of(const void *user, int batch, bool own, uint64_t *bytes)
{
    const purpose *p = user;
    an_program_memory m;
    an_program_options options = *p->options;
    options.slots = options.slots / options.pictures * batch;
    options.pictures = batch;
    AN_CHECK(an_program_measure(&m, p->net, &options));
    *bytes = m.activations + m.scratch + m.packed + m.batch;
    if (own)
        *bytes += (uint64_t)p->net->n_arenas * p->net->bytes;
    return ALEXNET_OK;
}

/* Add the largest batch that fits to the latest error, after a program could not be compiled for
 * lack of memory, and nothing of it is left. */
static alexnet_status say_largest(an_net *net, const an_program_options *options)
{
    const purpose p = {net, options};
    char why[1024], largest[64];
    an_room room;
    snprintf(why, sizeof why, "%s", an_error_text());
    if (options->pictures < 2 ||
        an_room_find(&room, net, 0, memory_of, &p, options->pictures - 1) != ALEXNET_OK)
        return an_fail(ALEXNET_ERROR_NO_MEMORY, "%s", why);
    an_room_text(largest, sizeof largest, &room);
    return an_fail(ALEXNET_ERROR_NO_MEMORY, "%s; %s", why, largest);
}

alexnet_status an_program_compile(an_program **out, an_net *net, const an_program_options *options)
{
    *out = NULL;
    AN_CHECK(an_compute_check(net->ctx));
    alexnet_status rc = compile_either(out, net, options);
    return rc == ALEXNET_ERROR_NO_MEMORY ? say_largest(net, options) : rc;
}
