#include "backend/cpu/port.h"

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

static alexnet_status fail_memory(void)
{
    return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory for the layout of a tensor");
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
            return fail_memory();
        bool equal = dnnl_memory_desc_equal(of_kind, md);
        an_md_free(of_kind);
        if (equal)
            return ALEXNET_OK;
    }
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "oneDNN chose a layout that is none of ours");
}

static alexnet_status port_new(an_port *port, an_cpu_op *op, an_md from, an_md to, an_md inner)
{
    if (!from || !to)
        return fail_memory();
    if (dnnl_memory_desc_equal(from, to))
        return ALEXNET_OK;
    AN_CHECK(an_reorder_new(&port->reorder, op->cpu->engine, from, to));
    port->at = an_cpu_take(op, dnnl_memory_desc_get_size(inner));
    an_cpu_share(op, an_primitive_scratch(port->reorder));
    return ALEXNET_OK;
}

alexnet_status an_port_entry(an_port *port, an_cpu_op *op, an_md outer, an_md inner)
{
    return port_new(port, op, outer, inner, inner);
}

alexnet_status an_port_exit(an_port *port, an_cpu_op *op, an_md inner, an_md outer)
{
    return port_new(port, op, inner, outer, inner);
}

alexnet_status an_port_entry_layout(an_port *port, an_cpu_op *op, an_layout outer, an_layout inner)
{
    an_md out = an_layout_md(outer), in = an_layout_md(inner);
    alexnet_status rc = an_port_entry(port, op, out, in);
    an_md_free(out);
    an_md_free(in);
    return rc;
}

alexnet_status an_port_exit_layout(an_port *port, an_cpu_op *op, an_layout inner, an_layout outer)
{
    an_md out = an_layout_md(outer), in = an_layout_md(inner);
    alexnet_status rc = an_port_exit(port, op, in, out);
    an_md_free(out);
    an_md_free(in);
    return rc;
}

void an_port_free(an_port *port)
{
    an_primitive_free(port->reorder);
}

static void *buffer(const an_port *port, const an_op_args *args)
{
    return (char *)args->scratch + port->at;
}

alexnet_status an_port_enter(const an_port *port, const an_cpu_op *op, const an_op_args *args,
                             const void **tensor)
{
    if (!port->reorder)
        return ALEXNET_OK;
    const void *data[] = {*tensor, buffer(port, args)};
    *tensor = data[1];
    return an_primitive_run(port->reorder, data, an_cpu_shared(op, args));
}

void *an_port_target(const an_port *port, const an_op_args *args, void *outer)
{
    return port->reorder ? buffer(port, args) : outer;
}

alexnet_status an_port_leave(const an_port *port, const an_cpu_op *op, const an_op_args *args,
                             void *outer)
{
    if (!port->reorder)
        return ALEXNET_OK;
    const void *data[] = {buffer(port, args), outer};
    return an_primitive_run(port->reorder, data, an_cpu_shared(op, args));
}
