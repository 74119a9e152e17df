#include "backend/cpu/native.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

static alexnet_status native_forward(an_cpu_op *op, const an_op_args *args)
{
    an_native *native = (an_native *)op;
    an_op_args inner = *args;
    for (int i = 0; i < native->desc.n_inputs; i++)
        AN_CHECK(an_reorder_in_run(&native->x_in[i], op, args, &inner.x[i]));
    inner.y = an_reorder_target(&native->y_out, args, args->y);
    native->kind->forward(native, &inner);
    return an_reorder_out_run(&native->y_out, op, args, args->y);
}

static alexnet_status native_backward(an_cpu_op *op, const an_op_args *args)
{
    an_native *native = (an_native *)op;
    an_op_args inner = *args;
    if (!native->kind->backward)
        return ALEXNET_OK;
    for (int i = 0; i < native->desc.n_inputs && native->kind->needs_x; i++)
        AN_CHECK(an_reorder_in_run(&native->x_in[i], op, args, &inner.x[i]));
    if (native->kind->needs_y) {
        const void *y = args->y;
        AN_CHECK(an_reorder_in_run(&native->y_in, op, args, &y));
        inner.y = (void *)y;
    }
    if (args->dy)
        AN_CHECK(an_reorder_in_run(&native->dy_in, op, args, &inner.dy));
    for (int i = 0; i < native->desc.n_inputs; i++)
        inner.dx[i] = args->dx[i] ? an_reorder_target(&native->dx_out[i], args, args->dx[i]) : NULL;
    native->kind->backward(native, &inner);
    for (int i = 0; i < native->desc.n_inputs; i++)
        if (args->dx[i])
            AN_CHECK(an_reorder_out_run(&native->dx_out[i], op, args, args->dx[i]));
    return ALEXNET_OK;
}

static void native_free(an_cpu_op *op)
{
    an_native *native = (an_native *)op;
    for (int i = 0; i < AN_MAX_INPUTS; i++) {
        an_reorder_free(&native->x_in[i]);
        an_reorder_free(&native->dx_out[i]);
    }
    an_reorder_free(&native->y_in);
    an_reorder_free(&native->y_out);
    an_reorder_free(&native->dy_in);
    an_free(native);
}

static const an_cpu_methods native_methods = {NULL, native_forward, native_backward, native_free};

static alexnet_status make_reorders(an_native *native, const an_prepare *p)
{
    an_cpu_op *op = &native->op;
    for (int i = 0; i < native->desc.n_inputs; i++) {
        AN_CHECK(an_reorder_in_new(&native->x_in[i], op, p->in[i], native->x[i]));
        if (p->want_dx)
            AN_CHECK(an_reorder_out_new(&native->dx_out[i], op, native->x[i], p->in[i]));
    }
    AN_CHECK(an_reorder_out_new(&native->y_out, op, native->y, op->base.out));
    if (!p->want_dx)
        return ALEXNET_OK;
    AN_CHECK(an_reorder_in_new(&native->dy_in, op, op->base.out, native->y));
    if (native->kind->needs_y)
        AN_CHECK(an_reorder_in_new(&native->y_in, op, op->base.out, native->y));
    return ALEXNET_OK;
}

alexnet_status an_native_new(an_cpu_op **out, an_cpu *cpu, const an_prepare *p,
                             const an_native_kind *kind, const an_layout *x, an_layout y)
{
    *out = NULL;
    an_native *native = an_calloc(1, sizeof *native);
    if (!native)
        return AN_FAIL_MEMORY(sizeof *native, "a prepared operator");
    native->op.methods = &native_methods;
    native->op.cpu = cpu;
    native->op.base.taken = 1;
    native->op.base.out = y;
    if (p->plain_out)
        native->op.base.out = (an_layout){AN_LAYOUT_PLAIN, AN_F32, y.n, y.shape};
    snprintf(native->op.impl, sizeof native->op.impl, "native%s%s%s%s", kind->kernel ? " " : "",
             kind->kernel ? kind->kernel : "", kind->kernel ? ":" : "",
             kind->kernel ? cpu->kernels->isa : "");
    native->kind = kind;
    native->desc = *p->ops[0];
    native->masks = p->masks;
    native->y = y;
    for (int i = 0; i < native->desc.n_inputs; i++)
        native->x[i] = x[i];
    native->op.split = p->split;
    alexnet_status rc = make_reorders(native, p);
    if (rc != ALEXNET_OK)
        native_free(&native->op);
    else
        *out = &native->op;
    return rc;
}

an_layout an_native_like_input(const an_prepare *p)
{
    an_layout y = p->in[0];
    y.shape = p->ops[0]->out;
    return y;
}

void an_native_work(an_native *native, size_t bytes_each)
{
    size_t threads = (size_t)native->op.cpu->base.ctx->threads;
    native->work_each = an_aligned(bytes_each);
    native->work = an_cpu_take(&native->op, native->work_each * threads);
}

void *an_native_mine(const an_native *native, const an_op_args *args)
{
    return (char *)args->scratch + native->work + native->work_each * (size_t)omp_get_thread_num();
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
