#include "base/status.h"
#include "op/check.h"

/* Checks of the constants that both kinds share. */
static alexnet_status resolve_constants(an_op_desc *desc)
{
    const an_lrn_desc *lrn = &desc->u.lrn;
    AN_CHECK(an_check_range("size", lrn->size, 1, AN_MAX_WINDOW));
    if (lrn->size % 2 == 0)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "size is %d, but must be odd", lrn->size);
    AN_CHECK(an_check_positive("minDiv", lrn->k));
    AN_CHECK(an_check_not_negative("scale", lrn->alpha));
    AN_CHECK(an_check_not_negative("pow", lrn->beta));
    desc->out = desc->in[0];
    return ALEXNET_OK;
}

static alexnet_status resolve_across(an_op_desc *desc)
{
    AN_CHECK(an_check_groups(desc->u.lrn.groups, desc->in[0].c));
    return resolve_constants(desc);
}

static alexnet_status resolve_within(an_op_desc *desc)
{
    AN_CHECK(an_check_range("groups", desc->u.lrn.groups, 1, 1));
    return resolve_constants(desc);
}

const an_op_info an_op_lrn = {"lrn", 1, 1, resolve_across, NULL, NULL, NULL};
const an_op_info an_op_lrn_within = {"lrn_within", 1, 1, resolve_within, NULL, NULL, NULL};
