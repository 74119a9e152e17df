#include "base/alloc.h"
#include "base/status.h"
#include "model/program/compiling.h"

/* Find the packed copy of a parameter that the update keeps current, if there is one. */
static void find_copy(const an_program *p, int param, an_segment *segment)
{
    for (int i = 0; i < p->n_units; i++) {
        const an_unit *unit = &p->units[i];
        const int first = unit->first < 0 ? -1 : p->net->node_param[unit->first];
        const int which = param - first;
        if (!unit->op->updated || !unit->packed || first < 0 || which < 0 ||
            which >= AN_MAX_PARAMS || !unit->op->copied[which].kept)
            continue;
        segment->copy = unit->packed->memory;
        segment->form = unit->op->copied[which];
    }
}

alexnet_status an_compile_update(compiling *c)
{
    an_program *p = c->p;
    an_net *net = p->net;
    if (!p->options.update)
        return ALEXNET_OK;
    const an_arena square = an_net_find_arena(net, AN_ARENA_SQUARE);
    const an_arena average = an_net_find_arena(net, AN_ARENA_AVERAGE);
    an_segment *segments = an_calloc((size_t)net->count, sizeof *segments);
    if (!segments)
        return AN_FAIL_MEMORY(net->count * sizeof *segments, "a program");
    for (int i = 0; i < net->count; i++)
        if (net->params[i].learned) {
            an_segment *segment = &segments[p->n_segments++];
            *segment = (an_segment){.param = an_net_at(net, AN_VALUES, i),
                                    .gradient = an_net_at(net, AN_GRADIENTS, i),
                                    .momentum = an_net_at(net, AN_MOMENTUM, i),
                                    .count = net->params[i].count,
                                    .square = square < 0 ? NULL : an_net_at(net, square, i),
                                    .average = average < 0 ? NULL : an_net_at(net, average, i),
                                    .clear = p->options.accumulate};
            find_copy(p, i, segment);
        }
    alexnet_status rc =
        net->backend->api->update_prepare(net->backend, segments, p->n_segments, &p->updating);
    an_free(segments);
    return rc;
}
