/*
 * A network with weights, on a backend. One arena holds its parameters; what training adds
 * (gradients, momentum) is in further arenas with the same offsets. All programs that compute with
 * the net share it.
 */
#ifndef AN_MODEL_PROGRAM_NET_H
#define AN_MODEL_PROGRAM_NET_H

#include <pthread.h>

#include "backend/backend.h"
#include "data/loader/loader.h"
#include "model/lpips.h"
#include "model/network/network.h"

typedef struct an_param {
    char name[AN_NAME_MAX + 9]; /* "conv1.weight", "conv1.bias", "input.mean" */
    an_shape shape;
    int64_t count;
    int64_t fan_in; /* inputs of one output of the layer's weights */
    size_t offset;  /* bytes into each arena; a multiple of AN_ALIGN */
    int layer;      /* index; -1 for input.mean */
    bool is_bias;   /* else weight or mean */
    bool learned;
} an_param;

/** Every net has AN_VALUES; nets for training also have AN_GRADIENTS and AN_MOMENTUM. AN_ARENA_ROOM
 * is the most arenas that a net can have. */
enum { AN_VALUES, AN_GRADIENTS, AN_MOMENTUM, AN_ARENA_ROOM = 8 };
typedef int an_arena;

/** Names of further arenas: Adam's second moment, the average of the weights. */
#define AN_ARENA_SQUARE "square"
#define AN_ARENA_AVERAGE "average"

/** An arena: memory for every parameter, each at its an_param.offset. */
typedef struct an_arena_info {
    char name[16]; /* "parameters", "gradients", "momentum" */
    bool saved;    /* it is state of the optimiser, which checkpoints hold as NAME.PARAMETER */
    void *memory;
} an_arena_info;

/** A copy of a node's parameters in the form that a backend's operator reads. */
typedef struct an_packed {
    struct an_packed *next;
    an_arena values; /* the arena that the copy is made from */
    int node, users;
    char *packing; /* see an_prepared.packing; NULL: not shared */
    size_t bytes;
    void *memory;
    uint64_t version; /* an_net.version when last packed; 0: never */
} an_packed;

typedef struct an_net {
    atomic_int references;
    alexnet_ctx *ctx;
    alexnet_network *network;
    an_backend *backend;
    int count;
    an_param *params; /* input.mean first if there is one, then layer by layer */
    int *node_param;  /* per node of the graph: its first parameter, or -1 */
    size_t bytes;     /* of each arena */
    int n_arenas;
    an_arena_info arenas[AN_ARENA_ROOM];
    bool *lacks;    /* per layer: its weights are missing, because the file holds only a part of the
                       network; programs that need the layer are refused. NULL: none are missing */
    an_lpips lpips; /* weights for distances between pictures, if the model's file has them */
    pthread_mutex_t lock; /* guards the fields below: sessions are created in any thread */
    uint64_t version;     /* counts changes of the arenas, from 1 */
    an_packed *packed;
} an_net;

/**
 * Parameters are zero until written.
 * @param training  also make arenas for gradients and momentum; affects the choice of precision
 */
alexnet_status an_net_new(an_net **out, alexnet_ctx *ctx, const alexnet_network *network,
                          bool training);
/** The same on the device and precision that a run began with; see an_backend_open(). */
alexnet_status an_net_new_as(an_net **out, alexnet_ctx *ctx, const alexnet_network *network,
                             bool training, const an_device_defaults *defaults);
an_net *an_net_retain(an_net *net);
void an_net_release(an_net *net); /* NULL allowed */

int an_net_find(const an_net *net, const char *name); /* -1: absent */

/**
 * Add an arena of zeros, which all later checkpoints hold if it is `saved`.
 * @param name  at most 15 characters, not that of another
 * @return its index in *arena
 */
alexnet_status an_net_add_arena(an_net *net, const char *name, bool saved, an_arena *arena);
an_arena an_net_find_arena(const an_net *net, const char *name); /* -1: absent */
/** The name under which a file holds a learned parameter of an arena: "momentum.conv1.weight". */
typedef char an_state_name[AN_NAME_MAX + 9 + 17];
const char *an_net_state_name(const an_net *net, an_arena arena, int param, an_state_name name);
/** A parameter in an arena, as the backend addresses it. */
void *an_net_at(const an_net *net, an_arena arena, int param);
/** Copy a parameter in or out; host data is of `type` (AN_F32 or AN_F64). After a write, call
 * an_program_pack() on the programs that compute with the arena. */
alexnet_status an_net_write(an_net *net, an_arena arena, int param, const void *src, an_dtype type);
/** The same for `count` values from value `first`. */
alexnet_status an_net_write_part(an_net *net, an_arena arena, int param, int64_t first,
                                 int64_t count, const void *src, an_dtype type);
/** Write the mean that the network's text gives as numbers, if it does. */
alexnet_status an_net_write_mean(an_net *net);
alexnet_status an_net_read(an_net *net, an_arena arena, int param, void *dst, an_dtype type);
/** The same for `count` values from value `first`. */
alexnet_status an_net_read_part(an_net *net, an_arena arena, int param, int64_t first,
                                int64_t count, void *dst, an_dtype type);

/** Copy all parameters of one arena to another; does nothing if both are the same. */
alexnet_status an_net_copy(an_net *net, an_arena to, an_arena from);

/** Measure the values of a parameter in an arena. */
alexnet_status an_net_norm(const an_net *net, an_arena arena, int param, an_norm *out);
/** Whether all weights are finite. If not, `*name` is the first tensor with a non-finite value;
 * `name` may be NULL. */
alexnet_status an_net_check_finite(an_net *net, bool *finite, const char **name);

/**
 * The bytes of memory available to a net and its programs, including what the net's arenas already
 * take: memory of the device, or of the host if the host computes.
 * @param unfilled  how many of the net's arenas have not been written to. The host maps them lazily
 * @param own       out, whether the device has memory of its own, which decoded pictures do not use
 */
alexnet_status an_net_available(const an_net *net, int unfilled, uint64_t *bytes, bool *own);

/** Memory for the batches of a loader that feeds programs of the net. The net must outlive it. */
an_loader_memory an_net_loader_memory(an_net *net);

/* ---- Packed copies, for programs ---- */

/**
 * Get a packed copy of a node's parameters for an operator: an existing copy in the same form, or a
 * new one, which the caller must fill. Return it with an_net_give_packed().
 * @param values  the arena that holds the parameters
 */
alexnet_status an_net_take_packed(an_packed **out, an_net *net, an_arena values, int node,
                                  const an_prepared *op);
void an_net_give_packed(an_net *net, an_packed *packed); /* NULL allowed */
/** Bytes of all packed copies. */
size_t an_net_packed_bytes(an_net *net);

#endif
