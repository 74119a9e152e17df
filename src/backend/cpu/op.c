/*
 * What the implementations of operators call: scratch, names, and which operators follow.
 */
#include <stdio.h>
#include <string.h>

#include "backend/cpu/cpu.h"
#include "base/alloc.h"

size_t an_cpu_take(an_cpu_op *op, size_t bytes)
{
    size_t at = op->base.scratch;
    op->base.scratch += an_aligned(bytes);
    return at;
}

void an_cpu_name_impl(an_cpu_op *op, const char *forward, const char *dx, const char *dw)
{
    bool other_dx = dx && strcmp(dx, forward) != 0, other_dw = dw && strcmp(dw, forward) != 0;
    snprintf(op->impl, sizeof op->impl, "%s%s%s%s%s", forward, other_dx ? ", dx " : "",
             other_dx ? dx : "", other_dw ? ", dw " : "", other_dw ? dw : "");
}

void an_cpu_share(an_cpu_op *op, size_t bytes)
{
    if (bytes > op->shared)
        op->shared = bytes;
}

void an_cpu_pack_as(an_cpu_op *op, const char *form)
{
    static const char unnamed[] = "?";
    const size_t used = strlen(op->packing), room = sizeof op->packing - used;
    const bool named = form[0] && op->packing[0] != unnamed[0] &&
                       (size_t)snprintf(op->packing + used, room, " %s", form) < room;
    if (!named)
        snprintf(op->packing, sizeof op->packing, "%s", unnamed);
    op->base.packing = named ? op->packing : NULL;
}

static bool is_relu(const an_prepare *p, int at)
{
    return p->n_ops > at && p->ops[at]->kind == AN_OP_NEURON &&
           p->ops[at]->u.neuron.kind == AN_RELU;
}

bool an_cpu_pools_relu(const an_prepare *p, int at)
{
    bool gradients = p->want_dx || p->want_dw;
    return gradients && is_relu(p, at) && p->n_ops > at + 1 && p->ops[at + 1]->kind == AN_OP_POOL &&
           p->ops[at + 1]->u.pool.kind == AN_POOL_MAX;
}

bool an_cpu_relu_follows(const an_prepare *p)
{
    return is_relu(p, 1) && !an_cpu_pools_relu(p, 1);
}
