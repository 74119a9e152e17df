#include "model/program/net.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/memory.h"
#include "base/status.h"

/* Give every parameter of the graph its name and place. */
static alexnet_status list_params(an_net *net)
{
    const an_graph *graph = &net->network->graph;
    net->params = an_calloc((size_t)graph->count * AN_MAX_PARAMS, sizeof *net->params);
    net->node_param = an_calloc((size_t)graph->count, sizeof *net->node_param);
    if (!net->params || !net->node_param)
        return AN_FAIL_MEMORY(graph->count * sizeof *net->params, "the list of parameters");
    for (int i = 0; i < graph->count; i++) {
        const an_node *node = &graph->nodes[i];
        an_param_info infos[AN_MAX_PARAMS];
        int n = an_op_params(&node->desc, infos);
        net->node_param[i] = n ? net->count : -1;
        for (int j = 0; j < n; j++) {
            an_param *param = &net->params[net->count++];
            const char *layer = node->layer < 0 ? "input" : net->network->layers[node->layer].name;
            snprintf(param->name, sizeof param->name, "%s.%s", layer, infos[j].name);
            param->shape = infos[j].shape;
            param->count = an_shape_count(infos[j].shape);
            param->fan_in = an_shape_count(infos[0].shape) / infos[0].shape.dim[0];
            param->layer = node->layer;
            param->is_bias = j == 1;
            param->learned = infos[j].learned;
            param->offset = net->bytes;
            size_t bytes = (size_t)param->count * an_dtype_bytes(net->backend->param_dtype);
            net->bytes += an_aligned(bytes);
        }
    }
    return ALEXNET_OK;
}

alexnet_status an_net_add_arena(an_net *net, const char *name, bool saved, an_arena *arena)
{
    assert(net->n_arenas < AN_ARENA_ROOM && strlen(name) < sizeof net->arenas->name);
    assert(an_net_find_arena(net, name) < 0);
    an_arena_info *info = &net->arenas[net->n_arenas];
    alexnet_status rc = net->backend->api->alloc(net->backend, net->bytes, &info->memory);
    if (rc != ALEXNET_OK)
        return an_fail_within(rc, name);
    snprintf(info->name, sizeof info->name, "%s", name);
    info->saved = saved;
    *arena = net->n_arenas++;
    return ALEXNET_OK;
}

an_arena an_net_find_arena(const an_net *net, const char *name)
{
    for (an_arena i = 0; i < net->n_arenas; i++)
        if (strcmp(net->arenas[i].name, name) == 0)
            return i;
    return -1;
}

const char *an_net_state_name(const an_net *net, an_arena arena, int param, an_state_name name)
{
    snprintf(name, sizeof(an_state_name), "%s.%s", net->arenas[arena].name,
             net->params[param].name);
    return name;
}

/* Make the arenas in the order of AN_VALUES and so on. */
static alexnet_status make_arenas(an_net *net, bool training)
{
    an_arena arena = -1;
    AN_CHECK(an_net_add_arena(net, "parameters", false, &arena));
    assert(arena == AN_VALUES);
    if (!training)
        return ALEXNET_OK;
    AN_CHECK(an_net_add_arena(net, "gradients", false, &arena));
    assert(arena == AN_GRADIENTS);
    AN_CHECK(an_net_add_arena(net, "momentum", true, &arena));
    assert(arena == AN_MOMENTUM);
    return ALEXNET_OK;
}

alexnet_status an_net_new(an_net **out, alexnet_ctx *ctx, const alexnet_network *network,
                          bool training)
{
    return an_net_new_as(out, ctx, network, training, NULL);
}

alexnet_status an_net_new_as(an_net **out, alexnet_ctx *ctx, const alexnet_network *network,
                             bool training, const an_device_defaults *defaults)
{
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    an_net *net = an_calloc(1, sizeof *net);
    if (!net)
        return AN_FAIL_MEMORY(sizeof *net, "a network");
    atomic_init(&net->references, 1);
    pthread_mutex_init(&net->lock, NULL);
    net->version = 1;
    net->ctx = an_ctx_retain(ctx);
    net->network = an_network_retain((alexnet_network *)network);
    AN_TRY(an_backend_open(&net->backend, ctx, training, defaults));
    AN_TRY(list_params(net));
    AN_TRY(make_arenas(net, training));
    *out = net;
    net = NULL;
cleanup:
    an_net_release(net);
    return rc;
}

an_net *an_net_retain(an_net *net)
{
    atomic_fetch_add(&net->references, 1);
    return net;
}

void an_net_release(an_net *net)
{
    if (!net || atomic_fetch_sub(&net->references, 1) != 1)
        return;
    assert(!net->packed);
    for (int i = 0; i < net->n_arenas; i++)
        net->backend->api->free(net->backend, net->arenas[i].memory, net->bytes);
    an_backend_close(net->backend);
    an_lpips_free(&net->lpips);
    an_free(net->lacks);
    an_free(net->params);
    an_free(net->node_param);
    an_network_release(net->network);
    an_ctx_release(net->ctx);
    pthread_mutex_destroy(&net->lock);
    an_free(net);
}

