/* Layouts, and copies from one to another. */
#include "backend/cuda/cuda.h"

an_layout an_cuda_activation(const an_cuda *cuda, int n, an_chw shape)
{
    bool pixels = shape.h > 1 || shape.w > 1;
    return (an_layout){pixels ? cuda->kind : AN_LAYOUT_PLAIN, cuda->activation, n, shape};
}

an_cuda_form an_cuda_form_of(an_layout l)
{
    return (an_cuda_form){.n = l.n,
                          .c = l.shape.c,
                          .h = l.shape.h,
                          .w = l.shape.w,
                          .nhwc = l.kind == AN_LAYOUT_NHWC,
                          .bf16 = l.dtype == AN_BF16};
}

int64_t an_cuda_count(an_layout l)
{
    return l.n * an_chw_count(l.shape);
}

/* Whether a tensor has the same bytes in both layouts: with one pixel or one channel, the order is
 * the same too. */
static bool same_bytes(an_layout a, an_layout b)
{
    bool pixel = a.shape.h == 1 && a.shape.w == 1;
    return a.dtype == b.dtype && (a.kind == b.kind || pixel || a.shape.c == 1);
}

alexnet_status an_cuda_convert(const an_cuda *cuda, an_layout from, const void *src, an_layout to,
                               void *dst)
{
    an_cuda_copy_run run = {
        .n = from.n,
        .c = from.shape.c,
        .h = from.shape.h,
        .w = from.shape.w,
        .from = {(void *)src, from.kind == AN_LAYOUT_NHWC, from.dtype == AN_BF16, from.shape.c, 0},
        .to = {dst, to.kind == AN_LAYOUT_NHWC, to.dtype == AN_BF16, to.shape.c, 0}};
    return an_cuda_check(cuda, an_cuda_copy(&run, an_cuda_queue(cuda)), "a change of layout");
}

void an_cuda_reorder_new(an_cuda_reorder *reorder, an_cuda_op *op, an_layout outer, an_layout inner)
{
    *reorder = (an_cuda_reorder){!same_bytes(outer, inner), 0, outer, inner};
    if (reorder->copies)
        reorder->at = an_cuda_take(op, an_layout_bytes(inner));
}

alexnet_status an_cuda_reorder_in(const an_cuda_reorder *reorder, const an_cuda_op *op,
                                  const an_op_args *args, const void **tensor)
{
    const void *outer = *tensor;
    if (!reorder->copies)
        return ALEXNET_OK;
    *tensor = an_cuda_at(args->scratch, reorder->at);
    return an_cuda_convert(op->cuda, reorder->outer, outer, reorder->inner, (void *)*tensor);
}

void *an_cuda_reorder_target(const an_cuda_reorder *reorder, const an_op_args *args, void *outer)
{
    return reorder->copies ? an_cuda_at(args->scratch, reorder->at) : outer;
}

alexnet_status an_cuda_reorder_out(const an_cuda_reorder *reorder, const an_cuda_op *op,
                                   const an_op_args *args, void *outer)
{
    if (!reorder->copies)
        return ALEXNET_OK;
    return an_cuda_convert(op->cuda, reorder->inner, an_cuda_at(args->scratch, reorder->at),
                           reorder->outer, outer);
}
