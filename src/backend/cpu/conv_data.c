#include "backend/cpu/conv_data.h"

#include "backend/cpu/onednn/conv_primitive.h"
#include "base/status.h"

/* Reorders of the whole batch. */
static alexnet_status reorder_batch(an_conv_data *d, an_cpu_op *op, const an_layout outer[2],
                                    const an_md inner[2])
{
    an_md dy = an_layout_md(outer[0]), dx = an_layout_md(outer[1]);
    alexnet_status rc = an_reorder_in_new_md(&d->dy_in, op, dy, inner[0]);
    if (rc == ALEXNET_OK)
        rc = an_reorder_out_new_md(&d->dx_out, op, inner[1], dx);
    an_md_free(dy);
    an_md_free(dx);
    return rc;
}

/* Reorders in the layouts of one image, repeated for every image of the batch. */
static alexnet_status reorder_images(an_conv_data *d, an_cpu_op *op, const an_layout outer[2],
                                     const an_md inner[2])
{
    an_dtype type = op->cpu->activation;
    d->dy = (an_layout){AN_LAYOUT_PLAIN, type, 1, outer[0].shape};
    d->dx = (an_layout){AN_LAYOUT_PLAIN, type, 1, outer[1].shape};
    AN_CHECK(an_layout_from_md(&d->dy, inner[0]));
    AN_CHECK(an_layout_from_md(&d->dx, inner[1]));
    d->dy.n = d->dx.n = outer[0].n;
    AN_CHECK(an_reorder_in_new(&d->dy_in, op, outer[0], d->dy));
    return an_reorder_out_new(&d->dx_out, op, d->dx, outer[1]);
}

alexnet_status an_conv_data_new(an_conv_data *d, an_cpu_op *op, const an_op_desc *desc,
                                const an_primitive *forward, an_variant *variant, an_layout dy,
                                an_layout dx)
{
    const an_conv_backward p = {op->cpu, desc, forward, variant};
    AN_CHECK(an_conv_batch_new(&d->batch, op, desc->n, an_conv_backward_data_make, &p));
    const an_primitive *primitive = an_conv_batch_primitive(&d->batch);
    bool flipped = *variant == AN_CPU_FLIPPED;
    const an_layout outer[] = {dy, dx};
    const an_md inner[] = {an_primitive_md(primitive, flipped ? DNNL_ARG_SRC : DNNL_ARG_DIFF_DST),
                           an_primitive_md(primitive, flipped ? DNNL_ARG_DST : DNNL_ARG_DIFF_SRC)};
    AN_CHECK((d->batch.by_image ? reorder_images : reorder_batch)(d, op, outer, inner));
    return an_conv_weights_new(&d->weights, op, desc, flipped, primitive);
}

void an_conv_data_free(an_conv_data *d)
{
    an_reorder_free(&d->dy_in);
    an_reorder_free(&d->dx_out);
    an_conv_weights_free(&d->weights);
    an_conv_batch_free(&d->batch);
}

alexnet_status an_conv_data_run(const an_conv_data *d, const an_cpu_op *op, const an_op_args *args,
                                const void *dy)
{
    void *dx = an_reorder_target(&d->dx_out, args, args->dx[0]);
    an_conv_batch_data data = {{dy, an_conv_weights_of(&d->weights, args), dx}, 3, 0, 0};
    if (d->batch.by_image) {
        data.in = an_layout_bytes(d->dy) / (size_t)d->dy.n;
        data.out = an_layout_bytes(d->dx) / (size_t)d->dx.n;
    }
    AN_CHECK(an_reorder_in_run(&d->dy_in, op, args, &data.arg[0]));
    AN_CHECK(an_conv_batch_run(&d->batch, op, args, &data));
    return an_reorder_out_run(&d->dx_out, op, args, args->dx[0]);
}
