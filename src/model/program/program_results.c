/*
 * The results of a program's latest run.
 */
#include <assert.h>

#include "model/program/program_impl.h"

int an_program_kept_at(const an_program *p, int place)
{
    int i = 0;
    while (i < p->options.n_keep && p->options.keep[i] != place)
        i++;
    assert(i < p->options.n_keep);
    return i;
}

alexnet_status an_program_results(an_program *p, an_results *results)
{
    assert(p->options.loss);
    an_backend *be = p->net->backend;
    return be->api->read(be, results, p->results, sizeof *results);
}

alexnet_status an_program_scores(an_program *p, an_score *scores)
{
    assert(p->options.loss);
    an_backend *be = p->net->backend;
    return be->api->read(be, scores, p->scores, (size_t)p->options.slots * sizeof *scores);
}

alexnet_status an_program_slots(an_program *p, an_slot *slots)
{
    an_backend *be = p->net->backend;
    const an_batch_place *place = &p->places[an_program_buffer(p, p->ran - 1)];
    return be->api->read(be, slots, place->slots, (size_t)p->options.slots * sizeof *slots);
}

alexnet_status an_program_picture(an_program *p, int picture, uint8_t *pixels)
{
    an_backend *be = p->net->backend;
    const an_batch_place *place = &p->places[an_program_buffer(p, p->ran - 1)];
    const size_t bytes = p->pictures_bytes / (size_t)p->options.pictures;
    assert(picture >= 0 && picture < p->options.pictures);
    return be->api->read(be, pixels, (const char *)place->pictures + (size_t)picture * bytes,
                         bytes);
}

/* A plain tensor in the shape of a unit's output. */
static alexnet_status read_plain(an_program *p, float *values, const void *from,
                                 const an_unit *unit)
{
    an_backend *be = p->net->backend;
    const an_layout *out = &unit->op->out;
    assert(out->kind == AN_LAYOUT_PLAIN && out->dtype == be->param_dtype);
    return an_backend_read(be, values, from, AN_F32, out->n * an_chw_count(out->shape));
}

an_chw an_program_shape(const an_program *p, int place)
{
    return p->units[p->kept[an_program_kept_at(p, place)]].op->out.shape;
}

alexnet_status an_program_read(an_program *p, int place, float *values)
{
    int i = an_program_kept_at(p, place);
    return read_plain(p, values, p->outputs[i], &p->units[p->kept[i]]);
}

alexnet_status an_program_input_gradient(an_program *p, float *values)
{
    assert(p->input_gradient_at);
    return read_plain(p, values, p->input_gradient_at, &p->units[0]);
}

an_program_memory an_program_bytes(const an_program *p)
{
    return (an_program_memory){p->activations_bytes, p->scratch_bytes, p->packed_bytes,
                               p->batch_bytes};
}
