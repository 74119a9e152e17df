#include "backend/cpu/conv_padding.h"

#include "backend/cpu/kernels/padded_row.h"
#include "base/status.h"

/* Elements that all windows together cover along one direction. */
static int seen(int outputs, int stride, int window)
{
    return (outputs - 1) * stride + window;
}

alexnet_status an_conv_padding_new(an_conv_padding *padding, an_cpu_op *op, const an_op_desc *desc,
                                   an_layout in)
{
    const an_conv_desc *c = &desc->u.conv;
    an_op_desc copy = *desc;
    copy.in[0].h = seen(desc->out.h, c->stride, c->r);
    copy.in[0].w = seen(desc->out.w, c->stride, c->s);
    copy.u.conv.top = copy.u.conv.left = copy.u.conv.bottom = copy.u.conv.right = 0;
    bool around = c->top || c->left || copy.in[0].h > desc->in[0].h || copy.in[0].w > desc->in[0].w;
    if (!around || in.kind != AN_LAYOUT_PLAIN || in.dtype != op->cpu->activation)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "the input has no padding, or is not plain");
    *padding = (an_conv_padding){.desc = copy,
                                 .x = {AN_LAYOUT_PLAIN, in.dtype, desc->n, copy.in[0]},
                                 .in = desc->in[0],
                                 .top = c->top,
                                 .left = c->left};
    padding->at = an_cpu_take(op, an_layout_bytes(padding->x));
    return ALEXNET_OK;
}

const void *an_conv_padding_copy(const an_conv_padding *p, const void *x, void *scratch)
{
    size_t each = an_dtype_bytes(p->x.dtype);
    an_chw in = p->in, out = p->x.shape;
    size_t from = each * (size_t)in.h * (size_t)in.w, to = each * (size_t)out.w;
    char *copy = (char *)scratch + p->at;
#pragma omp parallel for schedule(static)
    for (int64_t map = 0; map < (int64_t)p->x.n * out.c; map++)
        for (int row = 0; row < out.h; row++)
            an_padded_row((const char *)x + from * (size_t)map, in, each, row - p->top, p->left,
                          copy + to * (size_t)(map * out.h + row), out.w);
    return copy;
}
