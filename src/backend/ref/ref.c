#include "backend/ref/ref.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backend/host.h"
#include "base/alloc.h"
#include "base/status.h"

static const an_ref_op *const ref_ops[AN_OP_COUNT] = {
#define AN_OP(ID, name) &an_ref_##name,
#include "op/ops.def"
#undef AN_OP
};

static bool ref_describe(alexnet_device_info *info, int ordinal, alexnet_isa max_isa)
{
    (void)max_isa;
    memset(info, 0, sizeof *info);
    snprintf(info->name, sizeof info->name, "ref");
    snprintf(info->processor, sizeof info->processor, "any, one thread in float64");
    snprintf(info->isa, sizeof info->isa, "baseline");
    info->available = true;
    return ordinal == 0;
}

static alexnet_status ref_open(an_backend **out, alexnet_ctx *ctx, int ordinal,
                               alexnet_precision precision)
{
    *out = NULL;
    an_backend *backend = an_calloc(1, sizeof *backend);
    if (!backend)
        return AN_FAIL_MEMORY(sizeof *backend, "the ref backend");
    (void)precision;
    *backend = (an_backend){.api = &an_ref_api,
                            .ordinal = ordinal,
                            .ctx = an_ctx_retain(ctx),
                            .param_dtype = AN_F64,
                            .precision = ALEXNET_PRECISION_FP32};
    ref_describe(&backend->info, ordinal, ctx->max_isa);
    *out = backend;
    return ALEXNET_OK;
}

static void ref_close(an_backend *backend)
{
    an_backend_free_tunings(backend);
    an_ctx_release(backend->ctx);
    an_free(backend);
}

static alexnet_status ref_prepare(an_backend *backend, const an_prepare *prepare, an_prepared **out)
{
    (void)backend;
    *out = NULL;
    an_ref_run *run = an_calloc(1, sizeof *run);
    if (!run)
        return AN_FAIL_MEMORY(sizeof *run, "a prepared operator");
    run->desc = *prepare->ops[0];
    run->masks = prepare->masks;
    run->accumulate = prepare->accumulate && prepare->want_dw;
    const an_ref_op *op = ref_ops[run->desc.kind];
    bool backward = prepare->want_dx || prepare->want_dw;
    run->base = (an_prepared){
        .taken = 1,
        .out = {AN_LAYOUT_PLAIN, AN_F64, run->desc.n, run->desc.out},
        .scratch = backward && op->scratch ? sizeof(double) * (size_t)op->scratch(&run->desc) : 0,
        .impl = "ref",
    };
    if (run->accumulate) {
        an_param_info infos[AN_MAX_PARAMS];
        int n = an_op_params(&run->desc, infos);
        run->added_at = run->base.scratch;
        for (int i = 0; i < n; i++)
            run->base.scratch += sizeof(double) * (size_t)an_shape_count(infos[i].shape);
    }
    *out = &run->base;
    return ALEXNET_OK;
}

static alexnet_status ref_pack(an_backend *backend, an_prepared *op, const an_op_args *args)
{
    (void)backend, (void)op, (void)args;
    return ALEXNET_OK;
}

static alexnet_status ref_forward(an_backend *backend, an_prepared *op, const an_op_args *args)
{
    (void)backend;
    const an_ref_run *run = (const an_ref_run *)op;
    ref_ops[run->desc.kind]->forward(run, args);
    return ALEXNET_OK;
}

/* Compute the gradients of parameters in scratch, then add them to dparam. */
static void add_backward(const an_ref_run *run, const an_op_args *args)
{
    an_op_args inner = *args;
    an_param_info infos[AN_MAX_PARAMS];
    int n = an_op_params(&run->desc, infos);
    double *added = (double *)((char *)args->scratch + run->added_at);
    for (int i = 0; i < n; added += an_shape_count(infos[i++].shape))
        inner.dparam[i] = args->dparam[i] ? added : NULL;
    ref_ops[run->desc.kind]->backward(run, &inner);
    for (int i = 0; i < n; i++) {
        const double *from = inner.dparam[i];
        double *to = args->dparam[i];
        for (int64_t j = 0; to && j < an_shape_count(infos[i].shape); j++)
            to[j] += from[j];
    }
}

