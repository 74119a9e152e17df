#include "model/program.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/status.h"
#include "model/program_impl.h"

void an_program_free(an_program *p)
{
    if (!p)
        return;
    an_backend *be = p->net->backend;
    for (int i = 0; i < p->n_units; i++)
        be->api->op_free(be, p->units[i].op);
    if (p->activations)
        be->api->free(be, p->activations, p->activations_bytes);
    if (p->scratch)
        be->api->free(be, p->scratch, p->scratch_bytes);
    if (p->packed)
        be->api->free(be, p->packed, p->packed_bytes);
    if (p->batch)
        be->api->free(be, p->batch, p->batch_bytes);
    an_free(p->host);
    an_free(p->segments);
    an_free(p->units);
    an_free(p->steps);
    an_graph_free(&p->graph);
    an_net_release(p->net);
    an_free(p);
}

static alexnet_status run_step(an_program *p, const an_step *step)
{
    an_backend *be = p->net->backend;
    switch (step->kind) {
    case AN_STEP_FORWARD: return be->api->op_forward(be, p->units[step->unit].op, &step->args);
    case AN_STEP_BACKWARD: return be->api->op_backward(be, p->units[step->unit].op, &step->args);
    case AN_STEP_UPDATE: return be->api->update(be, p->segments, p->n_segments);
    case AN_STEP_PACK: return be->api->op_pack(be, p->units[step->unit].op, &step->args);
    }
    return ALEXNET_OK;
}

alexnet_status an_program_run_timed(an_program *p, double *seconds)
{
    an_backend *be = p->net->backend;
    for (int i = 0; i < p->n_steps; i++) {
        double began = seconds ? an_clock() : 0;
        AN_CHECK(run_step(p, &p->steps[i]));
        if (!seconds)
            continue;
        AN_CHECK(be->api->sync(be));
        seconds[i] = an_clock() - began;
    }
    return be->api->sync(be);
}

alexnet_status an_program_run(an_program *p)
{
    return an_program_run_timed(p, NULL);
}

alexnet_status an_program_pack(an_program *p)
{
    an_backend *be = p->net->backend;
    for (int i = 0; i < p->n_steps; i++) {
        const an_step *step = &p->steps[i];
        if (step->kind == AN_STEP_FORWARD && p->units[step->unit].op->packed)
            AN_CHECK(be->api->op_pack(be, p->units[step->unit].op, &step->args));
    }
    return be->api->sync(be);
}

alexnet_status an_program_feed(an_program *p, const uint8_t *pixels, const an_slot *slots,
                               const an_step_state *state)
{
    an_backend *be = p->net->backend;
    an_step_state counted = *state;
    counted.labelled = 0;
    for (int i = 0; i < p->options.slots; i++)
        counted.labelled += slots[i].picture >= 0 && slots[i].label >= 0;
    AN_CHECK(be->api->write(be, p->pictures, pixels, p->pictures_bytes));
    AN_CHECK(be->api->write(be, p->slots, slots, (size_t)p->options.slots * sizeof *slots));
    return be->api->write(be, p->state, &counted, sizeof counted);
}

int an_program_learned(const an_program *p)
{
    return p->n_segments;
}

void an_program_set_rates(an_program *p, const an_rates *rates)
{
    for (int i = 0; i < p->n_segments; i++) {
        p->segments[i].rate = rates[i].rate;
        p->segments[i].decay = rates[i].decay;
        p->segments[i].mom = rates[i].momentum;
    }
}

alexnet_status an_program_read(an_program *p, float *probabilities, double *losses)
{
    an_backend *be = p->net->backend;
    int64_t slots = p->options.slots, count = slots * p->net->network->classes;
    size_t size = an_dtype_bytes(be->param_dtype);
    AN_CHECK(be->api->read(be, p->host, p->probabilities, (size_t)count * size));
    an_convert(probabilities, AN_F32, p->host, be->param_dtype, count);
    AN_CHECK(be->api->read(be, p->host, p->losses, (size_t)slots * size));
    an_convert(losses, AN_F64, p->host, be->param_dtype, slots);
    return ALEXNET_OK;
}

an_program_memory an_program_bytes(const an_program *p)
{
    return (an_program_memory){p->activations_bytes, p->scratch_bytes, p->packed_bytes,
                               p->batch_bytes};
}
