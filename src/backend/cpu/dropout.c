/*
 * Dropout. The mask belongs to the canonical order of elements, whatever the layout: a run of
 * canonical neighbours lies `step` elements apart in memory.
 */
#include "backend/cpu/own.h"
#include "base/random.h"
#include "base/status.h"

/* Neighbours first .. first + count - 1 in canonical order, and where the first of them lies. */
typedef struct stretch {
    int64_t first, at;
    int count, step;
} stretch;

enum { CHUNK = 4096 }; /* a multiple of 4: no block of random numbers is drawn twice */

/* How many stretches a tensor falls into: chunks of plain memory, else its maps. */
static int64_t stretch_count(an_layout layout)
{
    if (layout.kind == AN_LAYOUT_PLAIN)
        return (an_layout_count(layout) + CHUNK - 1) / CHUNK;
    return (int64_t)layout.n * layout.shape.c;
}

static stretch stretch_at(an_layout layout, int64_t i)
{
    int64_t map = (int64_t)layout.shape.h * layout.shape.w;
    if (layout.kind == AN_LAYOUT_PLAIN) {
        int64_t first = i * CHUNK, left = an_layout_count(layout) - first;
        return (stretch){first, first, (int)(left < CHUNK ? left : CHUNK), 1};
    }
    an_lanes l = an_layout_lanes(layout);
    int64_t n = i / layout.shape.c, c = i % layout.shape.c;
    int64_t at = ((n * l.planes + c / l.lanes) * map) * l.lanes + c % l.lanes;
    return (stretch){i * map, at, (int)map, l.lanes};
}

typedef struct factors {
    double threshold; /* a word below it keeps its element */
    float kept;
} factors;

static void drop(const an_dropout_desc *dropout, const an_step_state *state, stretch s, factors f,
                 const void *in, void *out, an_dtype t)
{
    an_random4 block = {{0}};
    for (int j = 0; j < s.count; j++) {
        uint64_t i = (uint64_t)(s.first + j);
        if (j == 0 || i % 4 == 0)
            block = an_random(state->seed, AN_PURPOSE_DROPOUT, state->step, i / 4, dropout->layer);
        int64_t at = s.at + (int64_t)j * s.step;
        an_store(out, at, t, block.v[i % 4] < f.threshold ? an_load(in, at, t) * f.kept : 0);
    }
}

/* out = in * factor: the operator is linear, so forward and backward are the same. */
static void scale(const an_own *own, const an_step_state *state, const void *in, void *out)
{
    const an_dropout_desc *dropout = &own->desc.u.dropout;
    bool inverted = dropout->kind == AN_DROPOUT_INVERTED;
    an_dtype t = own->y.dtype;
    if (!own->training) {
        float always = inverted ? 1 : (float)dropout->keep;
        int64_t count = an_layout_count(own->y);
#pragma omp parallel for schedule(static)
        for (int64_t i = 0; i < count; i++)
            an_store(out, i, t, an_load(in, i, t) * always);
        return;
    }
    factors f = {dropout->keep * 0x1p32, inverted ? (float)(1 / dropout->keep) : 1};
    int64_t stretches = stretch_count(own->y);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < stretches; i++)
        drop(dropout, state, stretch_at(own->y, i), f, in, out, t);
    an_layout_clear_padding(own->y, out);
}

static void forward(an_own *own, const an_op_args *args)
{
    scale(own, args->state, args->x[0], args->y);
}

static void backward(an_own *own, const an_op_args *args)
{
    if (args->dx[0])
        scale(own, args->state, args->dy, args->dx[0]);
}

static const an_own_kind kind = {"own", false, false, forward, backward};

alexnet_status an_cpu_dropout_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    an_own *own;
    AN_CHECK(an_own_new(&own, cpu, p, &kind, p->in, an_own_like_input(p)));
    *out = &own->op;
    return ALEXNET_OK;
}
