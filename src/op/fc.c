#include <limits.h>

#include "base/status.h"
#include "op/check.h"

static alexnet_status resolve(an_op_desc *desc)
{
    AN_CHECK(an_check_range("outputs", desc->u.fc.k, 1, INT_MAX));
    desc->out = (an_chw){desc->u.fc.k, 1, 1};
    return ALEXNET_OK;
}

static int params(const an_op_desc *desc, an_param_info params[AN_MAX_PARAMS])
{
    int k = desc->u.fc.k;
    params[0] = (an_param_info){"weight", an_shape_of(2, k, (int)an_chw_count(desc->in[0])), true};
    params[1] = (an_param_info){"bias", an_shape_of(1, k), true};
    return 2;
}

static int64_t mult_adds(const an_op_desc *desc)
{
    return an_chw_count(desc->in[0]) * desc->u.fc.k;
}

const an_op_info an_op_fc = {"fc", 1, 1, resolve, params, mult_adds, NULL};
