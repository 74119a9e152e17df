#include "backend/cpu/onednn/reorder.h"

#include "base/status.h"

static const dnnl_format_tag_t tags[] = {
    [AN_LAYOUT_PLAIN] = dnnl_nchw,
    [AN_LAYOUT_NHWC] = dnnl_nhwc,
    [AN_LAYOUT_C8] = dnnl_nChw8c,
    [AN_LAYOUT_C16] = dnnl_nChw16c,
};

dnnl_data_type_t an_dtype_dnnl(an_dtype dtype)
{
    return dtype == AN_BF16 ? dnnl_bf16 : dnnl_f32;
}

an_md an_layout_md(an_layout layout)
{
    dnnl_dim_t dims[] = {layout.n, layout.shape.c, layout.shape.h, layout.shape.w};
    return an_md_by_tag(4, dims, an_dtype_dnnl(layout.dtype), tags[layout.kind]);
}

alexnet_status an_layout_from_md(an_layout *layout, an_md md)
{
    for (int kind = AN_LAYOUT_PLAIN; kind <= AN_LAYOUT_C16; kind++) {
        layout->kind = (an_layout_kind)kind;
        an_md of_kind = an_layout_md(*layout);
        if (!of_kind)
            return an_md_fail();
        bool equal = dnnl_memory_desc_equal(of_kind, md);
        an_md_free(of_kind);
        if (equal)
            return ALEXNET_OK;
    }
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "oneDNN chose a layout that this program does not use");
}

static alexnet_status reorder_new(an_reorder *reorder, an_cpu_op *op, an_md from, an_md to,
                                  an_md inner)
{
    if (!from || !to)
        return an_md_fail();
    if (dnnl_memory_desc_equal(from, to))
        return ALEXNET_OK;
    AN_CHECK(an_primitive_reorder(&reorder->primitive, op->cpu->engine, from, to));
    reorder->at = an_cpu_take(op, dnnl_memory_desc_get_size(inner));
    an_cpu_share(op, an_primitive_scratch(reorder->primitive));
    return ALEXNET_OK;
}

alexnet_status an_reorder_in_new_md(an_reorder *reorder, an_cpu_op *op, an_md outer, an_md inner)
{
    return reorder_new(reorder, op, outer, inner, inner);
}

alexnet_status an_reorder_out_new_md(an_reorder *reorder, an_cpu_op *op, an_md inner, an_md outer)
{
    return reorder_new(reorder, op, inner, outer, inner);
}

alexnet_status an_reorder_in_new(an_reorder *reorder, an_cpu_op *op, an_layout outer,
                                 an_layout inner)
{
    an_md out = an_layout_md(outer), in = an_layout_md(inner);
    alexnet_status rc = an_reorder_in_new_md(reorder, op, out, in);
    an_md_free(out);
    an_md_free(in);
    return rc;
}

alexnet_status an_reorder_out_new(an_reorder *reorder, an_cpu_op *op, an_layout inner,
                                  an_layout outer)
{
    an_md out = an_layout_md(outer), in = an_layout_md(inner);
    alexnet_status rc = an_reorder_out_new_md(reorder, op, in, out);
    an_md_free(out);
    an_md_free(in);
    return rc;
}

void an_reorder_free(an_reorder *reorder)
{
    an_primitive_free(reorder->primitive);
}

static void *buffer(const an_reorder *reorder, const an_op_args *args)
{
    return (char *)args->scratch + reorder->at;
}

alexnet_status an_reorder_in_run(const an_reorder *reorder, const an_cpu_op *op,
                                 const an_op_args *args, const void **tensor)
{
    if (!reorder->primitive)
        return ALEXNET_OK;
    const void *data[] = {*tensor, buffer(reorder, args)};
    *tensor = data[1];
    return an_primitive_run(reorder->primitive, data, an_cpu_shared(op, args));
}

void *an_reorder_target(const an_reorder *reorder, const an_op_args *args, void *outer)
{
    return reorder->primitive ? buffer(reorder, args) : outer;
}

alexnet_status an_reorder_out_run(const an_reorder *reorder, const an_cpu_op *op,
                                  const an_op_args *args, void *outer)
{
    if (!reorder->primitive)
        return ALEXNET_OK;
    const void *data[] = {buffer(reorder, args), outer};
    return an_primitive_run(reorder->primitive, data, an_cpu_shared(op, args));
}