static alexnet_status ref_backward(an_backend *backend, an_prepared *op, const an_op_args *args)
{
    (void)backend;
    const an_ref_run *run = (const an_ref_run *)op;
    if (!ref_ops[run->desc.kind]->backward)
        return ALEXNET_OK;
    if (run->accumulate)
        add_backward(run, args);
    else
        ref_ops[run->desc.kind]->backward(run, args);
    return ALEXNET_OK;
}

static void ref_op_free(an_backend *backend, an_prepared *op)
{
    (void)backend;
    an_free(op);
}

/* ---- Update ---------------------------------------------------------------------------------- */

static void update_momentum(const an_segment *s, const an_rule *rule, const an_rates *r)
{
    double *w = s->param, *v = s->momentum;
    const double *dw = s->gradient, factor = an_update_factor(rule);
    for (int64_t i = 0; i < s->count; i++) {
        double last = r->momentum * v[i];
        v[i] = last - r->rate * factor * dw[i];
        if (r->decay > 0)
            v[i] -= r->decay * r->rate * w[i];
        w[i] += rule->kind == AN_RULE_NESTEROV ? r->momentum * v[i] + (v[i] - last) : v[i];
    }
}

static void update_adam(const an_segment *s, const an_rule *rule, const an_rates *r)
{
    double *w = s->param, *v = s->momentum, *q = s->square;
    const double *dw = s->gradient, factor = an_update_factor(rule);
    const bool apart = rule->kind == AN_RULE_ADAMW;
    for (int64_t i = 0; i < s->count; i++) {
        double g = factor * dw[i];
        if (apart)
            w[i] -= r->decay * r->rate * w[i];
        else
            g += r->decay * w[i];
        v[i] = r->momentum * v[i] + (1 - r->momentum) * g;
        q[i] = rule->beta2 * q[i] + (1 - rule->beta2) * g * g;
        w[i] -= r->rate * (v[i] / r->momentum_correction) /
                (sqrt(q[i] / r->square_correction) + rule->epsilon);
    }
}

static void finish_segment(const an_segment *s, const an_rule *rule)
{
    double *average = s->average, *dw = s->gradient;
    const double *w = s->param;
    for (int64_t i = 0; i < s->count; i++) {
        if (average)
            average[i] += rule->average * (w[i] - average[i]);
        if (s->clear)
            dw[i] = 0;
    }
}

static alexnet_status ref_update(an_backend *backend, an_update *update, const an_step_state *state,
                                 const an_rates *rates)
{
    const an_rule *rule = &state->rule;
    (void)backend;
    for (int i = 0; i < update->count && !rule->held; i++) {
        const an_segment *s = &update->segments[i];
        if (rates[i].rate != 0 && (rule->kind == AN_RULE_ADAM || rule->kind == AN_RULE_ADAMW))
            update_adam(s, rule, &rates[i]);
        else if (rates[i].rate != 0)
            update_momentum(s, rule, &rates[i]);
        finish_segment(s, rule);
    }
    return ALEXNET_OK;
}

static alexnet_status ref_norms(an_backend *backend, const an_span *spans, int count, an_norm *out)
{
    (void)backend;
    for (int i = 0; i < count; i++) {
        const double *w = spans[i].data;
        out[i] = (an_norm){0, 0};
        for (int64_t j = 0; j < spans[i].count; j++) {
            if (isfinite(w[j]))
                out[i].sum_squares += w[j] * w[j];
            else
                out[i].not_finite++;
        }
    }
    return ALEXNET_OK;
}

const an_backend_api an_ref_api = {
    .name = "ref",
    .describe = ref_describe,
    .open = ref_open,
    .close = ref_close,
    .sync = an_host_sync,
    .alloc = an_host_alloc,
    .free = an_host_free,
    .write = an_host_copy,
    .read = an_host_copy,
    .op_prepare = ref_prepare,
    .op_pack = ref_pack,
    .op_forward = ref_forward,
    .op_backward = ref_backward,
    .op_free = ref_op_free,
    .update_prepare = an_host_update_prepare,
    .gradient_norm = an_host_gradient_norm,
    .update = ref_update,
    .update_free = an_host_update_free,
    .norms = ref_norms,
    .hold = an_host_hold,
};
