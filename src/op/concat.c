#include <limits.h>

#include "base/status.h"
#include "op/check.h"

static alexnet_status resolve(an_op_desc *desc)
{
    an_chw first = desc->in[0];
    int64_t c = 0;
    for (int i = 0; i < desc->n_inputs; i++) {
        an_chw in = desc->in[i];
        if (in.h != first.h || in.w != first.w)
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                           "inputs of %d x %d and %d x %d cannot be joined: sides differ", first.h,
                           first.w, in.h, in.w);
        c += in.c;
    }
    if (c > INT_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%lld channels reach 2^31", (long long)c);
    desc->out = (an_chw){(int)c, first.h, first.w};
    return ALEXNET_OK;
}

const an_op_info an_op_concat = {"concat", 1, AN_MAX_INPUTS, resolve, NULL, NULL, NULL};
