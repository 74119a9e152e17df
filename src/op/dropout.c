#include <assert.h>

#include "base/status.h"
#include "op/check.h"

static alexnet_status resolve(an_op_desc *desc)
{
    const an_dropout_desc *dropout = &desc->u.dropout;
    assert(dropout->kind == AN_DROPOUT_MASK || dropout->kind == AN_DROPOUT_INVERTED);
    assert(dropout->layer < 1u << 16); /* the unit of an_random() */
    if (!(dropout->keep > 0 && dropout->keep <= 1))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "keep is %g, but must be above 0 and at most 1", dropout->keep);
    desc->out = desc->in[0];
    return ALEXNET_OK;
}

const an_op_info an_op_dropout = {"dropout", 1, 1, resolve, NULL, NULL, NULL};
