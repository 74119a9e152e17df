#include "model/program.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/status.h"
#include "model/program_impl.h"

static void free_on_backend(an_program *p)
{
    an_backend *be = p->net->backend;
    for (int i = 0; i < AN_BATCHES; i++)
        if (p->captured[i])
            be->api->capture_free(be, p->captured[i]);
    if (p->updating)
        be->api->update_free(be, p->updating);
    for (int i = 0; i < p->n_units; i++) {
        an_net_give_packed(p->net, p->units[i].packed);
        if (p->units[i].op != &p->given)
            be->api->op_free(be, p->units[i].op);
    }
    if (p->activations)
        be->api->free(be, p->activations, p->activations_bytes);
    if (p->scratch)
        be->api->free(be, p->scratch, p->scratch_bytes);
    if (p->batch)
        be->api->free(be, p->batch, p->batch_bytes);
    for (int i = 0; i < AN_BATCHES; i++) {
        if (be->api->free_host && p->staged[i])
            be->api->free_host(be, p->staged[i], an_program_staged_bytes(p));
        else
            an_free(p->staged[i]);
    }
}

void an_program_free(an_program *p)
{
    if (!p)
        return;
    free_on_backend(p);
    an_free(p->rates);
    an_free(p->block);
    an_free(p->units);
    an_free(p->steps);
    an_free(p->kept);
    an_free(p->seeds);
    an_free(p->outputs);
    an_free(p->seeds_at);
    an_free((int *)p->options.keep);
    an_free((bool *)p->options.frozen);
    an_graph_free(&p->graph);
    an_net_release(p->net);
    an_free(p);
}

/* ---- Weights --------------------------------------------------------------------------------- */

/* Call it under the net's lock. A session may be created while others compute with the model and
 * read the copies that are current; only stale ones are written. */
static alexnet_status pack_stale(an_program *p)
{
    an_backend *be = p->net->backend;
    for (int i = 0; i < p->n_steps; i++) {
        const an_step *step = &p->steps[i];
        if (step->kind != AN_STEP_FORWARD)
            continue;
        an_packed *packed = p->units[step->unit].packed;
        if (!packed || packed->version == p->net->version)
            continue;
        AN_CHECK(be->api->op_pack(be, p->units[step->unit].op, &step->args));
        packed->version = p->net->version;
    }
    return be->api->sync(be);
}

alexnet_status an_program_pack(an_program *p)
{
    pthread_mutex_lock(&p->net->lock);
    alexnet_status rc = pack_stale(p);
    pthread_mutex_unlock(&p->net->lock);
    return rc;
}

/* After an update, and the packing that follows it, the program's own packed copies are current and
 * those of other programs are stale. */
static void note_update(an_program *p)
{
    pthread_mutex_lock(&p->net->lock);
    p->net->version++;
    for (int i = 0; i < p->n_units; i++)
        if (p->units[i].packed)
            p->units[i].packed->version = p->net->version;
    pthread_mutex_unlock(&p->net->lock);
}

int an_program_learned(const an_program *p)
{
    return p->n_segments;
}

void an_program_set_rates(an_program *p, const an_rates *rates)
{
    memcpy(p->rates, rates, (size_t)p->n_segments * sizeof *rates);
}

/* ---- Batches --------------------------------------------------------------------------------- */

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

/* The buffer of a batch, by the batch's number from 0. */
static int buffer_of(const an_program *p, int64_t batch)
{
    return batch < 0 ? 0 : (int)(batch % p->options.batches);
}

bool an_program_feeds_ahead(const an_program *p)
{
    return p->options.batches > 1;
}

/* Put slots, state and rates together as they lie in a buffer. The weight of the labelled slots is
 * summed here unless the caller gives it, as the sum over several ranks. */
static void stage(const an_program *p, char *staged, const an_slot *slots,
                  const an_step_state *state)
{
    const an_batch_place *place = &p->places[0];
    an_step_state counted = *state;
    counted.filled = 0;
    for (int i = 0; i < p->options.slots; i++)
        counted.filled += slots[i].picture >= 0;
    if (state->weight == 0)
        counted.weight = an_slots_weight(slots, p->options.slots);
    char *state_at = staged + ((char *)place->state - (char *)place->slots);
    memcpy(staged, slots, (size_t)p->options.slots * sizeof *slots);
    memcpy(state_at, &counted, sizeof counted);
    memcpy(state_at + sizeof counted, p->rates, (size_t)p->n_segments * sizeof *p->rates);
}

