#include "op/op.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>

#include "base/status.h"
#include "op/check.h"

const an_op_info *const an_op_table[AN_OP_COUNT] = {
#define AN_OP(ID, name) &an_op_##name,
#include "op/ops.def"
#undef AN_OP
};

/* Every tensor must have fewer than 2^31 elements, so that backends can index it with int. */
static alexnet_status check_count(const char *what, an_shape shape)
{
    char text[96];
    for (int i = 0; i < shape.rank; i++)
        if (shape.dim[i] < 1)
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s %s has a size that is not positive",
                           what, an_shape_text(shape, text));
    int64_t count = an_shape_count(shape);
    if (count < 0 || count > INT_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s %s reaches 2^31 elements", what,
                       an_shape_text(shape, text));
    return ALEXNET_OK;
}

static alexnet_status check_activation(const char *what, int n, an_chw s)
{
    return check_count(what, an_shape_of(4, n, s.c, s.h, s.w));
}

static alexnet_status check_params(const an_op_desc *desc)
{
    an_param_info params[AN_MAX_PARAMS];
    int count = an_op_params(desc, params);
    for (int i = 0; i < count; i++)
        AN_CHECK(check_count(params[i].name, params[i].shape));
    return ALEXNET_OK;
}

alexnet_status an_op_resolve(an_op_desc *desc)
{
    assert(desc->kind >= 0 && desc->kind < AN_OP_COUNT);
    const an_op_info *info = an_op_table[desc->kind];
    AN_CHECK(an_check_range("batch", desc->n, 1, INT_MAX));
    AN_CHECK(
        an_check_range("number of inputs", desc->n_inputs, info->min_inputs, info->max_inputs));
    for (int i = 0; i < desc->n_inputs; i++)
        AN_CHECK(check_activation("input", desc->n, desc->in[i]));
    AN_CHECK(info->resolve(desc));
    AN_CHECK(check_params(desc));
    return check_activation("output", desc->n, desc->out);
}

int an_op_params(const an_op_desc *desc, an_param_info params[AN_MAX_PARAMS])
{
    const an_op_info *info = an_op_table[desc->kind];
    return info->params ? info->params(desc, params) : 0;
}

void an_op_signature(const an_op_desc *desc, char text[AN_OP_SIGNATURE])
{
    const an_op_info *info = an_op_table[desc->kind];
    char windows[64] = "";
    if (info->windows)
        info->windows(desc, windows, sizeof windows);
    snprintf(text, AN_OP_SIGNATURE, "%s%s %dx%dx%d to %dx%dx%d", info->name, windows, desc->in[0].c,
             desc->in[0].h, desc->in[0].w, desc->out.c, desc->out.h, desc->out.w);
}

int64_t an_op_mult_adds(const an_op_desc *desc)
{
    const an_op_info *info = an_op_table[desc->kind];
    return info->mult_adds ? info->mult_adds(desc) : 0;
}
