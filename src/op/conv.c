#include <stdio.h>

#include "base/status.h"
#include "op/check.h"

static alexnet_status resolve(an_op_desc *desc)
{
    const an_conv_desc *conv = &desc->u.conv;
    an_chw in = desc->in[0];
    AN_CHECK(an_check_groups(conv->groups, in.c));
    if (conv->k < 1 || conv->k % conv->groups)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "filters is %d, but must be a positive multiple of groups %d", conv->k,
                       conv->groups);
    desc->out.c = conv->k;
    an_window rows = {in.h, conv->top, conv->bottom, conv->r, conv->stride, conv->ceil};
    an_window columns = {in.w, conv->left, conv->right, conv->s, conv->stride, conv->ceil};
    AN_CHECK(an_check_window("filterSize", rows, &desc->out.h));
    return an_check_window("filterSize", columns, &desc->out.w);
}

static int params(const an_op_desc *desc, an_param_info params[AN_MAX_PARAMS])
{
    const an_conv_desc *conv = &desc->u.conv;
    an_shape weight = an_shape_of(4, conv->k, desc->in[0].c / conv->groups, conv->r, conv->s);
    params[0] = (an_param_info){"weight", weight, true};
    params[1] = (an_param_info){"bias", an_shape_of(1, conv->k), true};
    return 2;
}

static int64_t mult_adds(const an_op_desc *desc)
{
    const an_conv_desc *conv = &desc->u.conv;
    return an_chw_count(desc->out) * (desc->in[0].c / conv->groups) * conv->r * conv->s;
}

static void windows(const an_op_desc *desc, char *text, size_t size)
{
    const an_conv_desc *conv = &desc->u.conv;
    snprintf(text, size, " %dx%d/%d groups %d", conv->r, conv->s, conv->stride, conv->groups);
}

const an_op_info an_op_conv = {"conv", 1, 1, resolve, params, mult_adds, windows};