alexnet_status an_program_feed(an_program *p, const uint8_t *pixels, const an_slot *slots,
                               const an_step_state *state)
{
    an_backend *be = p->net->backend;
    const bool ahead = p->options.batches > 1 && be->api->copy_ahead;
    const int64_t before = p->fed;
    if (p->fed - p->ran < p->options.batches)
        p->fed++;
    int buffer = buffer_of(p, p->fed - 1);
    const an_batch_place *place = &p->places[buffer];
    void *staged = p->staged[buffer];
    if (ahead && before > buffer) /* the batch that was staged there may still have to be copied */
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
    return be->api->copied(be, buffer_of(p, p->fed - 1));
}

/* A plain tensor in the shape of a unit's output. */
static alexnet_status write_plain(an_program *p, void *to, const float *values, const an_unit *unit)
{
    an_backend *be = p->net->backend;
    const an_layout *out = &unit->op->out;
    int64_t count = out->n * an_chw_count(out->shape);
    size_t size = an_dtype_bytes(be->param_dtype);
    assert(out->kind == AN_LAYOUT_PLAIN && out->dtype == be->param_dtype);
    for (int64_t done = 0; done < count; done += AN_BLOCK) {
        int64_t n = count - done < AN_BLOCK ? count - done : AN_BLOCK;
        an_convert(p->block, be->param_dtype, values + done, AN_F32, n);
        AN_CHECK(be->api->write(be, (char *)to + (size_t)done * size, p->block, (size_t)n * size));
    }
    return ALEXNET_OK;
}

/* The index of a place in options.keep. */
static int kept_at(const an_program *p, int place)
{
    int i = 0;
    while (i < p->options.n_keep && p->options.keep[i] != place)
        i++;
    assert(i < p->options.n_keep);
    return i;
}

alexnet_status an_program_give(an_program *p, const float *values)
{
    assert(p->input_at);
    return write_plain(p, p->input_at, values, &p->units[0]);
}

alexnet_status an_program_seed(an_program *p, int place, const float *gradient)
{
    int i = kept_at(p, place);
    assert(p->seeds_at[i]);
    return write_plain(p, p->seeds_at[i], gradient, &p->units[p->kept[i]]);
}

/* ---- Running --------------------------------------------------------------------------------- */

/* After a batch whose losses are not finite, hold() keeps the weights as they are. */
static alexnet_status run_update(an_program *p, const an_batch_place *place)
{
    an_backend *be = p->net->backend;
    AN_CHECK(be->api->hold(be, p->results, place->state));
    return be->api->update(be, p->updating, place->state, place->rates);
}

static alexnet_status run_step(an_program *p, const an_step *step, const an_batch_place *place)
{
    an_backend *be = p->net->backend;
    switch (step->kind) {
    case AN_STEP_FORWARD: return be->api->op_forward(be, p->units[step->unit].op, &step->args);
    case AN_STEP_BACKWARD: return be->api->op_backward(be, p->units[step->unit].op, &step->args);
    case AN_STEP_NORM: return be->api->gradient_norm(be, p->updating, place->state, place->rates);
    case AN_STEP_UPDATE: return run_update(p, place);
    case AN_STEP_PACK: return be->api->op_pack(be, p->units[step->unit].op, &step->args);
    }
    return ALEXNET_OK;
}

/* Begin with the next batch, or with the latest again. @param buffer out, the batch's buffer */
static alexnet_status begin_run(an_program *p, int *buffer)
{
    an_backend *be = p->net->backend;
    if (p->ran < p->fed)
        p->ran++;
    *buffer = buffer_of(p, p->ran - 1);
    an_program_bind(p, *buffer);
    return be->api->await ? be->api->await(be, *buffer) : ALEXNET_OK;
}

static alexnet_status end_run(an_program *p, int buffer)
{
    an_backend *be = p->net->backend;
    p->warm = true;
    if (p->options.update)
        note_update(p);
    return be->api->retire ? be->api->retire(be, buffer) : ALEXNET_OK;
}

static alexnet_status run_steps(an_program *p, int buffer)
{
    for (int i = 0; i < p->n_steps; i++)
        AN_CHECK(run_step(p, &p->steps[i], &p->places[buffer]));
    return ALEXNET_OK;
}

/* Recording is ended after an error too, so that the device stays usable. That may fail again; the
 * first error is the one to tell. */
static alexnet_status record(an_program *p, int buffer)
{
    char why[1024];
    an_backend *be = p->net->backend;
    AN_CHECK(be->api->capture_begin(be));
    alexnet_status rc = run_steps(p, buffer);
    snprintf(why, sizeof why, "%s", an_error_text());
    alexnet_status ended = be->api->capture_end(be, &p->captured[buffer]);
    if (rc == ALEXNET_OK)
        return ended;
    if (p->captured[buffer]) /* of a part of the steps */
        be->api->capture_free(be, p->captured[buffer]);
    p->captured[buffer] = NULL;
    return an_fail(rc, "%s", why);
}

