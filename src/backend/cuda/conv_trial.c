#include "backend/cuda/conv_trial.h"

#include <stdio.h>

/* Blocks of operands. */
enum { X_BLOCK, W_BLOCK, Y_BLOCK, BIAS_BLOCK };

static alexnet_status run(void *arg)
{
    const an_cuda_conv_trial *t = arg;
    void *const *block = t->base.block;
    return an_cuda_conv_plan_run(t->plan, block[X_BLOCK], block[W_BLOCK], block[Y_BLOCK],
                                 block[BIAS_BLOCK], block[AN_CUDA_TRIAL_WORK]);
}

static an_element_conv sums_of(const an_cuda_engine_choice *c)
{
    const an_cuda_conv_shape *s = c->shape;
    an_element_conv v = {.n = s->n,
                         .c = s->c,
                         .h = s->h,
                         .w = s->w,
                         .k = s->k,
                         .r = s->r,
                         .s = s->s,
                         .p = s->p,
                         .q = s->q,
                         .groups = s->groups,
                         .stride = s->stride,
                         .top = s->top,
                         .left = s->left,
                         .relu = c->tail == AN_CUDA_TAIL_RELU};
    an_element_arrange(&v, s->nhwc);
    return v;
}

static alexnet_status get_operands(an_cuda_trial *t, const an_cuda_engine_choice *c)
{
    static const int outputs[] = {Y_BLOCK, X_BLOCK, W_BLOCK};
    const an_cuda_conv_shape *s = c->shape;
    t->out = (an_cuda_outcome){outputs[c->direction], s->type, !an_cuda_conv_is_exact(c->shape),
                               c->direction, sums_of(c)};
    an_element_conv *v = &t->out.sums;
    an_element_tensor *const operands[] = {&v->x, &v->weights, &v->y, &v->bias};
    const int64_t counts[] = {[X_BLOCK] = an_element_count(v, AN_BACKWARD_DATA),
                              [W_BLOCK] = an_element_count(v, AN_BACKWARD_WEIGHTS),
                              [Y_BLOCK] = an_element_count(v, AN_FORWARD),
                              [BIAS_BLOCK] = s->k};
    const int count = c->plan->bias ? BIAS_BLOCK + 1 : BIAS_BLOCK;
    for (int i = X_BLOCK; i < count; i++)
        if (i != t->out.block)
            AN_CHECK(an_cuda_trial_operand(t, i, counts[i], s->type, s->tensor_cores, operands[i]));
    return an_cuda_trial_block(t, t->out.block,
                               (size_t)counts[t->out.block] * an_dtype_bytes(s->type));
}

alexnet_status an_cuda_conv_trial_begin(an_cuda_conv_trial *t, const an_cuda_engine_choice *c)
{
    const an_cuda_conv_shape *s = c->shape;
    *t = (an_cuda_conv_trial){{.cuda = c->plan->cuda, .work = run, .arg = t}, c->plan};
    snprintf(t->base.what, sizeof t->base.what, "%s of a convolution of %dx%dx%dx%d by %dx%dx%d",
             an_cuda_direction_texts[c->direction], s->n, s->c, s->h, s->w, s->k, s->r, s->s);
    return get_operands(&t->base, c);
}

void an_cuda_conv_trial_enter(an_cuda_conv_trial *t, an_cuda_pick candidate)
{
    snprintf(t->base.how, sizeof t->base.how, " with engine %d", (int)t->plan->engine);
    an_cuda_trial_enter(&t->base, candidate, an_cuda_conv_plan_workspace(t->plan));
}
