#include "backend/update.h"

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

void an_update_free(an_backend *backend, an_update *update)
{
    (void)backend;
    an_free(update);
}

alexnet_status an_update_hold(an_backend *backend, const an_results *results, an_rates *rates,
                              int count)
{
    (void)backend;
    for (int i = 0; i < count && results->not_finite > 0; i++)
        rates[i].rate = 0;
    return ALEXNET_OK;
}
