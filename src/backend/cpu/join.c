/* Operators of several inputs: concatenation of channels, and sum. */
#include <string.h>

#include "backend/cpu/native.h"

/* ---- Concatenation --------------------------------------------------------------------------- */

/* The rows of the output: each has one piece of memory from every input in turn. */
static int64_t row_count(const an_native *native)
{
    int64_t pixels = (int64_t)native->y.shape.h * native->y.shape.w;
    return native->y.kind == AN_LAYOUT_NHWC ? native->y.n * pixels : native->y.n;
}

static size_t row_bytes(an_layout layout, int64_t rows)
{
    return an_layout_bytes(layout) / (size_t)rows;
}

/* Moves every piece of input i between the input and its place in the output. */
static void move_input(const an_native *native, int i, char *input, char *output, bool to_output)
{
    int64_t rows = row_count(native);
    size_t whole = row_bytes(native->y, rows), piece = row_bytes(native->x[i], rows), before = 0;
    for (int j = 0; j < i; j++)
        before += row_bytes(native->x[j], rows);
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; row++) {
        char *in = input + (size_t)row * piece, *out = output + (size_t)row * whole + before;
        if (to_output)
            memcpy(out, in, piece);
        else
            memcpy(in, out, piece);
    }
}

static void concat_forward(an_native *native, const an_op_args *args)
{
    for (int i = 0; i < native->desc.n_inputs; i++)
        move_input(native, i, (char *)args->x[i], args->y, true);
}

static void concat_backward(an_native *native, const an_op_args *args)
{
    for (int i = 0; i < native->desc.n_inputs; i++)
        if (args->dx[i])
            move_input(native, i, args->dx[i], (char *)args->dy, false);
}

static const an_native_kind concat_kind = {NULL, false, false, concat_forward, concat_backward};

/* Whether the inputs can be joined as they are: one layout, and no padding in between. */
static bool joins_as_is(const an_prepare *p)
{
    for (int i = 0; i < p->ops[0]->n_inputs; i++) {
        an_lanes l = an_layout_lanes(p->in[i]);
        if (p->in[i].kind != p->in[0].kind || p->in[i].dtype != p->in[0].dtype ||
            l.planes * l.lanes != p->in[i].shape.c)
            return false;
    }
    return true;
}

alexnet_status an_cpu_concat_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    an_layout x[AN_MAX_INPUTS], y = an_native_like_input(p);
    bool as_is = joins_as_is(p);
    if (!as_is)
        y.kind = AN_LAYOUT_PLAIN;
    for (int i = 0; i < p->ops[0]->n_inputs; i++)
        x[i] = (an_layout){y.kind, y.dtype, y.n, p->in[i].shape};
    return an_native_new(out, cpu, p, &concat_kind, x, y);
}

/* ---- Sum ------------------------------------------------------------------------------------- */

static void sum_forward(an_native *native, const an_op_args *args)
{
    an_dtype t = native->y.dtype;
    int64_t count = an_layout_count(native->y);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; i++) {
        float sum = an_load(args->x[0], i, t);
        for (int j = 1; j < native->desc.n_inputs; j++)
            sum += an_load(args->x[j], i, t);
        an_store(args->y, i, t, sum);
    }
}

static void sum_backward(an_native *native, const an_op_args *args)
{
    size_t each = an_dtype_bytes(native->y.dtype), bytes = an_layout_bytes(native->y);
    int64_t chunks = (int64_t)(bytes / each + 65535) / 65536;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < chunks; i++) {
        size_t at = (size_t)i * 65536 * each, left = bytes - at;
        for (int j = 0; j < native->desc.n_inputs; j++)
            if (args->dx[j])
                memcpy((char *)args->dx[j] + at, (const char *)args->dy + at,
                       left < 65536 * each ? left : 65536 * each);
    }
}

static const an_native_kind sum_kind = {NULL, false, false, sum_forward, sum_backward};

alexnet_status an_cpu_eltsum_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    an_layout x[AN_MAX_INPUTS];
    for (int i = 0; i < p->ops[0]->n_inputs; i++)
        x[i] = p->in[0];
    return an_native_new(out, cpu, p, &sum_kind, x, an_native_like_input(p));
}
