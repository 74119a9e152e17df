/*
 * cuDNN's backend interface: descriptors that keep what is set, heuristics with three engines, and
 * plans that are executed by fake_conv.c.
 *
 *     engine 0    uses tensor cores; takes what sm_80 takes: channels in multiples of 8 in bf16, of
 *                 4 in float32
 *     engine 1    exact in float32, not deterministic
 *     engine 2    exact in float32, deterministic, with a larger workspace; takes no tails
 *
 * For a graph with a tail the bias must be of the type of y, as for cuDNN's own fast engines.
 */
#include <stdlib.h>
#include <string.h>

#include "cuda/fake_conv.h"

enum { ATTRIBUTES = 16, BYTES = 64, ENGINES = 3 };

typedef struct attribute {
    cudnnBackendAttributeName_t name;
    int64_t count;
    unsigned char value[BYTES];
} attribute;

typedef struct descriptor {
    cudnnBackendDescriptorType_t type;
    bool finished;
    int n;
    attribute attributes[ATTRIBUTES];
    int64_t engine; /* of an engine, a configuration, a plan */
    const struct descriptor *graph;
} descriptor;

struct cudnnContext {
    cudaStream_t stream;
};

static cudnnStatus_t create(cudnnHandle_t *out)
{
    *out = NULL;
    if (fake.no_room)
        return CUDNN_STATUS_NOT_INITIALIZED;
    *out = calloc(1, sizeof **out);
    return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t destroy(cudnnHandle_t handle)
{
    free(handle);
    return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t set_stream(cudnnHandle_t handle, cudaStream_t stream)
{
    handle->stream = stream;
    return CUDNN_STATUS_SUCCESS;
}

static const char *error_string(cudnnStatus_t status)
{
    return status ? "an error of the fake" : "success";
}

static size_t version(void)
{
    return fake.dnn;
}

static cudnnStatus_t create_descriptor(cudnnBackendDescriptorType_t type,
                                       cudnnBackendDescriptor_t *out)
{
    descriptor *d = calloc(1, sizeof *d);
    d->type = type;
    fake_count.descriptors++;
    *out = d;
    return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t destroy_descriptor(cudnnBackendDescriptor_t d)
{
    fake_count.descriptors--;
    free(d);
    return CUDNN_STATUS_SUCCESS;
}

static size_t size_of(cudnnBackendAttributeType_t type)
{
    switch (type) {
    case CUDNN_TYPE_BOOLEAN: return sizeof(bool);
    case CUDNN_TYPE_DATA_TYPE:
    case CUDNN_TYPE_CONVOLUTION_MODE:
    case CUDNN_TYPE_HEUR_MODE:
    case CUDNN_TYPE_POINTWISE_MODE:
    case CUDNN_TYPE_NAN_PROPOGATION: return sizeof(int);
    case CUDNN_TYPE_FLOAT: return sizeof(float);
    default: return 8;
    }
}

static cudnnStatus_t set(cudnnBackendDescriptor_t which, cudnnBackendAttributeName_t name,
                         cudnnBackendAttributeType_t type, int64_t count, const void *values)
{
    descriptor *d = which;
    if (d->finished || d->n == ATTRIBUTES || size_of(type) * (size_t)count > BYTES)
        return CUDNN_STATUS_BAD_PARAM;
    attribute *a = &d->attributes[d->n++];
    a->name = name;
    a->count = count;
    memcpy(a->value, values, size_of(type) * (size_t)count);
    return CUDNN_STATUS_SUCCESS;
}

static const void *get(const descriptor *d, cudnnBackendAttributeName_t name)
{
    for (int i = 0; d && i < d->n; i++)
        if (d->attributes[i].name == name)
            return d->attributes[i].value;
    return NULL;
}

static const descriptor *get_descriptor(const descriptor *d, cudnnBackendAttributeName_t name)
{
    const void *value = get(d, name);
    return value ? *(const descriptor *const *)value : NULL;
}

static int64_t get_int64(const descriptor *d, cudnnBackendAttributeName_t name, int index)
{
    const int64_t *value = get(d, name);
    return value ? value[index] : 0;
}

/* ---- Graphs ---------------------------------------------------------------------------------- */

/* A convolution as its graph describes it. */
typedef struct operation {
    fake_conv conv;
    const descriptor *y, *bias; /* y: the last of the graph; bias NULL: none */
    int64_t post[2];            /* padding */
} operation;

static void take_tensor(fake_tensor *out, const descriptor *d)
{
    out->type = *(const cudnnDataType_t *)get(d, CUDNN_ATTR_TENSOR_DATA_TYPE);
    memcpy(out->dims, get(d, CUDNN_ATTR_TENSOR_DIMENSIONS), sizeof out->dims);
    memcpy(out->strides, get(d, CUDNN_ATTR_TENSOR_STRIDES), sizeof out->strides);
    out->id = get_int64(d, CUDNN_ATTR_TENSOR_UNIQUE_ID, 0);
}

static void take_pair(int64_t out[2], const descriptor *d, cudnnBackendAttributeName_t name)
{
    memcpy(out, get(d, name), 2 * sizeof *out);
}

/* The tensors of the first operation of a graph. */
static bool take_first(operation *op, const descriptor *d)
{
    const descriptor *conv, *x, *w;
#define AN_TAKE(DIRECTION, NAME, XNAME, WNAME, YNAME)                                              \
    op->conv.direction = DIRECTION;                                                                \
    conv = get_descriptor(d, CUDNN_ATTR_OPERATION_CONVOLUTION_##NAME##_CONV_DESC);                 \
    x = get_descriptor(d, CUDNN_ATTR_OPERATION_CONVOLUTION_##NAME##_##XNAME);                      \
    w = get_descriptor(d, CUDNN_ATTR_OPERATION_CONVOLUTION_##NAME##_##WNAME);                      \
    op->y = get_descriptor(d, CUDNN_ATTR_OPERATION_CONVOLUTION_##NAME##_##YNAME);
    switch (d->type) {
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
        AN_TAKE(AN_FORWARD, FORWARD, X, W, Y)
        break;
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
        AN_TAKE(AN_BACKWARD_DATA, BWD_DATA, DX, W, DY)
        break;
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR:
        AN_TAKE(AN_BACKWARD_WEIGHTS, BWD_FILTER, X, DW, DY)
        break;
    default: return false;
    }
    if (!conv || !x || !w || !op->y)
        return false;
    take_tensor(&op->conv.x, x);
    take_tensor(&op->conv.w, w);
    take_pair(op->conv.pad, conv, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS);
    take_pair(op->post, conv, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS);
    take_pair(op->conv.stride, conv, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES);
    return true;
}

/* Add a bias or a ReLU. @return false if it is not for what comes before it in the graph */
static bool take_next(operation *op, const descriptor *d)
{
    const descriptor *what = get_descriptor(d, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR);
    const descriptor *b = get_descriptor(d, CUDNN_ATTR_OPERATION_POINTWISE_BDESC);
    const cudnnNanPropagation_t *nan = get(what, CUDNN_ATTR_POINTWISE_NAN_PROPAGATION);
    if (get_descriptor(d, CUDNN_ATTR_OPERATION_POINTWISE_XDESC) != op->y)
        return false;
    op->y = get_descriptor(d, CUDNN_ATTR_OPERATION_POINTWISE_YDESC);
    op->conv.relu = !b;
    op->conv.keeps_nan = nan && *nan == CUDNN_PROPAGATE_NAN;
    op->bias = b ? b : op->bias;
    return true;
}

/* False for what cuDNN would refuse: sizes that do not fit, unequal padding, mixed types. */
static bool fits(const operation *op)
{
    const fake_tensor *x = &op->conv.x, *w = &op->conv.w, *y = &op->conv.y;
    int64_t groups = x->dims[1] / w->dims[1];
    if (x->dims[0] != y->dims[0] || w->dims[0] != y->dims[1] || groups * w->dims[1] != x->dims[1] ||
        y->dims[1] % groups != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        int64_t room = x->dims[2 + i] + 2 * op->conv.pad[i] - w->dims[2 + i];
        if (op->conv.pad[i] != op->post[i] || room < 0 ||
            room / op->conv.stride[i] + 1 != y->dims[2 + i])
            return false;
    }
    return x->type == w->type && x->type == y->type;
}

static bool take(operation *op, const descriptor *graph)
{
    descriptor *const *ops = get(graph, CUDNN_ATTR_OPERATIONGRAPH_OPS);
    int64_t count = 0;
    memset(op, 0, sizeof *op);
    for (int i = 0; i < graph->n; i++)
        if (graph->attributes[i].name == CUDNN_ATTR_OPERATIONGRAPH_OPS)
            count = graph->attributes[i].count;
    if (!ops || !take_first(op, ops[0]))
        return false;
    for (int64_t i = 1; i < count; i++)
        if (!take_next(op, ops[i]))
            return false;
    take_tensor(&op->conv.y, op->y);
    if (op->bias)
        take_tensor(&op->conv.bias, op->bias);
    return fits(op) && (!op->bias || op->conv.bias.type == op->conv.y.type);
}

/* ---- Engines --------------------------------------------------------------------------------- */

static bool takes(int64_t engine, const operation *op)
{
    const fake_tensor *x = &op->conv.x;
    bool bf16 = x->type == CUDNN_DATA_BFLOAT16, nhwc = x->strides[3] == x->dims[1];
    int64_t unit = bf16 ? 8 : 4, c = op->conv.w.dims[1], groups = x->dims[1] / c;
    if (op->bias && (fake.no_tails || engine == 2))
        return false;
    if (engine == 0)
        return (nhwc || !bf16) && c % unit == 0 && op->conv.y.dims[1] / groups % unit == 0;
    return !bf16;
}

static const size_t workspaces[ENGINES] = {1024, 0, 65536};

static int notes_of(int64_t engine, cudnnBackendNumericalNote_t *notes)
{
    static const cudnnBackendNumericalNote_t all[] = {CUDNN_NUMERICAL_NOTE_TENSOR_CORE,
                                                      CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC};
    if (engine > 1)
        return 0;
    notes[0] = all[engine];
    return 1;
}

static cudnnStatus_t get_attribute(cudnnBackendDescriptor_t which, cudnnBackendAttributeName_t name,
                                   cudnnBackendAttributeType_t type, int64_t room, int64_t *count,
                                   void *values)
{
    const descriptor *d = which;
    (void)type;
    if (name == CUDNN_ATTR_ENGINEHEUR_RESULTS) {
        const int64_t each = 1 + fake.more;
        for (*count = 0; *count < ENGINES * each && *count < room; ++*count) {
            descriptor *config = ((descriptor **)values)[*count];
            config->engine = *count / each;
            config->graph = get_descriptor(d, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH);
        }
        return CUDNN_STATUS_SUCCESS;
    }
    *count = 1;
    switch (name) {
    case CUDNN_ATTR_ENGINECFG_ENGINE: (*(descriptor **)values)->engine = d->engine; break;
    case CUDNN_ATTR_ENGINE_GLOBAL_INDEX: *(int64_t *)values = d->engine; break;
    case CUDNN_ATTR_ENGINE_NUMERICAL_NOTE: *count = notes_of(d->engine, values); break;
    case CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE:
        *(int64_t *)values = (int64_t)workspaces[d->engine];
        break;
    default: return CUDNN_STATUS_NOT_SUPPORTED;
    }
    return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t finish(cudnnBackendDescriptor_t which)
{
    descriptor *d = which;
    operation op;
    if (d->type == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR) {
        const descriptor *config = get_descriptor(d, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
        d->engine = config->engine;
        d->graph = config->graph;
        if (!take(&op, d->graph) || !takes(d->engine, &op))
            return CUDNN_STATUS_NOT_SUPPORTED;
        fake_count.plans++;
        fake_count.last_engine = (int)d->engine;
    }
    d->finished = true;
    return CUDNN_STATUS_SUCCESS;
}

/* ---- Execution ------------------------------------------------------------------------------- */

static void *find(const descriptor *pack, int64_t name)
{
    const int64_t *names = get(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
    void *const *pointers = get(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
    for (int i = 0; i < pack->n; i++)
        for (int64_t j = 0; pack->attributes[i].name == CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS &&
                            j < pack->attributes[i].count;
             j++)
            if (names[j] == name)
                return pointers[j];
    return NULL;
}

/* Descriptors may be destroyed when this returns. */
static cudnnStatus_t execute(cudnnHandle_t handle, cudnnBackendDescriptor_t which,
                             cudnnBackendDescriptor_t variant)
{
    const descriptor *plan = which, *pack = variant;
    void *const *workspace = get(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
    operation op;
    take(&op, plan->graph);
    fake_tensor *tensors[] = {&op.conv.x, &op.conv.w, &op.conv.y, &op.conv.bias};
    for (int i = 0; i < (op.bias ? 4 : 3); i++) {
        tensors[i]->data = find(pack, tensors[i]->id);
        if (!tensors[i]->data || (uintptr_t)tensors[i]->data % 16)
            return CUDNN_STATUS_BAD_PARAM;
    }
    op.conv.workspace_bytes = workspaces[plan->engine];
    op.conv.workspace = op.conv.workspace_bytes ? *workspace : NULL;
    if ((uintptr_t)op.conv.workspace % 16)
        return CUDNN_STATUS_BAD_PARAM;
    fake_conv_queue(&op.conv, handle->stream);
    return CUDNN_STATUS_SUCCESS;
}

void fake_fill_dnn(an_cuda_libs *libs)
{
    libs->cudnnBackendCreateDescriptor = create_descriptor;
    libs->cudnnBackendDestroyDescriptor = destroy_descriptor;
    libs->cudnnBackendExecute = execute;
    libs->cudnnBackendFinalize = finish;
    libs->cudnnBackendGetAttribute = get_attribute;
    libs->cudnnBackendSetAttribute = set;
    libs->cudnnCreate = create;
    libs->cudnnDestroy = destroy;
    libs->cudnnGetErrorString = error_string;
    libs->cudnnGetVersion = version;
    libs->cudnnSetStream = set_stream;
}
