#include "backend/cpu/own.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

static alexnet_status own_forward(an_cpu_op *op, const an_op_args *args)
{
    an_own *own = (an_own *)op;
    an_op_args inner = *args;
    for (int i = 0; i < own->desc.n_inputs; i++)
        AN_CHECK(an_port_enter(&own->x_in[i], op, args, &inner.x[i]));
    inner.y = an_port_target(&own->y_out, args, args->y);
    own->kind->forward(own, &inner);
    return an_port_leave(&own->y_out, op, args, args->y);
}

static alexnet_status own_backward(an_cpu_op *op, const an_op_args *args)
{
    an_own *own = (an_own *)op;
    an_op_args inner = *args;
    if (!own->kind->backward)
        return ALEXNET_OK;
    for (int i = 0; i < own->desc.n_inputs && own->kind->needs_x; i++)
        AN_CHECK(an_port_enter(&own->x_in[i], op, args, &inner.x[i]));
    if (own->kind->needs_y) {
        const void *y = args->y;
        AN_CHECK(an_port_enter(&own->y_in, op, args, &y));
        inner.y = (void *)y;
    }
    if (args->dy)
        AN_CHECK(an_port_enter(&own->dy_in, op, args, &inner.dy));
    for (int i = 0; i < own->desc.n_inputs; i++)
        inner.dx[i] = args->dx[i] ? an_port_target(&own->dx_out[i], args, args->dx[i]) : NULL;
    own->kind->backward(own, &inner);
    for (int i = 0; i < own->desc.n_inputs; i++)
        if (args->dx[i])
            AN_CHECK(an_port_leave(&own->dx_out[i], op, args, args->dx[i]));
    return ALEXNET_OK;
}

static void own_free(an_cpu_op *op)
{
    an_own *own = (an_own *)op;
    for (int i = 0; i < AN_MAX_INPUTS; i++) {
        an_port_free(&own->x_in[i]);
        an_port_free(&own->dx_out[i]);
    }
    an_port_free(&own->y_in);
    an_port_free(&own->y_out);
    an_port_free(&own->dy_in);
    an_free(own);
}

static const an_cpu_methods own_methods = {NULL, own_forward, own_backward, own_free};

static alexnet_status make_ports(an_own *own, const an_prepare *p)
{
    an_cpu_op *op = &own->op;
    for (int i = 0; i < own->desc.n_inputs; i++) {
        AN_CHECK(an_port_entry_layout(&own->x_in[i], op, p->in[i], own->x[i]));
        if (p->want_dx)
            AN_CHECK(an_port_exit_layout(&own->dx_out[i], op, own->x[i], p->in[i]));
    }
    AN_CHECK(an_port_exit_layout(&own->y_out, op, own->y, op->base.out));
    if (!p->want_dx)
        return ALEXNET_OK;
    AN_CHECK(an_port_entry_layout(&own->dy_in, op, op->base.out, own->y));
    if (own->kind->needs_y)
        AN_CHECK(an_port_entry_layout(&own->y_in, op, op->base.out, own->y));
    return ALEXNET_OK;
}

alexnet_status an_own_new(an_own **out, an_cpu *cpu, const an_prepare *p, const an_own_kind *kind,
                          const an_layout *x, an_layout y)
{
    *out = NULL;
    an_own *own = an_calloc(1, sizeof *own);
    if (!own)
        return AN_FAIL_MEMORY(sizeof *own, "a prepared operator");
    own->op.methods = &own_methods;
    own->op.cpu = cpu;
    own->op.base.taken = 1;
    own->op.base.out = y;
    if (p->plain_out)
        own->op.base.out = (an_layout){AN_LAYOUT_PLAIN, AN_F32, y.n, y.shape};
    snprintf(own->op.impl, sizeof own->op.impl, "%s", kind->impl);
    own->kind = kind;
    own->desc = *p->ops[0];
    own->training = p->training;
    own->y = y;
    for (int i = 0; i < own->desc.n_inputs; i++)
        own->x[i] = x[i];
    own->op.split = p->split;
    alexnet_status rc = make_ports(own, p);
    if (rc != ALEXNET_OK)
        own_free(&own->op);
    else
        *out = own;
    return rc;
}

an_layout an_own_like_input(const an_prepare *p)
{
    an_layout y = p->in[0];
    y.shape = p->ops[0]->out;
    return y;
}

void an_own_work(an_own *own, size_t bytes_each)
{
    int forward = own->op.cpu->base.ctx->threads;
    size_t threads = (size_t)(own->op.split > forward ? own->op.split : forward);
    own->work_each = (bytes_each + AN_ALIGN - 1) / AN_ALIGN * AN_ALIGN;
    own->work = an_cpu_take(&own->op, own->work_each * threads);
}

void *an_own_mine(const an_own *own, const an_op_args *args)
{
    return (char *)args->scratch + own->work + own->work_each * (size_t)omp_get_thread_num();
}

an_lanes an_layout_lanes(an_layout layout)
{
    int c = layout.shape.c;
    switch (layout.kind) {
    case AN_LAYOUT_PLAIN: return (an_lanes){c, 1};
    case AN_LAYOUT_NHWC: return (an_lanes){1, c};
    case AN_LAYOUT_C8: return (an_lanes){(c + 7) / 8, 8};
    case AN_LAYOUT_C16: return (an_lanes){(c + 15) / 16, 16};
    }
    return (an_lanes){0, 0};
}

int64_t an_layout_count(an_layout layout)
{
    return (int64_t)(an_layout_bytes(layout) / an_dtype_bytes(layout.dtype));
}

void an_layout_clear_padding(an_layout layout, void *tensor)
{
    an_lanes l = an_layout_lanes(layout);
    int used = layout.shape.c - (l.planes - 1) * l.lanes; /* lanes of the last plane */
    int64_t pixels = (int64_t)layout.shape.h * layout.shape.w;
    if (used == l.lanes)
        return;
    size_t each = an_dtype_bytes(layout.dtype);
#pragma omp parallel for
    for (int n = 0; n < layout.n; n++) {
        char *plane =
            (char *)tensor + each * (size_t)((((int64_t)n + 1) * l.planes - 1) * pixels * l.lanes);
        for (int64_t i = 0; i < pixels; i++)
            memset(plane + each * (size_t)(i * l.lanes + used), 0, each * (size_t)(l.lanes - used));
    }
}
