#include <assert.h>

#include "base/status.h"
#include "op/check.h"

static alexnet_status resolve(an_op_desc *desc)
{
    const an_pool_desc *pool = &desc->u.pool;
    an_chw in = desc->in[0];
    assert(pool->kind == AN_POOL_MAX || pool->kind == AN_POOL_AVG);
    desc->out.c = in.c;
    an_window rows = {in.h, pool->pad, pool->pad, pool->size, pool->stride, pool->ceil};
    an_window columns = {in.w, pool->pad, pool->pad, pool->size, pool->stride, pool->ceil};
    AN_CHECK(an_check_window("sizeX", rows, &desc->out.h));
    AN_CHECK(an_check_window("sizeX", columns, &desc->out.w));
    if (pool->pad >= pool->size)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "padding %d must be smaller than sizeX %d: a window would hold no pixel",
                       pool->pad, pool->size);
    return ALEXNET_OK;
}

const an_op_info an_op_pool = {"pool", 1, 1, resolve, NULL, NULL, NULL};
