/*
 * The form in which a convolution is computed.
 *
 * bf16 and tf32 compute in N H W C, float32 in N C H W. An input that cuDNN's fast engines do not
 * accept is copied to blocks (kernels/blocks.h): channels that are not a multiple of 8 (tf32: 4),
 * padding that differs between the two sides, and a first layer's stride. 11x11 filters of stride 4
 * over 3 channels become 3x3 filters of stride 1 over 48 channels, with 363 of 432 weights in use;
 * padding the channels to 8 would use 363 of 968. Groups whose channels are not such a multiple are
 * computed in float32, which is correct but slow.
 */
#include "backend/cuda/conv.h"

static int round_up(int value, int unit)
{
    return (value + unit - 1) / unit * unit;
}

/* Whether `padding` on both sides, the only kind that cuDNN has, gives `outputs` windows. */
static bool same_on_both_sides(int in, int padding, int window, int stride, int outputs)
{
    return padding < window && in + 2 * padding >= window &&
           (in + 2 * padding - window) / stride + 1 == outputs;
}

void an_cuda_conv_choose_form(an_cuda_conv *c)
{
    const an_op_desc *d = &c->desc;
    const an_conv_desc *v = &d->u.conv;
    const an_cuda *cuda = c->op.cuda;
    int unit = cuda->activation == AN_BF16 ? 8 : 4, block = 1, channels = d->in[0].c;
    bool aligned = channels / v->groups % unit == 0;
    bool nhwc =
        cuda->kind == AN_LAYOUT_NHWC && v->k / v->groups % unit == 0 && (aligned || v->groups == 1);
    if (nhwc && !aligned) {
        if (v->stride > 1 && (int64_t)channels * v->stride * v->stride <= 64)
            block = v->stride;
        channels = round_up(channels * block * block, unit);
    }
    bool symmetric = same_on_both_sides(d->in[0].h, v->top, v->r, v->stride, d->out.h) &&
                     same_on_both_sides(d->in[0].w, v->left, v->s, v->stride, d->out.w);
    c->blocked = !symmetric || (nhwc && !aligned);
    c->shape = (an_cuda_conv_shape){.n = d->n,
                                    .c = channels,
                                    .h = d->in[0].h,
                                    .w = d->in[0].w,
                                    .k = v->k,
                                    .r = (v->r + block - 1) / block,
                                    .s = (v->s + block - 1) / block,
                                    .p = d->out.h,
                                    .q = d->out.w,
                                    .groups = v->groups,
                                    .stride = v->stride / block,
                                    .top = v->top,
                                    .left = v->left,
                                    .nhwc = nhwc,
                                    .type = nhwc ? cuda->activation : AN_F32,
                                    .tensor_cores = nhwc};
    if (c->blocked) {
        c->shape.h = (d->out.h - 1) * c->shape.stride + c->shape.r;
        c->shape.w = (d->out.w - 1) * c->shape.stride + c->shape.s;
        c->shape.top = c->shape.left = 0;
    }
    c->parts = nhwc && !c->blocked ? v->groups : 1;
    c->shape.groups /= c->parts;
    c->shape.c /= c->parts;
    c->shape.k /= c->parts;
    c->x_blocks = (an_cuda_blocks){.n = d->n,
                                   .c = d->in[0].c,
                                   .h = d->in[0].h,
                                   .w = d->in[0].w,
                                   .block = block,
                                   .top = v->top,
                                   .left = v->left,
                                   .rows = c->shape.h,
                                   .columns = c->shape.w,
                                   .channels = channels,
                                   .nhwc = nhwc,
                                   .bf16 = c->shape.type == AN_BF16};
    c->w_blocks = (an_cuda_blocks){.n = v->k,
                                   .c = d->in[0].c / v->groups,
                                   .h = v->r,
                                   .w = v->s,
                                   .block = block,
                                   .rows = c->shape.r,
                                   .columns = c->shape.s,
                                   .channels = channels / v->groups,
                                   .nhwc = nhwc,
                                   .bf16 = c->shape.type == AN_BF16};
}

size_t an_cuda_conv_x_bytes(const an_cuda_conv *c)
{
    const an_cuda_conv_shape *s = &c->shape;
    return (size_t)s->n * (size_t)s->c * (size_t)s->h * (size_t)s->w * an_dtype_bytes(s->type);
}

size_t an_cuda_conv_y_bytes(const an_cuda_conv *c)
{
    const an_cuda_conv_shape *s = &c->shape;
    return (size_t)s->n * (size_t)s->k * (size_t)s->p * (size_t)s->q * an_dtype_bytes(s->type);
}

size_t an_cuda_conv_w_bytes(const an_cuda_conv *c)
{
    const an_cuda_conv_shape *s = &c->shape;
    return (size_t)s->k * (size_t)(s->c / s->groups) * (size_t)s->r * (size_t)s->s *
           an_dtype_bytes(s->type);
}
