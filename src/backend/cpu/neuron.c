/* Nonlinearities, element by element through memory in whatever layout. */
#include <math.h>

#include "backend/cpu/own.h"
#include "base/status.h"

AN_INLINE float value(const an_neuron_desc *neuron, float x)
{
    switch (neuron->kind) {
    case AN_RELU: break; /* relu_loop() */
    case AN_TANH: return (float)neuron->a * tanhf((float)neuron->b * x);
    case AN_LOGISTIC: return 1.0f / (1.0f + expf(-x));
    }
    return 0;
}

AN_INLINE float slope(const an_neuron_desc *neuron, float y)
{
    float a = (float)neuron->a, b = (float)neuron->b;
    switch (neuron->kind) {
    case AN_RELU: break; /* mask_loop() */
    case AN_TANH: return b / a * (a - y) * (a + y);
    case AN_LOGISTIC: return y * (1.0f - y);
    }
    return 0;
}

AN_INLINE void relu_loop(int64_t count, const void *x, void *y, an_dtype t)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; i++) {
        float v = an_load(x, i, t);
        an_store(y, i, t, v < 0 ? 0 : v); /* in this order NaN stays NaN */
    }
}

AN_INLINE void mask_loop(int64_t count, const void *y, const void *dy, void *out, an_dtype t)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; i++)
        an_store(out, i, t, an_load(y, i, t) > 0 ? an_load(dy, i, t) : 0);
}

static void relu(an_layout layout, const void *x, void *y)
{
    if (layout.dtype == AN_BF16)
        relu_loop(an_layout_count(layout), x, y, AN_BF16);
    else
        relu_loop(an_layout_count(layout), x, y, AN_F32);
}

void an_cpu_relu(an_layout layout, void *y)
{
    relu(layout, y, y);
}

void an_cpu_relu_mask(an_layout layout, const void *y, const void *dy, void *out)
{
    if (layout.dtype == AN_BF16)
        mask_loop(an_layout_count(layout), y, dy, out, AN_BF16);
    else
        mask_loop(an_layout_count(layout), y, dy, out, AN_F32);
}

static void forward(an_own *own, const an_op_args *args)
{
    const an_neuron_desc *neuron = &own->desc.u.neuron;
    an_dtype t = own->y.dtype;
    if (neuron->kind == AN_RELU) {
        relu(own->y, args->x[0], args->y);
        return;
    }
    int64_t count = an_layout_count(own->y);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; i++)
        an_store(args->y, i, t, value(neuron, an_load(args->x[0], i, t)));
    an_layout_clear_padding(own->y, args->y); /* logistic(0) is not 0 */
}

static void backward(an_own *own, const an_op_args *args)
{
    const an_neuron_desc *neuron = &own->desc.u.neuron;
    an_dtype t = own->y.dtype;
    if (!args->dx[0])
        return;
    if (neuron->kind == AN_RELU) {
        an_cpu_relu_mask(own->y, args->y, args->dy, args->dx[0]);
        return;
    }
    int64_t count = an_layout_count(own->y);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; i++)
        an_store(args->dx[0], i, t,
                 an_load(args->dy, i, t) * slope(neuron, an_load(args->y, i, t)));
}

static const an_own_kind kind = {"own", false, true, forward, backward};

alexnet_status an_cpu_neuron_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    an_own *own;
    AN_CHECK(an_own_new(&own, cpu, p, &kind, p->in, an_own_like_input(p)));
    *out = &own->op;
    return ALEXNET_OK;
}
