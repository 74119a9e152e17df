#include "speed/tune_check.h"

#include <string.h>

#include "backend/parity/sample.h"
#include "base/status.h"

enum { CHECK_IMAGES = 2, CHECK_SEED = 1 };

/* The largest deviation that is accepted, as a fraction of the bound. In float32 it is below 1
 * because other operands may deviate more. In bf16 the rounding of stored results alone comes near
 * 1, and never exceeds it. */
static const double MARGIN_FP32 = 0.9, MARGIN_BF16 = 1;

/* Whether the layer with this forward part uses a variant other than the first in any direction. */
static bool takes_variant(const alexnet_tuner *t, int forward)
{
    const trial *now = &t->trials[t->now];
    for (int i = 0; i < t->n_parts; i++) {
        int d, end;
        if (!an_tune_same_layer(t, forward, i))
            continue;
        for (an_tune_directions(&t->parts[i].info, &d, &end); d < end; d++)
            if (now->taken[i].of[d] != 0)
                return true;
    }
    return false;
}

/* Compare a layer with ref. On a backend whose algorithms depend on the batch size, samples are
 * compared at the measured batch size, because ref would take minutes for all of it. */
static alexnet_status compare(const alexnet_tuner *t, an_backend *ref, int forward, an_parity *out)
{
    an_op_desc op = t->parts[forward].op;
    const an_op_desc *ops[] = {&op};
    const char *tail = t->parts[forward].info.tail;
    an_backend *backend = t->bench->net->backend;
    bool training = t->query.training;
    an_parity_options options = {.training = training,
                                 .gradients = training,
                                 .first = !an_tune_wants_dx(t, forward),
                                 .split = t->ctx->split,
                                 .seed = CHECK_SEED};
    if (backend->api->proposals)
        return an_parity_sample(backend, &op, tail && strcmp(tail, "relu") == 0, &options, out);
    op.n = CHECK_IMAGES;
    AN_CHECK(an_op_resolve(&op));
    return an_parity_run(backend, ref, ops, 1, &options, out);
}

static alexnet_status check_layer(alexnet_tuner *t, an_backend *ref, int forward)
{
    const trial *now = &t->trials[t->now];
    an_parity parity;
    AN_CHECK(compare(t, ref, forward, &parity));
    const double shares[AN_DIRECTIONS] = {parity.forward, parity.dx, parity.dw};
    bool bf16 = t->bench->net->backend->precision == ALEXNET_PRECISION_BF16;
    double margin = bf16 ? MARGIN_BF16 : MARGIN_FP32;
    for (int i = 0; i < t->n_parts; i++) {
        int d, end;
        if (!an_tune_same_layer(t, forward, i))
            continue;
        for (an_tune_directions(&t->parts[i].info, &d, &end); d < end; d++) {
            an_variant taken = now->taken[i].of[d];
            if (taken == 0 || shares[d] <= margin || *an_tune_unfit(t, taken, d, i))
                continue;
            *an_tune_unfit(t, taken, d, i) = true;
            an_log(t->ctx, ALEXNET_LOG_INFO,
                   "%s is left out for %s of %s: its deviation is %.2f of the rounding allowed",
                   t->query.place.variants[taken], an_direction_names[d], t->parts[i].info.name,
                   shares[d]);
        }
    }
    return ALEXNET_OK;
}

alexnet_status an_tune_check(alexnet_tuner *t)
{
    an_backend *ref;
    AN_CHECK(an_backend_open_ref(&ref, t->ctx));
    alexnet_status rc = ALEXNET_OK;
    for (int i = 0; i < t->n_parts && rc == ALEXNET_OK; i++)
        if (t->parts[i].info.tunable && t->parts[i].info.pass == ALEXNET_PASS_FORWARD &&
            takes_variant(t, i))
            rc = check_layer(t, ref, i);
    an_backend_close(ref);
    return rc;
}

bool an_tune_deviates(const alexnet_tuner *t, const trial *which)
{
    for (int i = 0; i < t->n_parts; i++) {
        int d, end;
        for (an_tune_directions(&t->parts[i].info, &d, &end); t->parts[i].info.tunable && d < end;
             d++)
            if (*an_tune_unfit(t, which->taken[i].of[d], d, i))
                return true;
    }
    return false;
}
