#include "backend/cpu/conv_weights.h"

#include "backend/cpu/onednn/conv_primitive.h"
#include "base/alloc.h"
#include "base/status.h"

/* The reorder from the canonical weights to those of the primitive. */
static alexnet_status make_copy(an_conv_weights *w, an_cpu_op *op, an_md from, an_md to)
{
    char name[AN_MD_NAME];
    AN_CHECK(an_primitive_reorder(&w->reorder, op->cpu->engine, from, to));
    an_md_name(to, w->flipped, name);
    an_cpu_pack_as(op, name);
    w->at = op->base.packed;
    op->base.packed += an_aligned(dnnl_memory_desc_get_size(to));
    an_cpu_share(op, an_primitive_scratch(w->reorder));
    return ALEXNET_OK;
}

alexnet_status an_conv_weights_new(an_conv_weights *w, an_cpu_op *op, const an_op_desc *desc,
                                   bool flipped, const an_primitive *primitive)
{
    an_op_desc flipped_desc;
    w->desc = desc;
    w->flipped = flipped;
    if (flipped)
        AN_CHECK(an_conv_flip(&flipped_desc, desc));
    an_md to = an_primitive_md(primitive, DNNL_ARG_WEIGHTS);
    an_md from = an_conv_weights_md(flipped ? &flipped_desc : desc, dnnl_f32, false);
    if (!from)
        return an_md_fail();
    if (flipped)
        w->flipped_at = an_cpu_take(op, dnnl_memory_desc_get_size(from));
    bool as_they_are = !flipped && dnnl_memory_desc_equal(from, to);
    alexnet_status rc = as_they_are ? ALEXNET_OK : make_copy(w, op, from, to);
    an_md_free(from);
    return rc;
}

void an_conv_weights_free(an_conv_weights *w)
{
    an_primitive_free(w->reorder);
}

alexnet_status an_conv_weights_pack(const an_conv_weights *w, const an_cpu_op *op,
                                    const an_op_args *args)
{
    if (!w->reorder)
        return ALEXNET_OK;
    const void *data[] = {args->param[0], (char *)args->packed + w->at};
    if (w->flipped) {
        float *flipped = (float *)((char *)args->scratch + w->flipped_at);
        an_conv_flip_weights(w->desc, args->param[0], flipped);
        data[0] = flipped;
    }
    return an_primitive_run(w->reorder, data, an_cpu_shared(op, args));
}

const void *an_conv_weights_of(const an_conv_weights *w, const an_op_args *args)
{
    return w->reorder ? (char *)args->packed + w->at : args->param[0];
}
