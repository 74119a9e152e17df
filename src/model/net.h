/*
 * A network with weights, on a backend: parameters in one arena, and for training gradients and
 * momentum in two more, all with the same offsets. Shared by the programs that compute with it.
 */
#ifndef AN_MODEL_NET_H
#define AN_MODEL_NET_H

#include "backend/backend.h"
#include "model/network.h"

typedef struct an_param {
    char name[AN_NAME_MAX + 9]; /* "conv1.weight", "conv1.bias", "input.mean" */
    an_shape shape;
    int64_t count;
    int64_t fan_in; /* of the layer's weights: inputs of one output */
    size_t offset;  /* bytes into each arena; a multiple of AN_ALIGN */
    int layer;      /* index; -1 for input.mean */
    int which;      /* 0 weight or mean, 1 bias */
    bool learned;
} an_param;

typedef struct an_net {
    atomic_int references;
    alexnet_ctx *ctx;
    alexnet_network *network;
    an_backend *backend;
    int count;
    an_param *params; /* input.mean first if there is one, then layer by layer */
    int *node_param;  /* per node of the graph: its first parameter, or -1 */
    size_t bytes;     /* of each arena */
    void *values;
    void *gradients, *momentum; /* NULL unless made for training */
} an_net;

/**
 * Parameters are zero until written.
 * @param training  also make gradients and momentum; chooses the backend's precision
 */
alexnet_status an_net_new(an_net **out, alexnet_ctx *ctx, const alexnet_network *network,
                          bool training);
/** The same on the device and precision that a run began with; see an_backend_open_as(). */
alexnet_status an_net_new_as(an_net **out, alexnet_ctx *ctx, const alexnet_network *network,
                             bool training, const an_device_defaults *defaults);
an_net *an_net_retain(an_net *net);
void an_net_release(an_net *net); /* NULL allowed */

int an_net_find(const an_net *net, const char *name); /* -1: absent */

/** Which arena. */
typedef enum an_arena { AN_VALUES, AN_GRADIENTS, AN_MOMENTUM } an_arena;
/** A parameter in an arena, as the backend addresses it. */
void *an_net_at(const an_net *net, an_arena arena, int param);
/** Copy a parameter in or out; host data is of `type` (AN_F32 or AN_F64). */
alexnet_status an_net_write(an_net *net, an_arena arena, int param, const void *src, an_dtype type);
alexnet_status an_net_read(an_net *net, an_arena arena, int param, void *dst, an_dtype type);

/** Whether all weights are finite; if not, `*name` (may be NULL) is a tensor that is not. */
alexnet_status an_net_check_finite(an_net *net, bool *finite, const char **name);

#endif