static alexnet_status alloc_batch(void *user, size_t bytes, void **out)
{
    an_backend *be = user;
    if (be->api->alloc_host)
        return be->api->alloc_host(be, bytes, out);
    *out = an_alloc_big(bytes);
    return *out ? ALEXNET_OK : AN_FAIL_MEMORY(bytes, "a batch of pictures");
}

static void free_batch(void *user, void *block, size_t bytes)
{
    an_backend *be = user;
    if (be->api->free_host)
        be->api->free_host(be, block, bytes);
    else
        an_free_big(block, bytes);
}

alexnet_status an_net_available(const an_net *net, int unfilled, uint64_t *bytes, bool *own)
{
    an_backend *be = net->backend;
    *own = be->api->available != NULL;
    if (*own) {
        AN_CHECK(be->api->available(be, bytes));
        *bytes += (uint64_t)net->n_arenas * net->bytes;
    } else {
        *bytes = an_memory_available("", (uint64_t)unfilled * net->bytes);
    }
    return ALEXNET_OK;
}

an_loader_memory an_net_loader_memory(an_net *net)
{
    return (an_loader_memory){alloc_batch, free_batch, net->backend};
}

int an_net_find(const an_net *net, const char *name)
{
    for (int i = 0; i < net->count; i++)
        if (strcmp(net->params[i].name, name) == 0)
            return i;
    return -1;
}

void *an_net_at(const an_net *net, an_arena arena, int param)
{
    assert(arena >= 0 && arena < net->n_arenas);
    return (char *)net->arenas[arena].memory + net->params[param].offset;
}

/* Where value `first` of a parameter is, of which `count` from there on must exist. */
static char *values_at(const an_net *net, an_arena arena, int param, int64_t first, int64_t count)
{
    assert(first >= 0 && count >= 0 && first + count <= net->params[param].count);
    (void)count;
    return (char *)an_net_at(net, arena, param) +
           (size_t)first * an_dtype_bytes(net->backend->param_dtype);
}

alexnet_status an_net_write_part(an_net *net, an_arena arena, int param, int64_t first,
                                 int64_t count, const void *src, an_dtype type)
{
    net->version++;
    return an_backend_write(net->backend, values_at(net, arena, param, first, count), src, type,
                            count);
}

alexnet_status an_net_write(an_net *net, an_arena arena, int param, const void *src, an_dtype type)
{
    return an_net_write_part(net, arena, param, 0, net->params[param].count, src, type);
}

alexnet_status an_net_write_mean(an_net *net)
{
    const an_input *input = &net->network->input;
    if (input->mean != AN_INPUT_MEAN_FIXED)
        return ALEXNET_OK;
    return an_net_write(net, AN_VALUES, an_net_find(net, "input.mean"), input->fixed_mean, AN_F64);
}

alexnet_status an_net_read_part(an_net *net, an_arena arena, int param, int64_t first,
                                int64_t count, void *dst, an_dtype type)
{
    return an_backend_read(net->backend, dst, values_at(net, arena, param, first, count), type,
                           count);
}

alexnet_status an_net_read(an_net *net, an_arena arena, int param, void *dst, an_dtype type)
{
    return an_net_read_part(net, arena, param, 0, net->params[param].count, dst, type);
}

/* A copy from arena to arena passes through a block of this many values. */
enum { CHUNK = 1 << 16 };

static alexnet_status copy_param(an_net *net, an_arena to, an_arena from, int param, void *block)
{
    const an_dtype type = net->backend->param_dtype;
    const int64_t count = net->params[param].count;
    for (int64_t done = 0; done < count; done += CHUNK) {
        const int64_t n = count - done < CHUNK ? count - done : CHUNK;
        AN_CHECK(an_net_read_part(net, from, param, done, n, block, type));
        AN_CHECK(an_net_write_part(net, to, param, done, n, block, type));
    }
    return ALEXNET_OK;
}

alexnet_status an_net_copy(an_net *net, an_arena to, an_arena from)
{
    if (to == from)
        return ALEXNET_OK;
    alexnet_status rc = ALEXNET_OK;
    void *block = an_malloc(CHUNK * sizeof(double));
    if (!block)
        return AN_FAIL_MEMORY(CHUNK * sizeof(double), "a copy of parameters");
    for (int i = 0; i < net->count && rc == ALEXNET_OK; i++)
        rc = copy_param(net, to, from, i, block);
    an_free(block);
    return rc;
}

alexnet_status an_net_norm(const an_net *net, an_arena arena, int param, an_norm *out)
{
    const an_span span = {an_net_at(net, arena, param), net->params[param].count};
    return net->backend->api->norms(net->backend, &span, 1, out);
}

alexnet_status an_net_check_finite(an_net *net, bool *finite, const char **name)
{
    *finite = true;
    for (int i = 0; i < net->count; i++) {
        an_norm norm;
        AN_CHECK(an_net_norm(net, AN_VALUES, i, &norm));
        if (norm.not_finite) {
            *finite = false;
            if (name)
                *name = net->params[i].name;
            return ALEXNET_OK;
        }
    }
    return ALEXNET_OK;
}
