/* The update rule over all segments in one launch, and norms of tensors. */
#include <string.h>

#include "backend/cuda/cuda.h"
#include "base/alloc.h"

/* ---- Update ---------------------------------------------------------------------------------- */

struct an_update {
    an_cuda_update_run run;
    an_cuda_norms_run norms; /* of the gradients */
    void *block; /* in device memory: the segments, the gradients as spans, and their norms */
    size_t bytes;
};

static an_cuda_segment segment_of(const an_segment *s)
{
    return (an_cuda_segment){.param = s->param,
                             .gradient = s->gradient,
                             .momentum = s->momentum,
                             .square = s->square,
                             .average = s->average,
                             .copy = s->copy,
                             .form = s->form,
                             .count = s->count,
                             .clear = s->clear};
}

/* Sizes of the parts of a block of memory for the norms of tensors. */
typedef struct norms_room {
    size_t spans, partial, all;
} norms_room;

static norms_room room_for(int count, int64_t blocks)
{
    norms_room room = {.spans = an_aligned((size_t)count * sizeof(an_cuda_span)),
                       .partial = an_aligned((size_t)blocks * sizeof(an_norm))};
    room.all = room.spans + room.partial + an_aligned((size_t)count * sizeof(an_norm));
    return room;
}

static an_cuda_norms_run norms_in(void *block, norms_room room, int count, int64_t blocks)
{
    return (an_cuda_norms_run){.spans = block,
                               .count = count,
                               .blocks = blocks,
                               .partial = an_cuda_at(block, room.spans),
                               .out = an_cuda_at(block, room.spans + room.partial)};
}

/* Copy both lists to the device, and plan the launches over them. */
static alexnet_status place(an_backend *backend, an_update *update, an_cuda_segment *segments,
                            an_cuda_span *spans, int count)
{
    const int64_t blocks = an_cuda_norms_plan(spans, count);
    const size_t bytes = an_aligned((size_t)count * sizeof *segments);
    const norms_room room = room_for(count, blocks);
    update->run.count = count;
    update->run.blocks = an_cuda_update_plan(segments, count);
    update->bytes = bytes + room.all;
    AN_CHECK(an_cuda_alloc(backend, update->bytes, &update->block));
    update->run.segments = update->block;
    void *norms = an_cuda_at(update->block, bytes);
    update->norms = norms_in(norms, room, count, blocks);
    AN_CHECK(an_cuda_write(backend, update->block, segments, (size_t)count * sizeof *segments));
    AN_CHECK(an_cuda_write(backend, norms, spans, (size_t)count * sizeof *spans));
    return an_cuda_sync(backend);
}

alexnet_status an_cuda_update_prepare(an_backend *backend, const an_segment *segments, int count,
                                      an_update **out)
{
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    an_update *update = an_calloc(1, sizeof *update);
    an_cuda_segment *list = an_calloc((size_t)count + 1, sizeof *list);
    an_cuda_span *spans = an_calloc((size_t)count + 1, sizeof *spans);
    if (!update || !list || !spans) {
        rc = AN_FAIL_MEMORY(count * (sizeof *list + sizeof *spans), "the list of an update");
        goto cleanup;
    }
    for (int i = 0; i < count; i++) {
        list[i] = segment_of(&segments[i]);
        spans[i] = (an_cuda_span){.data = segments[i].gradient, .count = segments[i].count};
    }
    AN_TRY(place(backend, update, list, spans, count));
    *out = update;
    update = NULL;
cleanup:
    an_free(list);
    an_free(spans);
    an_cuda_update_free(backend, update);
    return rc;
}

alexnet_status an_cuda_gradient_norm(an_backend *backend, an_update *update, an_step_state *state,
                                     const an_rates *rates)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    an_cuda_norms_run run = update->norms;
    run.norm = &state->rule.norm;
    run.rates = rates;
    return an_cuda_check(cuda, an_cuda_norms(&run, an_cuda_queue(cuda)),
                         "computing the gradient norm");
}

alexnet_status an_cuda_update_run_all(an_backend *backend, an_update *update,
                                      const an_step_state *state, const an_rates *rates)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    an_cuda_update_run run = update->run;
    run.rule = &state->rule;
    run.rates = rates;
    if (run.blocks == 0)
        return ALEXNET_OK;
    return an_cuda_check(cuda, an_cuda_update(&run, an_cuda_queue(cuda)), "an update");
}

void an_cuda_update_free(an_backend *backend, an_update *update)
{
    if (!update)
        return;
    an_cuda_free(backend, update->block, update->bytes);
    an_free(update);
}

/* ---- Norms ----------------------------------------------------------------------------------- */

/* The device memory for the list and the partial sums is freed on return. */
static alexnet_status measure(an_backend *backend, an_cuda_span *list, int count, an_norm *out)
{
    an_cuda *cuda;
    const int64_t blocks = an_cuda_norms_plan(list, count);
    const norms_room room = room_for(count, blocks);
    void *block;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    AN_CHECK(an_cuda_alloc(backend, room.all, &block));
    const an_cuda_norms_run run = norms_in(block, room, count, blocks);
    alexnet_status rc = an_cuda_write(backend, block, list, (size_t)count * sizeof *list);
    if (rc == ALEXNET_OK)
        rc = an_cuda_check(cuda, an_cuda_norms(&run, an_cuda_queue(cuda)), "computing norms");
    if (rc == ALEXNET_OK)
        rc = an_cuda_read(backend, out, run.out, (size_t)count * sizeof *out);
    an_cuda_free(backend, block, room.all);
    return rc;
}

alexnet_status an_cuda_norms_all(an_backend *backend, const an_span *spans, int count, an_norm *out)
{
    if (count == 0)
        return ALEXNET_OK;
    an_cuda_span *list = an_calloc((size_t)count, sizeof *list);
    if (!list)
        return AN_FAIL_MEMORY(count * sizeof *list, "a list of tensors");
    for (int i = 0; i < count; i++)
        list[i] = (an_cuda_span){.data = spans[i].data, .count = spans[i].count};
    alexnet_status rc = measure(backend, list, count, out);
    an_free(list);
    return rc;
}

/* ---- Losses that are not finite -------------------------------------------------------------- */

alexnet_status an_cuda_hold_update(an_backend *backend, const an_results *results,
                                   an_step_state *state)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    const an_cuda_hold_run run = {.results = results, .rule = &state->rule};
    return an_cuda_check(cuda, an_cuda_hold(&run, an_cuda_queue(cuda)), "checking the losses");
}
