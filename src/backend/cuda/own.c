/* Operators computed by our own kernels: all but convolution and fully connected layers. They
 * compute in the layout of their input; tensors are reordered if a neighbour uses another one. */
#include "backend/cuda/own.h"

#include <stdio.h>

#include "base/alloc.h"

/* ---- Running --------------------------------------------------------------------------------- */

static alexnet_status own_forward(an_cuda_op *op, const an_op_args *args)
{
    const an_cuda_own *o = (const an_cuda_own *)op;
    an_op_args inner = *args;
    for (int i = 0; i < o->desc.n_inputs; i++)
        AN_CHECK(an_cuda_reorder_in(&o->x_in[i], op, args, &inner.x[i]));
    inner.y = an_cuda_reorder_target(&o->y_out, args, args->y);
    AN_CHECK(an_cuda_check(op->cuda, o->kind->forward(o, &inner), an_op_table[o->desc.kind]->name));
    return an_cuda_reorder_out(&o->y_out, op, args, args->y);
}

static alexnet_status own_backward(an_cuda_op *op, const an_op_args *args)
{
    const an_cuda_own *o = (const an_cuda_own *)op;
    an_op_args inner = *args;
    const void *y = args->y;
    if (!o->kind->backward)
        return ALEXNET_OK;
    for (int i = 0; i < o->desc.n_inputs && o->kind->needs_x; i++)
        AN_CHECK(an_cuda_reorder_in(&o->x_in[i], op, args, &inner.x[i]));
    if (o->kind->needs_y)
        AN_CHECK(an_cuda_reorder_in(&o->y_in, op, args, &y));
    inner.y = (void *)y;
    if (args->dy)
        AN_CHECK(an_cuda_reorder_in(&o->dy_in, op, args, &inner.dy));
    for (int i = 0; i < o->desc.n_inputs; i++)
        inner.dx[i] = args->dx[i] ? an_cuda_reorder_target(&o->dx_out[i], args, args->dx[i]) : NULL;
    AN_CHECK(
        an_cuda_check(op->cuda, o->kind->backward(o, &inner), an_op_table[o->desc.kind]->name));
    for (int i = 0; i < o->desc.n_inputs; i++)
        if (args->dx[i])
            AN_CHECK(an_cuda_reorder_out(&o->dx_out[i], op, args, args->dx[i]));
    return ALEXNET_OK;
}

static void own_free(an_cuda_op *op)
{
    an_free(op);
}

static const an_cuda_methods methods = {NULL, own_forward, own_backward, own_free};

/* ---- Preparation ----------------------------------------------------------------------------- */

/* Whether a ReLU is fused with the max pooling after it: backward then needs neither x nor y. */
static bool pools_relu(const an_prepare *p)
{
    const an_op_desc *pool = an_cuda_follower(p, 1, AN_OP_POOL);
    return p->want_dx && an_cuda_relu_at(p, 0) && pool && pool->u.pool.kind == AN_POOL_MAX;
}

/* Choose the layouts to compute in. */
static void choose_layouts(an_cuda_own *o, const an_prepare *p)
{
    an_cuda *cuda = o->op.cuda;
    if (o->desc.kind == AN_OP_AUGMENT) {
        o->y = an_cuda_activation(cuda, o->desc.n, o->desc.out);
        if (p->plain_out)
            o->y = (an_layout){AN_LAYOUT_PLAIN, AN_F32, o->desc.n, o->desc.out};
        o->blocked = an_cuda_conv_takes_blocks(cuda, p, &o->blocks, &o->y.shape);
        return;
    }
    for (int i = 0; i < o->desc.n_inputs; i++)
        o->x[i] = (an_layout){p->in[0].kind, p->in[0].dtype, p->in[0].n, p->in[i].shape};
    o->y = (an_layout){p->in[0].kind, p->in[0].dtype, o->desc.n, o->desc.out};
    o->turns = o->desc.kind == AN_OP_DROPOUT && o->y.kind == AN_LAYOUT_NHWC &&
               an_cuda_follower(p, 1, AN_OP_FC);
    if (o->turns)
        o->y.kind = AN_LAYOUT_PLAIN;
    if (o->desc.kind == AN_OP_SOFTMAX) {
        o->x[0].kind = AN_LAYOUT_PLAIN;
        o->y = (an_layout){AN_LAYOUT_PLAIN, AN_F32, o->desc.n, o->desc.out};
    }
}

static void book_memory(an_cuda_own *o, const an_prepare *p)
{
    an_cuda_op *op = &o->op;
    for (int i = 0; i < o->desc.n_inputs; i++) {
        an_cuda_reorder_new(&o->x_in[i], op, p->in[i], o->x[i]);
        if (p->want_dx)
            an_cuda_reorder_new(&o->dx_out[i], op, p->in[i], o->x[i]);
    }
    an_cuda_reorder_new(&o->y_out, op, op->base.out, o->y);
    if (!p->want_dx)
        return;
    an_cuda_reorder_new(&o->dy_in, op, op->base.out, o->y);
    if (o->kind->needs_y)
        an_cuda_reorder_new(&o->y_in, op, op->base.out, o->y);
    if (o->desc.kind == AN_OP_LRN || o->desc.kind == AN_OP_LRN_WITHIN) {
        an_cuda_lrn_run run = an_cuda_lrn_of(&o->desc, o->y);
        o->work_at = an_cuda_take(op, an_cuda_lrn_scratch(&run));
    }
    if (o->desc.kind == AN_OP_POOL && o->desc.u.pool.kind == AN_POOL_MAX) {
        an_cuda_pool_run run = an_cuda_pool_of(&o->desc, o->x[0], o->relu);
        o->saves = true;
        o->saved_at = an_cuda_save(op, an_cuda_pool_places(&run));
    }
}

alexnet_status an_cuda_own_prepare(an_cuda *cuda, const an_prepare *p, an_cuda_op **out)
{
    an_cuda_own *o = an_calloc(1, sizeof *o);
    if (!o)
        return AN_FAIL_MEMORY(sizeof *o, "a prepared operator");
    o->op.methods = &methods;
    o->op.cuda = cuda;
    o->relu = pools_relu(p);
    o->desc = *p->ops[o->relu];
    o->masks = p->masks;
    o->kind = an_cuda_own_kind_of(o);
    o->op.base.taken = 1 + o->relu;
    choose_layouts(o, p);
    o->op.base.out =
        p->plain_out ? (an_layout){AN_LAYOUT_PLAIN, AN_F32, o->desc.n, o->desc.out} : o->y;
    snprintf(o->op.impl, sizeof o->op.impl, "%s", o->kind->impl);
    book_memory(o, p);
    *out = &o->op;
    return ALEXNET_OK;
}
