/*
 * The last resort: converts the tensors of an operator to double, lets `ref` compute it, and
 * converts the results back. Takes any operator, slowly.
 */
#include <stdio.h>

#include "backend/cpu/native.h"
#include "backend/ref/ref.h"
#include "base/alloc.h"
#include "base/status.h"

typedef struct fallback {
    an_cpu_op op;
    an_op_desc desc;
    an_prepared *run; /* ref's */
    an_layout x[AN_MAX_INPUTS], y;
    an_reorder x_in[AN_MAX_INPUTS], dx_out[AN_MAX_INPUTS], y_in, y_out, dy_in;
    int n_params;
    int64_t param[AN_MAX_PARAMS]; /* elements */
    /* Doubles in scratch: offsets. */
    size_t x_at[AN_MAX_INPUTS], dx_at[AN_MAX_INPUTS], y_at, dy_at, scratch_at;
    size_t param_at[AN_MAX_PARAMS], dparam_at[AN_MAX_PARAMS];
} fallback;

static void *wide(const an_op_args *args, size_t at)
{
    return (char *)args->scratch + at;
}

static void widen(const an_op_args *args, size_t at, const void *floats, int64_t count)
{
    an_convert(wide(args, at), AN_F64, floats, AN_F32, count);
}

static void narrow(const an_op_args *args, size_t at, void *floats, int64_t count)
{
    an_convert(floats, AN_F32, wide(args, at), AN_F64, count);
}

/* Convert inputs and parameters for ref. */
static alexnet_status enter(const fallback *f, const an_op_args *args, an_op_args *inner)
{
    for (int i = 0; i < f->desc.n_inputs; i++) {
        const void *x = args->x[i];
        AN_CHECK(an_reorder_in_run(&f->x_in[i], &f->op, args, &x));
        widen(args, f->x_at[i], x, an_layout_count(f->x[i]));
        inner->x[i] = wide(args, f->x_at[i]);
    }
    for (int i = 0; i < f->n_params; i++) {
        widen(args, f->param_at[i], args->param[i], f->param[i]);
        inner->param[i] = wide(args, f->param_at[i]);
    }
    inner->scratch = wide(args, f->scratch_at);
    return ALEXNET_OK;
}

static alexnet_status fallback_forward(an_cpu_op *op, const an_op_args *args)
{
    const fallback *f = (const fallback *)op;
    an_op_args inner = *args;
    AN_CHECK(enter(f, args, &inner));
    inner.y = wide(args, f->y_at);
    AN_CHECK(an_ref_api.op_forward(op->cpu->ref, f->run, &inner));
    narrow(args, f->y_at, an_reorder_target(&f->y_out, args, args->y), an_layout_count(f->y));
    return an_reorder_out_run(&f->y_out, op, args, args->y);
}

static alexnet_status leave(const fallback *f, const an_op_args *args)
{
    for (int i = 0; i < f->desc.n_inputs; i++) {
        if (!args->dx[i])
            continue;
        narrow(args, f->dx_at[i], an_reorder_target(&f->dx_out[i], args, args->dx[i]),
               an_layout_count(f->x[i]));
        AN_CHECK(an_reorder_out_run(&f->dx_out[i], &f->op, args, args->dx[i]));
    }
    for (int i = 0; i < f->n_params; i++)
        if (args->dparam[i])
            narrow(args, f->dparam_at[i], args->dparam[i], f->param[i]);
    return ALEXNET_OK;
}

static alexnet_status fallback_backward(an_cpu_op *op, const an_op_args *args)
{
    const fallback *f = (const fallback *)op;
    an_op_args inner = *args;
    const void *y = args->y, *dy = args->dy;
    AN_CHECK(enter(f, args, &inner));
    AN_CHECK(an_reorder_in_run(&f->y_in, op, args, &y));
    widen(args, f->y_at, y, an_layout_count(f->y));
    inner.y = wide(args, f->y_at);
    if (dy) {
        AN_CHECK(an_reorder_in_run(&f->dy_in, op, args, &dy));
        widen(args, f->dy_at, dy, an_layout_count(f->y));
        inner.dy = wide(args, f->dy_at);
    }
    for (int i = 0; i < f->desc.n_inputs; i++)
        inner.dx[i] = args->dx[i] ? wide(args, f->dx_at[i]) : NULL;
    for (int i = 0; i < f->n_params; i++)
        inner.dparam[i] = args->dparam[i] ? wide(args, f->dparam_at[i]) : NULL;
    AN_CHECK(an_ref_api.op_backward(op->cpu->ref, f->run, &inner));
    return leave(f, args);
}

