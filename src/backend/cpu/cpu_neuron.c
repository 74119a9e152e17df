/* Nonlinearities, element by element in the order of memory, whatever the layout. */
#include <math.h>

#include "backend/cpu/native.h"

AN_INLINE float value(const an_neuron_desc *neuron, float x)
{
    switch (neuron->kind) {
    case AN_RELU: break; /* an_cpu_relu() */
    case AN_TANH: return (float)neuron->a * tanhf((float)neuron->b * x);
    case AN_LOGISTIC: return 1.0f / (1.0f + expf(-x));
    }
    return 0;
}

AN_INLINE float slope(const an_neuron_desc *neuron, float y)
{
    float a = (float)neuron->a, b = (float)neuron->b;
    switch (neuron->kind) {
    case AN_RELU: break; /* an_cpu_relu_mask() */
    case AN_TANH: return b / a * (a - y) * (a + y);
    case AN_LOGISTIC: return y * (1.0f - y);
    }
    return 0;
}

enum { CHUNK = 1 << 14 }; /* elements of a unit */

static void run_chunks(void (*kernel)(const an_relu_run *), an_layout layout, const void *x,
                       const void *dy, void *out)
{
    an_dtype t = layout.dtype;
    int64_t count = an_layout_count(layout);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; i += CHUNK) {
        an_relu_run run = {an_at(x, i, t), dy ? an_at(dy, i, t) : NULL, an_at(out, i, t),
                           count - i < CHUNK ? count - i : CHUNK};
        kernel(&run);
    }
}

static void relu(const an_cpu *cpu, an_layout layout, const void *x, void *y)
{
    run_chunks(cpu->kernels->relu[an_kernel_type(layout.dtype)], layout, x, NULL, y);
}

void an_cpu_relu(const an_cpu *cpu, an_layout layout, void *y)
{
    relu(cpu, layout, y, y);
}

void an_cpu_relu_mask(const an_cpu *cpu, an_layout layout, const void *y, const void *dy, void *out)
{
    run_chunks(cpu->kernels->relu_mask[an_kernel_type(layout.dtype)], layout, y, dy, out);
}

static void forward(an_native *native, const an_op_args *args)
{
    const an_neuron_desc *neuron = &native->desc.u.neuron;
    an_dtype t = native->y.dtype;
    if (neuron->kind == AN_RELU) {
        relu(native->op.cpu, native->y, args->x[0], args->y);
        return;
    }
    int64_t count = an_layout_count(native->y);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; i++)
        an_store(args->y, i, t, value(neuron, an_load(args->x[0], i, t)));
    an_layout_clear_padding(native->y, args->y); /* logistic(0) is not 0 */
}

static void backward(an_native *native, const an_op_args *args)
{
    const an_neuron_desc *neuron = &native->desc.u.neuron;
    an_dtype t = native->y.dtype;
    if (!args->dx[0])
        return;
    if (neuron->kind == AN_RELU) {
        an_cpu_relu_mask(native->op.cpu, native->y, args->y, args->dy, args->dx[0]);
        return;
    }
    int64_t count = an_layout_count(native->y);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; i++)
        an_store(args->dx[0], i, t,
                 an_load(args->dy, i, t) * slope(neuron, an_load(args->y, i, t)));
}

static const an_native_kind relu_kind = {"relu", false, true, forward, backward};
static const an_native_kind other_kind = {NULL, false, true, forward, backward};

alexnet_status an_cpu_neuron_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    bool is_relu = p->ops[0]->u.neuron.kind == AN_RELU;
    return an_native_new(out, cpu, p, is_relu ? &relu_kind : &other_kind, p->in,
                         an_native_like_input(p));
}
