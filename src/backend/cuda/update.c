/* The update rule over all segments in one launch, and norms. */
#include <string.h>

#include "backend/cuda/cuda.h"
#include "base/alloc.h"

/* ---- Update ---------------------------------------------------------------------------------- */

struct an_update {
    an_cuda_update_run run;
    void *table; /* segments, in device memory */
    size_t bytes;
};

alexnet_status an_cuda_update_prepare(an_backend *backend, const an_segment *segments, int count,
                                      an_update **out)
{
    size_t bytes = (size_t)count * sizeof(an_cuda_segment);
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    an_update *update = an_calloc(1, sizeof *update);
    an_cuda_segment *list = an_calloc((size_t)count + 1, sizeof *list);
    if (!update || !list) {
        rc = AN_FAIL_MEMORY(bytes, "the list of an update");
        goto cleanup;
    }
    for (int i = 0; i < count; i++)
        list[i] = (an_cuda_segment){.param = segments[i].param,
                                    .gradient = segments[i].gradient,
                                    .momentum = segments[i].momentum,
                                    .copy = segments[i].copy,
                                    .count = segments[i].count,
                                    .c = (int)segments[i].count,
                                    .rs = 1,
                                    .channels = (int)segments[i].count};
    update->bytes = bytes;
    update->run.count = count;
    update->run.blocks = an_cuda_update_plan(list, count);
    AN_TRY(an_cuda_alloc(backend, bytes, &update->table));
    AN_TRY(an_cuda_write(backend, update->table, list, bytes));
    AN_TRY(an_cuda_sync(backend));
    update->run.segments = update->table;
    *out = update;
    update = NULL;
cleanup:
    an_free(list);
    an_cuda_update_free(backend, update);
    return rc;
}

alexnet_status an_cuda_update_run_all(an_backend *backend, an_update *update, const an_rates *rates)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    an_cuda_update_run run = update->run;
    run.rates = rates;
    if (run.blocks == 0)
        return ALEXNET_OK;
    return an_cuda_check(cuda, an_cuda_update(&run, an_cuda_queue(cuda)), "an update");
}

void an_cuda_update_free(an_backend *backend, an_update *update)
{
    if (!update)
        return;
    an_cuda_free(backend, update->table, update->bytes);
    an_free(update);
}

/* ---- Norms ----------------------------------------------------------------------------------- */

static size_t in_lines(size_t bytes)
{
    return (bytes + AN_ALIGN - 1) / AN_ALIGN * AN_ALIGN;
}

/* On the way: the list and partial sums, in memory of the device that lasts for the call. */
static alexnet_status measure(an_backend *backend, an_cuda_span *list, int count, an_norm *out)
{
    an_cuda *cuda;
    int64_t blocks = an_cuda_norms_plan(list, count);
    size_t list_bytes = in_lines((size_t)count * sizeof *list);
    size_t partial_bytes = in_lines((size_t)blocks * sizeof(an_norm));
    size_t bytes = list_bytes + partial_bytes + (size_t)count * sizeof *out;
    void *block;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    AN_CHECK(an_cuda_alloc(backend, bytes, &block));
    an_cuda_norms_run run = {.spans = block,
                             .count = count,
                             .blocks = blocks,
                             .partial = an_cuda_at(block, list_bytes),
                             .out = an_cuda_at(block, list_bytes + partial_bytes)};
    alexnet_status rc = an_cuda_write(backend, block, list, (size_t)count * sizeof *list);
    if (rc == ALEXNET_OK)
        rc = an_cuda_check(cuda, an_cuda_norms(&run, an_cuda_queue(cuda)), "norms");
    if (rc == ALEXNET_OK)
        rc = an_cuda_read(backend, out, run.out, (size_t)count * sizeof *out);
    an_cuda_free(backend, block, bytes);
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

/* ---- Losses that are not finite ---------------------------------------------------------------
 */

alexnet_status an_cuda_hold_rates(an_backend *backend, const an_results *results, an_rates *rates,
                                  int count)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    const an_cuda_hold_run run = {.results = results, .rates = rates, .count = count};
    return an_cuda_check(cuda, an_cuda_hold(&run, an_cuda_queue(cuda)), "the rates of an update");
}
