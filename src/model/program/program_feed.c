/*
 * The data given to a program: rates and batches, or the caller's input and gradients.
 */
#include <assert.h>
#include <string.h>

#include "base/status.h"
#include "model/program/program_impl.h"

int an_program_learned(const an_program *p)
{
    return p->n_segments;
}

void an_program_set_rates(an_program *p, const an_rates *rates)
{
    memcpy(p->rates, rates, (size_t)p->n_segments * sizeof *rates);
}

bool an_program_feeds_ahead(const an_program *p)
{
    return p->options.batches > 1;
}

bool an_program_stages_ahead(const an_program *p)
{
    return an_program_feeds_ahead(p) && p->net->backend->api->copy_ahead;
}

/* Put slots, state and rates together as they are in a buffer. The weights of the labelled slots
 * are summed here unless the caller gives the sum, as for several ranks. */
static void stage(const an_program *p, char *staged, const an_slot *slots,
                  const an_step_state *state)
{
    const an_batch_place *place = &p->places[0];
    an_step_state own = *state;
    if (own.weight == 0)
        own.weight = an_slots_weight(slots, p->options.slots);
    char *state_at = staged + ((char *)place->state - (char *)place->slots);
    memcpy(staged, slots, (size_t)p->options.slots * sizeof *slots);
    memcpy(state_at, &own, sizeof own);
    memcpy(state_at + sizeof own, p->rates, (size_t)p->n_segments * sizeof *p->rates);
}

alexnet_status an_program_feed(an_program *p, const uint8_t *pixels, const an_slot *slots,
                               const an_step_state *state)
{
    an_backend *be = p->net->backend;
    const bool ahead = an_program_stages_ahead(p);
    const int64_t before = p->fed;
    if (p->fed - p->ran < p->options.batches)
        p->fed++;
    int buffer = an_program_buffer(p, p->fed - 1);
    const an_batch_place *place = &p->places[buffer];
    void *staged = p->staged[buffer];
    if (ahead && before > buffer) /* the copy of the batch staged there may not be complete */
        AN_CHECK(be->api->copied(be, buffer));
    stage(p, staged, slots, state);
    if (ahead) {
        AN_CHECK(be->api->copy_ahead(be, buffer, place->pictures, pixels, p->pictures_bytes));
        return be->api->copy_ahead(be, buffer, place->slots, staged, an_program_staged_bytes(p));
    }
    AN_CHECK(be->api->write(be, place->pictures, pixels, p->pictures_bytes));
    return be->api->write(be, place->slots, staged, an_program_staged_bytes(p));
}

alexnet_status an_program_taken(an_program *p)
{
    an_backend *be = p->net->backend;
    if (p->options.batches < 2 || !be->api->copied || p->fed == 0)
        return ALEXNET_OK;
    return be->api->copied(be, an_program_buffer(p, p->fed - 1));
}

/* A plain tensor in the shape of a unit's output. */
static alexnet_status write_plain(an_program *p, void *to, const float *values, const an_unit *unit)
{
    an_backend *be = p->net->backend;
    const an_layout *out = &unit->op->out;
    assert(out->kind == AN_LAYOUT_PLAIN && out->dtype == be->param_dtype);
    return an_backend_write(be, to, values, AN_F32, out->n * an_chw_count(out->shape));
}

alexnet_status an_program_give(an_program *p, const float *values)
{
    assert(p->input_at);
    return write_plain(p, p->input_at, values, &p->units[0]);
}

alexnet_status an_program_seed(an_program *p, int place, const float *gradient)
{
    int i = an_program_kept_at(p, place);
    assert(p->seeds_at[i]);
    return write_plain(p, p->seeds_at[i], gradient, &p->units[p->kept[i]]);
}
