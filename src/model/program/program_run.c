#include "model/program/program_impl.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/status.h"

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
        if (p->staged[i] && an_program_stages_ahead(p))
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

/* Called under the net's lock. While a session is created, others may compute with the model and
 * read the copies that are current, so only stale ones are written. */
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

/* ---- Running --------------------------------------------------------------------------------- */

/* After a batch with non-finite losses, hold() prevents the update. */
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

/* Begin a run on the next batch, or the latest one again. @param buffer  out, the batch's buffer */
static alexnet_status begin_run(an_program *p, int *buffer)
{
    an_backend *be = p->net->backend;
    if (p->ran < p->fed)
        p->ran++;
    *buffer = an_program_buffer(p, p->ran - 1);
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

/* Recording is ended even after an error, so that the device stays usable. That may fail again; the
 * first error is the one to report. */
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
    if (p->captured[buffer]) /* it holds only a part of the steps */
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

bool an_program_replays(const an_program *p)
{
    return p->net->backend->api->capture_begin != NULL;
}

alexnet_status an_program_run(an_program *p)
{
    an_backend *be = p->net->backend;
    int buffer;
    AN_CHECK(begin_run(p, &buffer));
    const bool records = an_program_replays(p) && p->warm;
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
    AN_CHECK(be->api->delay(be));
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
        AN_CHECK(an_ctx_check(p->net->ctx)); /* a step of a large batch takes seconds */
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
