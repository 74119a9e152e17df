/*
 * Element by element: activation functions, with a bias before them (op/neuron.h), and sums of
 * tensors. A thread computes 8 adjacent elements.
 */
#include "backend/cuda/kernels/kernels.h"
#include "backend/cuda/kernels/values.h"

/* What all of these share: the number of elements, and how to find the channel of one. */
typedef struct flat_plan {
    int64_t count;
    an_divisor channels, pixels; /* of an image */
    bool nhwc;
    bool by_eights; /* eight elements are in one pixel */
} flat_plan;

static flat_plan flat_plan_of(const an_cuda_form *form)
{
    flat_plan plan;
    int64_t pixels = (int64_t)form->h * form->w;
    plan.count = form->n * form->c * pixels;
    plan.channels = an_divisor_of(form->c);
    plan.pixels = an_divisor_of(pixels);
    plan.nhwc = form->nhwc || pixels == 1;
    plan.by_eights = plan.nhwc && form->c % 8 == 0;
    return plan;
}

static int64_t blocks_of(int64_t count)
{
    return an_blocks_for((count + 7) / 8);
}

/* ---- Neurons --------------------------------------------------------------------------------- */

typedef struct neuron_plan {
    an_cuda_neuron_run run;
    flat_plan flat;
} neuron_plan;

AN_BODY int flat_channel(const flat_plan *flat, int64_t i)
{
    uint32_t rest = (uint32_t)i;
    if (!flat->nhwc)
        an_split(&rest, flat->pixels);
    return an_split(&rest, flat->channels);
}

AN_BODY float neuron_value(const an_cuda_neuron_run *run, float x)
{
    switch (run->function) {
    case AN_CUDA_RELU: return x < 0 ? 0 : x; /* written so that NaN stays NaN */
    case AN_CUDA_TANH: return run->a * tanhf(run->b * x);
    case AN_CUDA_LOGISTIC: return 1 / (1 + expf(-x));
    default: return x;
    }
}

/* dx from dy and y. */
AN_BODY float neuron_gradient(const an_cuda_neuron_run *run, float y, float dy)
{
    switch (run->function) {
    case AN_CUDA_RELU: return y > 0 ? dy : 0;
    case AN_CUDA_TANH: return dy * (run->b / run->a) * (run->a - y) * (run->a + y);
    case AN_CUDA_LOGISTIC: return dy * y * (1 - y);
    default: return dy;
    }
}

AN_BODY void neuron_forward(const neuron_plan *plan, an_thread t, bool bf16)
{
    const an_cuda_neuron_run *run = &plan->run;
    int64_t i = AN_NUMBER(t) * 8, count = plan->flat.count;
    float v[8], bias[8];
    if (i >= count)
        return;
    an_load_up_to_8(run->x, i, count, bf16, v);
    if (run->bias && plan->flat.by_eights)
        an_load_run(run->bias, flat_channel(&plan->flat, i), 8, false, bias);
    AN_UNROLL
    for (int l = 0; l < 8; l++) {
        if (run->bias && plan->flat.by_eights)
            v[l] += bias[l];
        else if (run->bias && i + l < count)
            v[l] += run->bias[flat_channel(&plan->flat, i + l)];
        v[l] = neuron_value(run, v[l]);
    }
    an_store_up_to_8(run->y, i, count, bf16, v);
}

AN_BODY void neuron_backward(const neuron_plan *plan, an_thread t, bool bf16)
{
    const an_cuda_neuron_run *run = &plan->run;
    int64_t i = AN_NUMBER(t) * 8, count = plan->flat.count;
    float y[8], dy[8];
    if (i >= count)
        return;
    an_load_up_to_8(run->y, i, count, bf16, y);
    an_load_up_to_8(run->dy, i, count, bf16, dy);
    AN_UNROLL
    for (int l = 0; l < 8; l++)
        dy[l] = neuron_gradient(run, y[l], dy[l]);
    an_store_up_to_8(run->dx, i, count, bf16, dy);
}

AN_KERNEL(neuron_forward_f32, neuron_plan, neuron_forward(run, t, false))
AN_KERNEL(neuron_forward_bf16, neuron_plan, neuron_forward(run, t, true))
AN_KERNEL(neuron_backward_f32, neuron_plan, neuron_backward(run, t, false))
AN_KERNEL(neuron_backward_bf16, neuron_plan, neuron_backward(run, t, true))

int an_cuda_neuron_forward(const an_cuda_neuron_run *run, an_cuda_stream *stream)
{
    neuron_plan plan = {*run, flat_plan_of(&run->form)};
    int64_t blocks = blocks_of(plan.flat.count);
    return run->form.bf16 ? AN_LAUNCH(neuron_forward_bf16, neuron_plan, &plan, blocks, stream)
                          : AN_LAUNCH(neuron_forward_f32, neuron_plan, &plan, blocks, stream);
}

int an_cuda_neuron_backward(const an_cuda_neuron_run *run, an_cuda_stream *stream)
{
    neuron_plan plan = {*run, flat_plan_of(&run->form)};
    int64_t blocks = blocks_of(plan.flat.count);
    return run->form.bf16 ? AN_LAUNCH(neuron_backward_bf16, neuron_plan, &plan, blocks, stream)
                          : AN_LAUNCH(neuron_backward_f32, neuron_plan, &plan, blocks, stream);
}

/* ---- Sums of tensors ------------------------------------------------------------------------- */

AN_BODY void eltsum(const an_cuda_eltsum_run *run, an_thread t, bool bf16)
{
    int64_t i = AN_NUMBER(t) * 8;
    float sum[8], x[8];
    if (i >= run->count)
        return;
    an_load_up_to_8(run->x[0], i, run->count, bf16, sum);
    for (int input = 1; input < run->n_inputs; input++) {
        an_load_up_to_8(run->x[input], i, run->count, bf16, x);
        AN_UNROLL
        for (int l = 0; l < 8; l++)
            sum[l] += x[l];
    }
    an_store_up_to_8(run->y, i, run->count, bf16, sum);
}

AN_KERNEL(eltsum_f32, an_cuda_eltsum_run, eltsum(run, t, false))
AN_KERNEL(eltsum_bf16, an_cuda_eltsum_run, eltsum(run, t, true))

int an_cuda_eltsum(const an_cuda_eltsum_run *run, an_cuda_stream *stream)
{
    int64_t blocks = blocks_of(run->count);
    return run->bf16 ? AN_LAUNCH(eltsum_bf16, an_cuda_eltsum_run, run, blocks, stream)
                     : AN_LAUNCH(eltsum_f32, an_cuda_eltsum_run, run, blocks, stream);
}
