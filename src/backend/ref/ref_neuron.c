#include <math.h>

#include "backend/ref/ref.h"

static double value(const an_neuron_desc *neuron, double x)
{
    switch (neuron->kind) {
    case AN_RELU: return x < 0 ? 0 : x; /* in this order NaN stays NaN */
    case AN_TANH: return neuron->a * tanh(neuron->b * x);
    case AN_LOGISTIC: return 1 / (1 + exp(-x));
    }
    return 0;
}

/* dy/dx as a function of y. */
static double slope(const an_neuron_desc *neuron, double y)
{
    switch (neuron->kind) {
    case AN_RELU: return y > 0 ? 1 : 0;
    case AN_TANH: return neuron->b / neuron->a * (neuron->a - y) * (neuron->a + y);
    case AN_LOGISTIC: return y * (1 - y);
    }
    return 0;
}

static void forward(const an_ref_run *run, const an_op_args *args)
{
    const double *x = args->x[0];
    double *y = args->y;
    int64_t count = an_ref_count(&run->desc, run->desc.out);
    for (int64_t i = 0; i < count; i++)
        y[i] = value(&run->desc.u.neuron, x[i]);
}

static void backward(const an_ref_run *run, const an_op_args *args)
{
    const double *y = args->y, *dy = args->dy;
    double *dx = args->dx[0];
    int64_t count = dx ? an_ref_count(&run->desc, run->desc.out) : 0;
    for (int64_t i = 0; i < count; i++)
        dx[i] = dy[i] * slope(&run->desc.u.neuron, y[i]);
}

const an_ref_op an_ref_neuron = {forward, backward, NULL};
