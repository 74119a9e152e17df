/*
 * One update of one tensor by every rule: on ref, and in float32 on another backend. The float32
 * result may differ by a few roundings, each of u = 2^-24 times the sum of the terms' magnitudes.
 */
#ifndef AN_TEST_UPDATE_RIG_H
#define AN_TEST_UPDATE_RIG_H

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "ops/ops_rig.h"

enum { UPDATE_W, UPDATE_G, UPDATE_V, UPDATE_Q, UPDATE_A, UPDATE_TENSORS };

typedef struct update_case {
    an_rule rule;
    an_rates rates;
    bool averages, clears;
} update_case;

static const update_case update_cases[] = {
    {{0}, {.rate = 0.25, .decay = 0.5, .momentum = 0.875}, false, false},
    {{0}, {.rate = 0.25, .decay = 0, .momentum = 0.875}, false, false},
    {{.kind = AN_RULE_NESTEROV}, {.rate = 0.25, .decay = 0.5, .momentum = 0.875}, false, false},
    {{.divisor = 3}, {.rate = 0.25, .decay = 0.5, .momentum = 0.875}, false, true},
    {{.clip = 0.5, .norm = 2}, {.rate = 0.25, .decay = 0.5, .momentum = 0.875}, false, false},
    {{.clip = 0.5, .norm = 0.25}, {.rate = 0.25, .decay = 0.5, .momentum = 0.875}, false, false},
    {{.divisor = 4, .clip = 0.5, .norm = 8},
     {.rate = 0.25, .decay = 0, .momentum = 0.875},
     true,
     true},
    {{.held = 1, .average = 0.5}, {.rate = 0.25, .decay = 0.5, .momentum = 0.875}, true, true},
    {{.average = 0.125}, {.rate = 0.25, .decay = 0.5, .momentum = 0.875}, true, false},
    {{.average = 0.125}, {.rate = 0, .decay = 0.5, .momentum = 0.875}, true, true}, /* frozen */
    {{0}, {.rate = 0, .decay = 0.5, .momentum = 0.875}, false, false},
    {{.kind = AN_RULE_ADAM, .beta2 = 0.999, .epsilon = 1e-8},
     {0.01, 0.5, 0.9, 0.34, 0.004, 0},
     false,
     false},
    {{.kind = AN_RULE_ADAM, .beta2 = 0.9, .epsilon = 0.5, .divisor = 2},
     {0.01, 0, 0.5, 1, 1, 0},
     true,
     true},
    {{.kind = AN_RULE_ADAMW, .beta2 = 0.999, .epsilon = 1e-8, .average = 0.01},
     {0.01, 0.5, 0.9, 0.1, 0.001, 0},
     true,
     false},
    {{.kind = AN_RULE_ADAMW, .beta2 = 0.999, .epsilon = 1e-8},
     {0, 0.5, 0.9, 0.1, 0.001, 0},
     false,
     false},
};
enum { UPDATE_CASES = sizeof update_cases / sizeof update_cases[0] };

/** New tensors: random values in [-1, 1), and for Q their squares. float32 holds all exactly. */
static inline void update_fill(double *tensors[UPDATE_TENSORS], int64_t count)
{
    for (uint32_t k = 0; k < UPDATE_TENSORS; k++) {
        tensors[k] = an_calloc((size_t)count, sizeof *tensors[k]);
        assert_non_null(tensors[k]);
        for (int64_t i = 0; i < count; i++) {
            an_random4 r = an_random(1, AN_PURPOSE_TEST, 40 + k, (uint64_t)i, 0);
            double value = ((int)(r.v[0] >> 20) - 2048) * 0x1p-11;
            tensors[k][i] = k == UPDATE_Q ? value * value : value;
        }
    }
}

static inline void update_free(double *tensors[UPDATE_TENSORS])
{
    for (int k = 0; k < UPDATE_TENSORS; k++)
        an_free(tensors[k]);
}

/** Compute the case on ref, in place. */
static inline void update_on_ref(const update_case *c, double *tensors[UPDATE_TENSORS],
                                 int64_t count)
{
    an_backend *ref = rig_open_ref();
    an_update *update;
    const an_step_state state = {.rule = c->rule};
    const an_segment s = {.param = tensors[UPDATE_W],
                          .gradient = tensors[UPDATE_G],
                          .momentum = tensors[UPDATE_V],
                          .count = count,
                          .square = tensors[UPDATE_Q],
                          .average = c->averages ? tensors[UPDATE_A] : NULL,
                          .clear = c->clears};
    expect_ok(ref->api->update_prepare(ref, &s, 1, &update));
    expect_ok(ref->api->update(ref, update, &state, &c->rates));
    ref->api->update_free(ref, update);
    an_backend_close(ref);
}

/** The error bounds of element i, from the tensors before and after the update. */
static inline void update_bounds(const update_case *c, double *const before[UPDATE_TENSORS],
                                 double *const after[UPDATE_TENSORS], int64_t i,
                                 double bounds[UPDATE_TENSORS])
{
    const double u = 0x1p-24;
    const an_rule *rule = &c->rule;
    const an_rates *r = &c->rates;
    const double w = fabs(before[UPDATE_W][i]), g = fabs(before[UPDATE_G][i]),
                 v = fabs(before[UPDATE_V][i]), q = before[UPDATE_Q][i];
    memset(bounds, 0, sizeof(double) * UPDATE_TENSORS);
    if (rule->kind == AN_RULE_ADAM || rule->kind == AN_RULE_ADAMW) {
        double added = g + r->decay * w, m = r->momentum * v + (1 - r->momentum) * added;
        double root = sqrt(after[UPDATE_Q][i] / r->square_correction) + rule->epsilon;
        bounds[UPDATE_V] = 8 * u * m;
        bounds[UPDATE_Q] = 16 * u * (rule->beta2 * q + (1 - rule->beta2) * added * added);
        bounds[UPDATE_W] = 16 * u * (w + r->rate / r->momentum_correction * m / root);
    } else {
        double size = r->momentum * v + r->rate * g + r->decay * r->rate * w;
        bounds[UPDATE_V] = 8 * u * size;
        bounds[UPDATE_W] = 8 * u * (2 * size + w);
    }
    if (r->rate == 0 || rule->held)
        memset(bounds, 0, sizeof(double) * UPDATE_TENSORS);
    if (c->averages && !rule->held)
        bounds[UPDATE_A] = bounds[UPDATE_W] + 4 * u * (fabs(before[UPDATE_A][i]) + w);
}

/** Compare element i in float32, after its update, with that of ref. */
static inline void update_compare(const update_case *c, double *const before[UPDATE_TENSORS],
                                  double *const after[UPDATE_TENSORS],
                                  float *const got[UPDATE_TENSORS], int64_t i)
{
    static const char *const names[] = {"w", "gradient", "v", "q", "average"};
    double bounds[UPDATE_TENSORS];
    update_bounds(c, before, after, i, bounds);
    for (int k = 0; k < UPDATE_TENSORS; k++)
        if (got[k] && !(fabs((double)got[k][i] - after[k][i]) <= bounds[k]))
            fail_msg("case %d: %s[%lld] is %.9g, expected %.9g within %.2g",
                     (int)(c - update_cases), names[k], (long long)i, (double)got[k][i],
                     after[k][i], bounds[k]);
}

#endif
