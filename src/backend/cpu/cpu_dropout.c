/* Dropout. The mask follows the canonical order of elements, whatever the layout. */
#include <math.h>

#include "backend/cpu/native.h"

enum { CHUNK = 1 << 14 };

/* Units of work: chunks of a plain tensor, else images, because their maps are interleaved. */
static int64_t unit_count(an_layout layout)
{
    if (layout.kind == AN_LAYOUT_PLAIN)
        return (an_layout_count(layout) + CHUNK - 1) / CHUNK;
    return layout.n;
}

/* Sets the elements of unit i in `run`; returns where their memory begins. */
static int64_t place_unit(an_layout layout, int64_t i, an_dropout_run *run)
{
    int64_t all = an_layout_count(layout), first = i * CHUNK;
    if (layout.kind == AN_LAYOUT_PLAIN) {
        run->first = (uint64_t)first;
        run->count = run->pixels = all - first < CHUNK ? all - first : CHUNK;
        run->lanes = 1;
        return first;
    }
    run->pixels = (int64_t)layout.shape.h * layout.shape.w;
    run->count = run->pixels * layout.shape.c;
    run->first = (uint64_t)(i * run->count);
    run->lanes = an_layout_lanes(layout).lanes;
    return i * (all / layout.n);
}

/* out = in * factor: the operator is linear, so forward and backward are the same. */
static void scale(const an_native *native, const an_step_state *state, const void *in, void *out)
{
    const an_dropout_desc *dropout = &native->desc.u.dropout;
    bool inverted = dropout->kind == AN_DROPOUT_INVERTED;
    an_dtype t = native->y.dtype;
    if (!native->masks) {
        float always = inverted ? 1 : (float)dropout->keep;
        int64_t count = an_layout_count(native->y);
#pragma omp parallel for schedule(static)
        for (int64_t i = 0; i < count; i++)
            an_store(out, i, t, an_load(in, i, t) * always);
        return;
    }
    const an_dropout_run all = {.seed = state->seed,
                                .update = state->step,
                                .layer = dropout->layer,
                                .threshold = (uint64_t)ceil(dropout->keep * 0x1p32),
                                .kept = inverted ? (float)(1 / dropout->keep) : 1};
    int64_t units = unit_count(native->y);
    const uint64_t before = state->before * (uint64_t)an_chw_count(native->y.shape);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < units; i++) {
        an_dropout_run run = all;
        int64_t at = place_unit(native->y, i, &run);
        run.first += before;
        run.in = an_at(in, at, t);
        run.out = an_at(out, at, t);
        native->op.cpu->kernels->dropout[an_kernel_type(t)](&run);
    }
    an_layout_clear_padding(native->y, out);
}

static void forward(an_native *native, const an_op_args *args)
{
    scale(native, args->state, args->x[0], args->y);
}

static void backward(an_native *native, const an_op_args *args)
{
    if (args->dx[0])
        scale(native, args->state, args->dy, args->dx[0]);
}

static const an_native_kind kind = {"dropout", false, false, forward, backward};

alexnet_status an_cpu_dropout_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    return an_native_new(out, cpu, p, &kind, p->in, an_native_like_input(p));
}