/* Time stamps around a run; run_marked() uses the same ones for its steps. */
static alexnet_status stamp(an_program *p, int index)
{
    an_backend *be = p->net->backend;
    return be->api->mark ? be->api->mark(be, index) : ALEXNET_OK;
}

alexnet_status an_program_busy(an_program *p, double *seconds)
{
    an_backend *be = p->net->backend;
    *seconds = 0;
    return be->api->elapsed ? be->api->elapsed(be, 0, 1, seconds) : ALEXNET_OK;
}

alexnet_status an_program_run(an_program *p)
{
    an_backend *be = p->net->backend;
    int buffer;
    AN_CHECK(begin_run(p, &buffer));
    bool records = be->api->capture_begin && p->warm;
    if (records && !p->captured[buffer])
        AN_CHECK(record(p, buffer));
    AN_CHECK(stamp(p, 0));
    if (records)
        AN_CHECK(be->api->replay(be, p->captured[buffer]));
    else
        AN_CHECK(run_steps(p, buffer));
    AN_CHECK(stamp(p, 1));
    return end_run(p, buffer);
}

alexnet_status an_program_run_watched(an_program *p, alexnet_status (*watch)(void *user),
                                      void *user)
{
    int buffer;
    AN_CHECK(begin_run(p, &buffer));
    AN_CHECK(stamp(p, 0));
    for (int i = 0; i < p->n_steps; i++) {
        if (p->steps[i].kind == AN_STEP_UPDATE)
            AN_CHECK(watch(user));
        AN_CHECK(run_step(p, &p->steps[i], &p->places[buffer]));
    }
    AN_CHECK(stamp(p, 1));
    return end_run(p, buffer);
}

/* By the device's own time stamps. */
static alexnet_status run_marked(an_program *p, int buffer, double *seconds)
{
    an_backend *be = p->net->backend;
    AN_CHECK(be->api->mark(be, 0));
    for (int i = 0; i < p->n_steps; i++) {
        AN_CHECK(run_step(p, &p->steps[i], &p->places[buffer]));
        AN_CHECK(be->api->mark(be, i + 1));
    }
    for (int i = 0; i < p->n_steps; i++)
        AN_CHECK(be->api->elapsed(be, i, i + 1, &seconds[i]));
    return ALEXNET_OK;
}

/* By the host's clock, waiting after each step. */
static alexnet_status run_clocked(an_program *p, int buffer, double *seconds)
{
    an_backend *be = p->net->backend;
    AN_CHECK(be->api->sync(be));
    for (int i = 0; i < p->n_steps; i++) {
        double began = an_clock();
        AN_CHECK(run_step(p, &p->steps[i], &p->places[buffer]));
        AN_CHECK(be->api->sync(be));
        seconds[i] = an_clock() - began;
    }
    return ALEXNET_OK;
}

alexnet_status an_program_run_timed(an_program *p, double *seconds)
{
    int buffer;
    AN_CHECK(begin_run(p, &buffer));
    if (p->net->backend->api->mark && p->n_steps < AN_MARKS)
        AN_CHECK(run_marked(p, buffer, seconds));
    else
        AN_CHECK(run_clocked(p, buffer, seconds));
    return end_run(p, buffer);
}

/* ---- Results --------------------------------------------------------------------------------- */

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
    const an_batch_place *place = &p->places[buffer_of(p, p->ran - 1)];
    return be->api->read(be, slots, place->slots, (size_t)p->options.slots * sizeof *slots);
}

alexnet_status an_program_picture(an_program *p, int picture, uint8_t *pixels)
{
    an_backend *be = p->net->backend;
    const an_batch_place *place = &p->places[buffer_of(p, p->ran - 1)];
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
    int64_t count = unit->op->out.n * an_chw_count(unit->op->out.shape);
    size_t size = an_dtype_bytes(be->param_dtype);
    assert(unit->op->out.kind == AN_LAYOUT_PLAIN && unit->op->out.dtype == be->param_dtype);
    for (int64_t done = 0; done < count; done += AN_BLOCK) {
        int64_t n = count - done < AN_BLOCK ? count - done : AN_BLOCK;
        AN_CHECK(be->api->read(be, p->block, (const char *)from + (size_t)done * size,
                               (size_t)n * size));
        an_convert(values + done, AN_F32, p->block, be->param_dtype, n);
    }
    return ALEXNET_OK;
}

an_chw an_program_shape(const an_program *p, int place)
{
    return p->units[p->kept[kept_at(p, place)]].op->out.shape;
}

alexnet_status an_program_read(an_program *p, int place, float *values)
{
    int i = kept_at(p, place);
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
