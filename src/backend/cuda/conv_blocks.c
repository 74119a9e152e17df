/*
 * Whether a first convolution takes its input from augment in blocks, and computes one column at a
 * time or two. Where no tuning says which, both are prepared and timed.
 */
#include <math.h>

#include "backend/cuda/conv.h"
#include "backend/cuda/trial.h"

/* Whether a convolution can be computed in pairs; `c` is in that form, with its tail. */
static bool can_pair(const an_cuda_conv *c)
{
    const an_cuda_conv_tail_run *t = &c->tail;
    const an_cuda_pool_run *pool = &t->pool_run;
    const int64_t x = (int64_t)c->shape.n * c->shape.c * c->shape.h * c->shape.w;
    const int64_t y = (int64_t)c->shape.n * c->shape.k * c->shape.p * c->shape.q;
    if (c->shape.stride != 1 || c->shape.groups != 1 || c->desc.out.w < 2 || x > INT32_MAX ||
        y > INT32_MAX)
        return false;
    if (t->y.shape.w == c->desc.out.w)
        return true;
    if (t->lrn)
        return an_cuda_lrn_takes_pitch(&t->lrn_run);
    return t->pool && (pool->out_w - 1) * pool->stride - pool->pad + pool->size <= c->desc.out.w;
}

/* Whether a tuning has rows for this form. */
static bool is_tuned(const an_tuning *tuning, const an_cuda_conv *c, const an_prepare *p)
{
    an_tuning_query query = an_backend_query(&c->op.cuda->base, &c->desc, p->training);
    query.tail = an_cuda_conv_tail_name(c);
    return an_cuda_is_tuned(tuning, &query, AN_FORWARD);
}

/* How long a step takes in this form, in seconds; infinity if that is not known. */
static double seconds_of(an_cuda_conv *c, const an_prepare *p)
{
    const an_layout in = {
        AN_LAYOUT_NHWC, c->shape.type, c->shape.n, {c->shape.c, c->shape.h, c->shape.w}};
    an_prepare prepare = *p;
    an_cuda_op *op;
    double seconds = 0;
    prepare.in = &in;
    if (an_cuda_conv_prepare(c->op.cuda, &prepare, &op) != ALEXNET_OK)
        return INFINITY;
    for (int d = 0; d < AN_DIRECTIONS; d++) {
        const an_cuda_conv_plan *plan = ((an_cuda_conv *)op)->plans[d];
        const double one = plan ? an_cuda_conv_plan_seconds(plan) : 0;
        seconds += plan && one == 0 ? INFINITY : one;
    }
    op->methods->free(op);
    return seconds;
}

/* Whether a convolution in blocks is to be computed in pairs.
 * @param p  of the convolution */
static bool wants_pairs(const an_cuda_conv *blocks, const an_prepare *p)
{
    an_cuda_conv one = *blocks, two = *blocks;
    an_cuda_conv_pair_columns(&two);
    an_cuda_conv_tail_fuse(&one, p);
    an_cuda_conv_tail_fuse(&two, p);
    if (!can_pair(&two))
        return false;
    const an_backend *backend = &blocks->op.cuda->base;
    const an_tuning *tunings[] = {backend->tuning, backend->default_tuning};
    for (int i = 0; i < 2; i++) {
        if (is_tuned(tunings[i], &one, p))
            return false; /* a row for both is for one at a time */
        if (is_tuned(tunings[i], &two, p))
            return true;
    }
    if (p->untried || !an_cuda_trial_times(blocks->op.cuda, blocks->shape.n))
        return false;
    /* First the usual form: a warning about missing rows of a tuning names what is tried first. */
    const double seconds = seconds_of(&one, p);
    return seconds_of(&two, p) < seconds;
}

bool an_cuda_conv_takes_blocks(an_cuda *cuda, const an_prepare *p, an_cuda_blocks *blocks,
                               an_chw *shape)
{
    const an_op_desc *desc = an_cuda_follower(p, 1, AN_OP_CONV);
    if (!desc || p->plain_out)
        return false;
    an_cuda_conv c = {.op = {.cuda = cuda}, .desc = *desc};
    an_cuda_conv_choose_form(&c);
    if (!c.blocked || !c.shape.nhwc)
        return false;
    an_prepare own = *p;
    own.ops++;
    own.n_ops--;
    own.want_dw = p->next_dw;
    own.next_dw = false;
    if (wants_pairs(&c, &own))
        an_cuda_conv_pair_columns(&c);
    *blocks = c.x_blocks;
    *shape = (an_chw){c.shape.c, c.shape.h, c.shape.w};
    return true;
}