static void fallback_free(an_cpu_op *op)
{
    fallback *f = (fallback *)op;
    for (int i = 0; i < AN_MAX_INPUTS; i++) {
        an_reorder_free(&f->x_in[i]);
        an_reorder_free(&f->dx_out[i]);
    }
    an_reorder_free(&f->y_in);
    an_reorder_free(&f->y_out);
    an_reorder_free(&f->dy_in);
    if (f->run)
        an_ref_api.op_free(op->cpu->ref, f->run);
    an_free(f);
}

static size_t take_doubles(fallback *f, int64_t count)
{
    return an_cpu_take(&f->op, sizeof(double) * (size_t)count);
}

static alexnet_status prepare_inputs(fallback *f, const an_prepare *p, bool backward)
{
    for (int i = 0; i < f->desc.n_inputs; i++) {
        f->x[i] = (an_layout){AN_LAYOUT_PLAIN, AN_F32, f->desc.n, f->desc.in[i]};
        f->x_at[i] = take_doubles(f, an_layout_count(f->x[i]));
        AN_CHECK(an_reorder_in_new(&f->x_in[i], &f->op, p->in[i], f->x[i]));
        if (!backward)
            continue;
        f->dx_at[i] = take_doubles(f, an_layout_count(f->x[i]));
        AN_CHECK(an_reorder_out_new(&f->dx_out[i], &f->op, f->x[i], p->in[i]));
    }
    return ALEXNET_OK;
}

static alexnet_status prepare_all(fallback *f, const an_prepare *p)
{
    bool backward = p->want_dx || p->want_dw;
    an_param_info params[AN_MAX_PARAMS];
    an_prepare offer = *p;
    offer.accumulate = false; /* prepared.c adds */
    AN_CHECK(an_ref_api.op_prepare(f->op.cpu->ref, &offer, &f->run));
    AN_CHECK(prepare_inputs(f, p, backward));
    f->n_params = an_op_params(&f->desc, params);
    for (int i = 0; i < f->n_params; i++) {
        f->param[i] = an_shape_count(params[i].shape);
        f->param_at[i] = take_doubles(f, f->param[i]);
        if (backward)
            f->dparam_at[i] = take_doubles(f, f->param[i]);
    }
    f->y_at = take_doubles(f, an_layout_count(f->y));
    f->dy_at = take_doubles(f, backward ? an_layout_count(f->y) : 0);
    f->scratch_at = an_cpu_take(&f->op, f->run->scratch);
    AN_CHECK(an_reorder_out_new(&f->y_out, &f->op, f->y, f->op.base.out));
    AN_CHECK(an_reorder_in_new(&f->y_in, &f->op, f->op.base.out, f->y));
    return an_reorder_in_new(&f->dy_in, &f->op, f->op.base.out, f->y);
}

static const an_cpu_methods methods = {NULL, fallback_forward, fallback_backward, fallback_free};

alexnet_status an_cpu_fallback_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    fallback *f = an_calloc(1, sizeof *f);
    if (!f)
        return AN_FAIL_MEMORY(sizeof *f, "a prepared operator");
    f->op.methods = &methods;
    f->op.cpu = cpu;
    f->op.base.taken = 1;
    f->op.split = p->split;
    f->desc = *p->ops[0];
    f->y = (an_layout){AN_LAYOUT_PLAIN, AN_F32, f->desc.n, f->desc.out};
    f->op.base.out = f->y;
    bool wide_out = p->plain_out || f->desc.kind == AN_OP_SOFTMAX;
    f->op.base.out.dtype = wide_out ? AN_F32 : cpu->activation;
    snprintf(f->op.impl, sizeof f->op.impl, "ref");
    alexnet_status rc = prepare_all(f, p);
    if (rc != ALEXNET_OK)
        fallback_free(&f->op);
    else
        *out = &f->op;
    return rc;
}
