/* The functions of the table for prepared operators. */
#include "backend/cuda/cuda.h"

alexnet_status an_cuda_op_prepare(an_backend *backend, const an_prepare *p, an_prepared **out)
{
    an_cuda *cuda;
    an_cuda_op *op = NULL;
    *out = NULL;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    switch (p->ops[0]->kind) {
    case AN_OP_CONV: AN_CHECK(an_cuda_conv_prepare(cuda, p, &op)); break;
    case AN_OP_FC: AN_CHECK(an_cuda_fc_prepare(cuda, p, &op)); break;
    default: AN_CHECK(an_cuda_own_prepare(cuda, p, &op));
    }
    op->base.impl = op->impl;
    *out = &op->base;
    return ALEXNET_OK;
}

alexnet_status an_cuda_op_pack(an_backend *backend, an_prepared *prepared, const an_op_args *args)
{
    an_cuda *cuda;
    an_cuda_op *op = (an_cuda_op *)prepared;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    return op->methods->pack ? op->methods->pack(op, args) : ALEXNET_OK;
}

alexnet_status an_cuda_op_forward(an_backend *backend, an_prepared *prepared,
                                  const an_op_args *args)
{
    an_cuda *cuda;
    an_cuda_op *op = (an_cuda_op *)prepared;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    return op->methods->forward(op, args);
}

alexnet_status an_cuda_op_backward(an_backend *backend, an_prepared *prepared,
                                   const an_op_args *args)
{
    an_cuda *cuda;
    an_cuda_op *op = (an_cuda_op *)prepared;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    return op->methods->backward ? op->methods->backward(op, args) : ALEXNET_OK;
}

void an_cuda_op_free(an_backend *backend, an_prepared *prepared)
{
    an_cuda *cuda;
    if (!prepared)
        return;
    (void)an_cuda_enter(backend, &cuda);
    ((an_cuda_op *)prepared)->methods->free((an_cuda_op *)prepared);
}
