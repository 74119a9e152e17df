/*
 * cuDNN's backend interface: descriptors that keep what is set, heuristics with three engines, and
 * plans that are executed as plain loops.
 *
 *     engine 0    uses tensor cores; takes what sm_80 takes: channels in multiples of 8 in bf16, of
 *                 4 in float32
 *     engine 1    exact in float32, not deterministic
 *     engine 2    exact in float32, deterministic, with a larger workspace; takes no tails
 *
 * For a graph with a tail the bias must be of the type of y, as for cuDNN's own fast engines.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/fake.h"

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

static cudnnStatus_t create(cudnnHandle_t *out)
{
    *out = NULL;
    if (fake.no_room)
        return CUDNN_STATUS_NOT_INITIALIZED;
    *out = malloc(1);
    return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t destroy(cudnnHandle_t handle)
{
    free(handle);
    return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t set_stream(cudnnHandle_t handle, cudaStream_t stream)
{
    (void)handle, (void)stream;
    return CUDNN_STATUS_SUCCESS;
}

static const char *error_string(cudnnStatus_t status)
{
    return status ? "an error of the fake" : "success";
}

static size_t version(void)
{
    return 91900;
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

/* A convolution in one direction, taken out of its graph. */
typedef struct operation {
    an_direction direction;
    const descriptor *conv, *x, *w, *y; /* y: the last of the graph */
    const descriptor *bias;
    bool relu, keeps_nan;
} operation;

static cudnnDataType_t type_of(const descriptor *tensor)
{
    return *(const cudnnDataType_t *)get(tensor, CUDNN_ATTR_TENSOR_DATA_TYPE);
}

static bool is_bf16(const descriptor *tensor)
{
    return type_of(tensor) == CUDNN_DATA_BFLOAT16;
}

static int64_t dim(const descriptor *tensor, int i)
{
    return get_int64(tensor, CUDNN_ATTR_TENSOR_DIMENSIONS, i);
}

static bool is_nhwc(const descriptor *tensor)
{
    return get_int64(tensor, CUDNN_ATTR_TENSOR_STRIDES, 3) == dim(tensor, 1);
}

