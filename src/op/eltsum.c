#include "base/status.h"
#include "op/check.h"

static alexnet_status resolve(an_op_desc *desc)
{
    an_chw first = desc->in[0];
    for (int i = 1; i < desc->n_inputs; i++) {
        an_chw in = desc->in[i];
        if (!an_chw_equal(in, first))
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                           "inputs of %d x %d x %d and %d x %d x %d cannot be added", first.c,
                           first.h, first.w, in.c, in.h, in.w);
    }
    desc->out = first;
    return ALEXNET_OK;
}

const an_op_info an_op_eltsum = {"eltsum", 1, AN_MAX_INPUTS, resolve, NULL, NULL, NULL};
