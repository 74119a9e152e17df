/*
 * Packed copies of parameters. The programs of a net that read the same form share one copy, such
 * as all sessions of a model, or a training program and its validation.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "model/program/net.h"

static an_packed *find(const an_net *net, an_arena values, int node, const an_prepared *op)
{
    for (an_packed *p = net->packed; p; p = p->next)
        if (op->packing && p->packing && p->values == values && p->node == node &&
            p->bytes == op->packed && strcmp(p->packing, op->packing) == 0)
            return p;
    return NULL;
}

static void free_packed(an_net *net, an_packed *packed)
{
    if (packed->memory)
        net->backend->api->free(net->backend, packed->memory, packed->bytes);
    an_free(packed->packing);
    an_free(packed);
}

static alexnet_status make(an_packed **out, an_net *net, an_arena values, int node,
                           const an_prepared *op)
{
    an_packed *packed = an_calloc(1, sizeof *packed);
    if (!packed)
        return AN_FAIL_MEMORY(sizeof *packed, "packed weights");
    *packed = (an_packed){.values = values, .node = node, .users = 1, .bytes = op->packed};
    if (op->packing)
        packed->packing = an_strdup(op->packing);
    alexnet_status rc = op->packing && !packed->packing
                            ? AN_FAIL_MEMORY(strlen(op->packing), "packed weights")
                            : net->backend->api->alloc(net->backend, op->packed, &packed->memory);
    if (rc != ALEXNET_OK) {
        free_packed(net, packed);
        return an_fail_within(rc, "packed weights");
    }
    packed->next = net->packed;
    net->packed = packed;
    *out = packed;
    return ALEXNET_OK;
}

alexnet_status an_net_take_packed(an_packed **out, an_net *net, an_arena values, int node,
                                  const an_prepared *op)
{
    alexnet_status rc = ALEXNET_OK;
    pthread_mutex_lock(&net->lock);
    *out = find(net, values, node, op);
    if (*out)
        (*out)->users++;
    else
        rc = make(out, net, values, node, op);
    pthread_mutex_unlock(&net->lock);
    return rc;
}

void an_net_give_packed(an_net *net, an_packed *packed)
{
    if (!packed)
        return;
    pthread_mutex_lock(&net->lock);
    if (--packed->users == 0) {
        an_packed **at = &net->packed;
        while (*at != packed)
            at = &(*at)->next;
        *at = packed->next;
        free_packed(net, packed);
    }
    pthread_mutex_unlock(&net->lock);
}

size_t an_net_packed_bytes(an_net *net)
{
    size_t bytes = 0;
    pthread_mutex_lock(&net->lock);
    for (const an_packed *p = net->packed; p; p = p->next)
        bytes += p->bytes;
    pthread_mutex_unlock(&net->lock);
    return bytes;
}
