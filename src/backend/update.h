/*
 * The list of segments for backends that compute in host memory. These functions are the
 * update_prepare(), gradient_norm(), update_free() and hold() of their tables.
 */
#ifndef AN_BACKEND_UPDATE_H
#define AN_BACKEND_UPDATE_H

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

/** gradient_norm() that calls the backend's norms(). */
alexnet_status an_update_norm(an_backend *backend, an_update *update, an_step_state *state,
                              const an_rates *rates);

alexnet_status an_update_prepare(an_backend *backend, const an_segment *segments, int count,
                                 an_update **out);
void an_update_free(an_backend *backend, an_update *update);
alexnet_status an_update_hold(an_backend *backend, const an_results *results, an_step_state *state);

#endif