static bool take_first(operation *op, const descriptor *d)
{
#define AN_TAKE(DIRECTION, NAME, XNAME, WNAME, YNAME)                                              \
    op->direction = DIRECTION;                                                                     \
    op->conv = get_descriptor(d, CUDNN_ATTR_OPERATION_CONVOLUTION_##NAME##_CONV_DESC);             \
    op->x = get_descriptor(d, CUDNN_ATTR_OPERATION_CONVOLUTION_##NAME##_##XNAME);                  \
    op->w = get_descriptor(d, CUDNN_ATTR_OPERATION_CONVOLUTION_##NAME##_##WNAME);                  \
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
    return op->conv && op->x && op->w && op->y;
}

/* False for what cuDNN would refuse: sizes that do not fit, unequal padding, mixed types. */
static bool fits(const operation *op)
{
    const descriptor *c = op->conv;
    int64_t groups = dim(op->x, 1) / dim(op->w, 1);
    if (dim(op->x, 0) != dim(op->y, 0) || dim(op->w, 0) != dim(op->y, 1) ||
        groups * dim(op->w, 1) != dim(op->x, 1) || dim(op->y, 1) % groups != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        int64_t pad = get_int64(c, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, i);
        int64_t stride = get_int64(c, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, i);
        int64_t room = dim(op->x, 2 + i) + 2 * pad - dim(op->w, 2 + i);
        if (pad != get_int64(c, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, i) || room < 0 ||
            room / stride + 1 != dim(op->y, 2 + i))
            return false;
    }
    return type_of(op->x) == type_of(op->w) && type_of(op->x) == type_of(op->y);
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
    for (int64_t i = 1; i < count; i++) {
        const descriptor *what =
            get_descriptor(ops[i], CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR);
        const descriptor *b = get_descriptor(ops[i], CUDNN_ATTR_OPERATION_POINTWISE_BDESC);
        const cudnnNanPropagation_t *nan = get(what, CUDNN_ATTR_POINTWISE_NAN_PROPAGATION);
        if (get_descriptor(ops[i], CUDNN_ATTR_OPERATION_POINTWISE_XDESC) != op->y)
            return false;
        op->y = get_descriptor(ops[i], CUDNN_ATTR_OPERATION_POINTWISE_YDESC);
        op->relu = !b;
        op->keeps_nan = nan && *nan == CUDNN_PROPAGATE_NAN;
        op->bias = b ? b : op->bias;
    }
    return fits(op) && (!op->bias || type_of(op->bias) == type_of(op->y));
}

/* ---- Engines --------------------------------------------------------------------------------- */

static bool takes(int64_t engine, const operation *op)
{
    int64_t unit = is_bf16(op->x) ? 8 : 4, groups = dim(op->x, 1) / dim(op->w, 1);
    if (op->bias && (fake.no_tails || engine == 2))
        return false;
    if (engine == 0)
        return (is_nhwc(op->x) || !is_bf16(op->x)) && dim(op->w, 1) % unit == 0 &&
               dim(op->y, 1) / groups % unit == 0;
    return !is_bf16(op->x);
}

static const int64_t workspaces[ENGINES] = {1024, 0, 65536};

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
        for (*count = 0; *count < ENGINES && *count < room; ++*count) {
            descriptor *config = ((descriptor **)values)[*count];
            config->engine = *count;
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
        *(int64_t *)values = workspaces[d->engine];
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

typedef struct data {
    void *x, *w, *y, *bias;
} data;

static int64_t at(const descriptor *t, int64_t a, int64_t b, int64_t c, int64_t d)
{
    const int64_t *s = get(t, CUDNN_ATTR_TENSOR_STRIDES);
    return a * s[0] + b * s[1] + c * s[2] + d * s[3];
}

typedef void tap_fn(const operation *op, const data *p, double *sums, int64_t x, int64_t w,
                    int64_t y);

/* Call `tap` for every weight and output whose pixel lies inside the image. */
static void visit(const operation *op, const data *p, double *sums, tap_fn *tap)
{
    const descriptor *x = op->x, *w = op->w, *y = op->y;
    const int64_t *pad = get(op->conv, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS);
    const int64_t *stride = get(op->conv, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES);
    int64_t groups = dim(x, 1) / dim(w, 1), k_each = dim(y, 1) / groups;
    for (int64_t n = 0; n < dim(y, 0); n++)
        for (int64_t k = 0; k < dim(y, 1); k++)
            for (int64_t i = 0; i < dim(y, 2); i++)
                for (int64_t j = 0; j < dim(y, 3); j++)
                    for (int64_t r = 0; r < dim(w, 2); r++)
                        for (int64_t s = 0; s < dim(w, 3); s++) {
                            int64_t row = i * stride[0] - pad[0] + r;
                            int64_t column = j * stride[1] - pad[1] + s;
                            if (row < 0 || row >= dim(x, 2) || column < 0 || column >= dim(x, 3))
                                continue;
                            for (int64_t c = 0; c < dim(w, 1); c++)
                                tap(op, p, sums, at(x, n, k / k_each * dim(w, 1) + c, row, column),
                                    at(w, k, c, r, s), at(y, n, k, i, j));
                        }
}

static void to_y(const operation *op, const data *p, double *sums, int64_t x, int64_t w, int64_t y)
{
    sums[y] += fake_load(p->x, x, is_bf16(op->x)) * fake_load(p->w, w, is_bf16(op->w));
}

static void to_x(const operation *op, const data *p, double *sums, int64_t x, int64_t w, int64_t y)
{
    sums[x] += fake_load(p->y, y, is_bf16(op->y)) * fake_load(p->w, w, is_bf16(op->w));
}

static void to_w(const operation *op, const data *p, double *sums, int64_t x, int64_t w, int64_t y)
{
    sums[w] += fake_load(p->y, y, is_bf16(op->y)) * fake_load(p->x, x, is_bf16(op->x));
}

static void add_tail(const operation *op, const data *p, double *sums)
{
    for (int64_t n = 0; n < dim(op->y, 0); n++)
        for (int64_t k = 0; k < dim(op->y, 1); k++)
            for (int64_t i = 0; i < dim(op->y, 2); i++)
                for (int64_t j = 0; j < dim(op->y, 3); j++) {
                    double *v = &sums[at(op->y, n, k, i, j)];
                    *v += fake_load(p->bias, k, is_bf16(op->bias));
                    if (op->relu)
                        *v = op->keeps_nan && isnan(*v) ? *v : fmax(*v, 0);
                }
}

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

static cudnnStatus_t execute(cudnnHandle_t handle, cudnnBackendDescriptor_t which,
                             cudnnBackendDescriptor_t variant)
{
    static tap_fn *const taps[] = {to_y, to_x, to_w};
    const descriptor *plan = which, *pack = variant;
    void *const *workspace = get(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
    operation op;
    (void)handle;
    take(&op, plan->graph);
    data p = {find(pack, get_int64(op.x, CUDNN_ATTR_TENSOR_UNIQUE_ID, 0)),
              find(pack, get_int64(op.w, CUDNN_ATTR_TENSOR_UNIQUE_ID, 0)),
              find(pack, get_int64(op.y, CUDNN_ATTR_TENSOR_UNIQUE_ID, 0)),
              op.bias ? find(pack, get_int64(op.bias, CUDNN_ATTR_TENSOR_UNIQUE_ID, 0)) : NULL};
    if (!p.x || !p.w || !p.y || (op.bias && !p.bias) || (uintptr_t)p.x % 16 ||
        (uintptr_t)p.w % 16 || (uintptr_t)p.y % 16)
        return CUDNN_STATUS_BAD_PARAM;
    if (workspaces[plan->engine])
        memset(*workspace, 0xff, (size_t)workspaces[plan->engine]);
    const descriptor *out = op.direction == AN_FORWARD         ? op.y
                            : op.direction == AN_BACKWARD_DATA ? op.x
                                                               : op.w;
    void *to = op.direction == AN_FORWARD ? p.y : op.direction == AN_BACKWARD_DATA ? p.x : p.w;
    int64_t count = dim(out, 0) * dim(out, 1) * dim(out, 2) * dim(out, 3);
    double *sums = calloc((size_t)count, sizeof *sums);
    visit(&op, &p, sums, taps[op.direction]);
    if (op.bias)
        add_tail(&op, &p, sums);
    for (int64_t i = 0; i < count; i++)
        fake_store(to, i, is_bf16(out), sums[i]);
    free(sums);
    fake_count.convolutions++;
    fake_count.last_workspace = (size_t)workspaces[plan->engine];
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
