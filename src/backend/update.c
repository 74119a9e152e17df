#include "backend/update.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

alexnet_status an_update_prepare(an_backend *backend, const an_segment *segments, int count,
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

alexnet_status an_update_norm(an_backend *backend, an_update *update, an_step_state *state,
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

void an_update_free(an_backend *backend, an_update *update)
{
    (void)backend;
    an_free(update);
}

alexnet_status an_update_hold(an_backend *backend, const an_results *results, an_step_state *state)
{
    (void)backend;
    state->rule.held |= results->not_finite > 0;
    return ALEXNET_OK;
}
