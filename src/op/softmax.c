/*
 * Softmax with cross-entropy over the channels of an input of C x 1 x 1.
 *
 *     y[n,c] = exp(x[n,c]) / SUM_j exp(x[n,j])
 *     loss[n] = log SUM_j exp(x[n,j]) - x[n,label]        for a slot with a label, else 0
 *     dx[n,c] = (y[n,c] - [c = label]) / labelled         for a slot with a label, else 0
 *
 * dx is the gradient of the mean loss over the labelled slots of the batch.
 */
#include "base/status.h"
#include "op/check.h"

static alexnet_status resolve(an_op_desc *desc)
{
    an_chw in = desc->in[0];
    if (in.h != 1 || in.w != 1)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "softmax reads C x 1 x 1, but its input is %d x %d x %d", in.c, in.h, in.w);
    desc->out = in;
    return ALEXNET_OK;
}

const an_op_info an_op_softmax = {"softmax", 1, 1, resolve, NULL, NULL, NULL};
