#include "backend/host.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

alexnet_status an_host_sync(an_backend *backend)
{
    (void)backend;
    return ALEXNET_OK;
}

alexnet_status an_host_alloc(an_backend *backend, size_t bytes, void **out)
{
    char what[64];
    *out = an_alloc_big(bytes ? bytes : 1);
    snprintf(what, sizeof what, "a buffer of device %s", backend->info.name);
    return *out ? ALEXNET_OK : AN_FAIL_MEMORY(bytes, what);
}

void an_host_free(an_backend *backend, void *block, size_t bytes)
{
    (void)backend;
    an_free_big(block, bytes ? bytes : 1);
}

alexnet_status an_host_copy(an_backend *backend, void *dst, const void *src, size_t bytes)
{
    (void)backend;
    memcpy(dst, src, bytes);
    return ALEXNET_OK;
}

alexnet_status an_host_update_prepare(an_backend *backend, const an_segment *segments, int count,
                                      an_update **out)
{
    (void)backend;
    size_t bytes = sizeof **out + (size_t)count * sizeof *segments;
    *out = an_malloc(bytes);
    if (!*out)
        return AN_FAIL_MEMORY(bytes, "the list of parameters to update");
    (*out)->count = count;
    memcpy((*out)->segments, segments, (size_t)count * sizeof *segments);
    return ALEXNET_OK;
}

alexnet_status an_host_gradient_norm(an_backend *backend, an_update *update, an_step_state *state,
                                     const an_rates *rates)
{
    double sum = 0;
    for (int i = 0; i < update->count && !state->rule.held; i++) {
        const an_span span = {update->segments[i].gradient, update->segments[i].count};
        an_norm norm;
        AN_CHECK(backend->api->norms(backend, &span, 1, &norm));
        const double spread = rates[i].spread > 0 ? rates[i].spread : 1;
        sum += norm.sum_squares / (spread * spread);
    }
    state->rule.norm = sqrt(sum);
    return ALEXNET_OK;
}

void an_host_update_free(an_backend *backend, an_update *update)
{
    (void)backend;
    an_free(update);
}

alexnet_status an_host_hold(an_backend *backend, const an_results *results, an_step_state *state)
{
    (void)backend;
    state->rule.held |= results->not_finite > 0;
    return ALEXNET_OK;
}
