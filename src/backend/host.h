/*
 * What backends that compute in host memory have in common: functions of their tables, and the list
 * of segments of an update.
 */
#ifndef AN_BACKEND_HOST_H
#define AN_BACKEND_HOST_H

#include "backend/backend.h"

struct an_update {
    int count;
    an_segment segments[];
};

/** The factor for gradients, from division and clipping. The 1e-6 is that of PyTorch's
 * clip_grad_norm_(). */
static inline double an_update_factor(const an_rule *rule)
{
    double factor = rule->divisor > 0 ? 1 / rule->divisor : 1, norm = rule->norm * factor;
    return rule->clip > 0 && norm + 1e-6 > rule->clip ? factor * (rule->clip / (norm + 1e-6))
                                                      : factor;
}

alexnet_status an_host_sync(an_backend *backend); /* there is nothing to wait for */
alexnet_status an_host_alloc(an_backend *backend, size_t bytes, void **out);
void an_host_free(an_backend *backend, void *block, size_t bytes);
/** write() and read(). */
alexnet_status an_host_copy(an_backend *backend, void *dst, const void *src, size_t bytes);

alexnet_status an_host_update_prepare(an_backend *backend, const an_segment *segments, int count,
                                      an_update **out);
/** gradient_norm() that calls the backend's norms(). */
alexnet_status an_host_gradient_norm(an_backend *backend, an_update *update, an_step_state *state,
                                     const an_rates *rates);
void an_host_update_free(an_backend *backend, an_update *update);
alexnet_status an_host_hold(an_backend *backend, const an_results *results, an_step_state *state);

#endif
