#include "backend/cuda/conv_plan.h"

#include <stdio.h>

#include "backend/cuda/trial.h"
#include "base/alloc.h"

enum { MAX_MADE = 24, MAX_CONFIGS = 24 };

/* Names of the tensors in a graph. */
enum { X = 'x', W = 'w', Y = 'y', BIAS = 'b', BETWEEN = 'v' };

struct an_cuda_conv_plan {
    an_cuda *cuda; /* borrowed */
    bool bias;
    cudnnBackendDescriptor_t made[MAX_MADE]; /* to be destroyed, last first */
    int n_made;
    cudnnBackendDescriptor_t plan;
    int64_t workspace, engine;
};

/* ---- Descriptors: the first failure stands, and later calls do nothing ----------------------- */

typedef struct maker {
    an_cuda_conv_plan *plan;
    const an_cuda_libs *libs;
    cudnnStatus_t status;
} maker;

static cudnnBackendDescriptor_t make(maker *m, cudnnBackendDescriptorType_t type)
{
    cudnnBackendDescriptor_t made = NULL;
    if (m->status == CUDNN_STATUS_SUCCESS && m->plan->n_made == MAX_MADE)
        m->status = CUDNN_STATUS_INTERNAL_ERROR;
    if (m->status == CUDNN_STATUS_SUCCESS)
        m->status = m->libs->cudnnBackendCreateDescriptor(type, &made);
    if (m->status == CUDNN_STATUS_SUCCESS)
        m->plan->made[m->plan->n_made++] = made;
    return made;
}

static void set(maker *m, cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                cudnnBackendAttributeType_t type, int64_t count, const void *values)
{
    if (m->status == CUDNN_STATUS_SUCCESS)
        m->status = m->libs->cudnnBackendSetAttribute(d, name, type, count, values);
}

static void set_one(maker *m, cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                    const cudnnBackendDescriptor_t *value)
{
    set(m, d, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, value);
}

static void finish(maker *m, cudnnBackendDescriptor_t d)
{
    if (m->status == CUDNN_STATUS_SUCCESS)
        m->status = m->libs->cudnnBackendFinalize(d);
}

/* ---- The graph ------------------------------------------------------------------------------- */

static cudnnDataType_t type_of(an_dtype dtype)
{
    return dtype == AN_BF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

/* A tensor of four extents. BETWEEN and BETWEEN - 1 are float32 and never in memory. */
static cudnnBackendDescriptor_t tensor(maker *m, const an_cuda_conv_shape *shape, int64_t name,
                                       const int64_t d[4])
{
    bool within = name == BETWEEN || name == BETWEEN - 1;
    int64_t plain[4] = {d[1] * d[2] * d[3], d[2] * d[3], d[3], 1};
    int64_t last[4] = {d[1] * d[2] * d[3], 1, d[3] * d[1], d[1]};
    int64_t alignment = 16;
    cudnnDataType_t type = within ? CUDNN_DATA_FLOAT : type_of(shape->type);
    cudnnBackendDescriptor_t t = make(m, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    set(m, t, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
    set(m, t, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, d);
    set(m, t, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, shape->nhwc ? last : plain);
    set(m, t, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &name);
    set(m, t, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &alignment);
    set(m, t, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &within);
    finish(m, t);
    return t;
}

static cudnnBackendDescriptor_t convolution(maker *m, const an_cuda_conv_shape *s)
{
    const cudnnDataType_t sums = CUDNN_DATA_FLOAT;
    const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    const int64_t two = 2, one[2] = {1, 1};
    const int64_t strides[2] = {s->stride, s->stride}, padding[2] = {s->top, s->left};
    cudnnBackendDescriptor_t c = make(m, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    set(m, c, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &sums);
    set(m, c, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
    set(m, c, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &two);
    set(m, c, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, one);
    set(m, c, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, strides);
    set(m, c, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, padding);
    set(m, c, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, padding);
    finish(m, c);
    return c;
}

/* cuDNN's names for the parts of the operation in each direction. */
static const struct {
    cudnnBackendDescriptorType_t type;
    cudnnBackendAttributeName_t conv, x, w, y, alpha, beta;
} parts[AN_DIRECTIONS] = {
    [AN_FORWARD] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA},
    [AN_BACKWARD_DATA] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA},
    [AN_BACKWARD_WEIGHTS] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA},
};

/* x + b, or ReLU of x, in which a NaN stays one. */
static cudnnBackendDescriptor_t pointwise(maker *m, const cudnnBackendDescriptor_t *x,
                                          const cudnnBackendDescriptor_t *b,
                                          const cudnnBackendDescriptor_t *y)
{
    const cudnnPointwiseMode_t mode = b ? CUDNN_POINTWISE_ADD : CUDNN_POINTWISE_RELU_FWD;
    const cudnnDataType_t type = CUDNN_DATA_FLOAT;
    const cudnnNanPropagation_t nan = CUDNN_PROPAGATE_NAN;
    cudnnBackendDescriptor_t what = make(m, CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
    set(m, what, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
    set(m, what, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &type);
    if (!b)
        set(m, what, CUDNN_ATTR_POINTWISE_NAN_PROPAGATION, CUDNN_TYPE_NAN_PROPOGATION, 1, &nan);
    finish(m, what);
    cudnnBackendDescriptor_t op = make(m, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
    set_one(m, op, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, &what);
    set_one(m, op, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
    if (b)
        set_one(m, op, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
    set_one(m, op, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
    finish(m, op);
    return op;
}

static cudnnBackendDescriptor_t graph(maker *m, const an_cuda_conv_shape *s, an_direction direction,
                                      an_cuda_conv_tail tail)
{
    const int64_t x_dims[] = {s->n, s->c, s->h, s->w}, bias_dims[] = {1, s->k, 1, 1};
    const int64_t w_dims[] = {s->k, s->c / s->groups, s->r, s->s};
    const int64_t y_dims[] = {s->n, s->k, s->p, s->q};
    const float alpha = 1, beta = 0;
    cudnnBackendDescriptor_t x = tensor(m, s, X, x_dims), w = tensor(m, s, W, w_dims), ops[3];
    cudnnBackendDescriptor_t conv = convolution(m, s);
    cudnnBackendDescriptor_t y = tensor(m, s, tail ? BETWEEN : Y, y_dims);
    int n = 0;
    ops[n] = make(m, parts[direction].type);
    set_one(m, ops[n], parts[direction].conv, &conv);
    set_one(m, ops[n], parts[direction].x, &x);
    set_one(m, ops[n], parts[direction].w, &w);
    set_one(m, ops[n], parts[direction].y, &y);
    set(m, ops[n], parts[direction].alpha, CUDNN_TYPE_FLOAT, 1, &alpha);
    set(m, ops[n], parts[direction].beta, CUDNN_TYPE_FLOAT, 1, &beta);
    finish(m, ops[n++]);
    if (tail) {
        cudnnBackendDescriptor_t b = tensor(m, s, BIAS, bias_dims);
        cudnnBackendDescriptor_t sum =
            tensor(m, s, tail == AN_CUDA_TAIL_RELU ? BETWEEN - 1 : Y, y_dims);
        ops[n++] = pointwise(m, &y, &b, &sum);
        y = sum;
    }
    if (tail == AN_CUDA_TAIL_RELU) {
        cudnnBackendDescriptor_t out = tensor(m, s, Y, y_dims);
        ops[n++] = pointwise(m, &y, NULL, &out);
    }
    cudnnBackendDescriptor_t all = make(m, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    set(m, all, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, n, ops);
    set(m, all, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &m->plan->cuda->dnn);
    finish(m, all);
    return all;
}

/* ---- The engine ------------------------------------------------------------------------------ */

/* This engine for gradients of weights in float32 errs by 1% with 5x5 filters (cuDNN 9.19 on
 * sm_90), and none of its notes says so. */
enum { COARSE_WEIGHTS_ENGINE = 17 };

typedef struct choice {
    maker *m;
    an_direction direction;
    const an_cuda_conv_shape *shape;
    const char *key;    /* by which the choice is remembered */
    bool exact;         /* float32 alone */
    bool deterministic; /* the same bits every time */
    int64_t most;       /* bytes of workspace */
} choice;

/* Whether the numerical notes of an engine are acceptable. */
static bool is_wanted(const choice *c, cudnnBackendDescriptor_t engine)
{
    cudnnBackendNumericalNote_t notes[CUDNN_NUMERICAL_NOTE_TYPE_COUNT];
    int64_t count = 0;
    if (c->exact && c->direction == AN_BACKWARD_WEIGHTS &&
        c->m->plan->engine == COARSE_WEIGHTS_ENGINE)
        return false;
    if (c->m->libs->cudnnBackendGetAttribute(
            engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
            CUDNN_NUMERICAL_NOTE_TYPE_COUNT, &count, notes) != CUDNN_STATUS_SUCCESS)
        return false;
    for (int64_t i = 0; i < count && i < CUDNN_NUMERICAL_NOTE_TYPE_COUNT; i++) {
        cudnnBackendNumericalNote_t note = notes[i];
        if (c->deterministic && note == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)
            return false;
        if (c->exact && (note == CUDNN_NUMERICAL_NOTE_TENSOR_CORE ||
                         note == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS))
            return false;
        if (note == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION ||
            note == CUDNN_NUMERICAL_NOTE_FFT || note == CUDNN_NUMERICAL_NOTE_WINOGRAD ||
            (note >= CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4 &&
             note <= CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13))
            return false;
    }
    return true;
}

static void undo(an_cuda_conv_plan *plan, int before)
{
    while (plan->n_made > before)
        plan->cuda->libs->cudnnBackendDestroyDescriptor(plan->made[--plan->n_made]);
}

/* Make a plan of a configuration. @return false if it is not wanted or not available */
static bool try_config(const choice *c, cudnnBackendDescriptor_t config)
{
    an_cuda_conv_plan *plan = c->m->plan;
    const an_cuda_libs *libs = c->m->libs;
    int64_t got = 0;
    int before = plan->n_made;
    maker m = {plan, libs, CUDNN_STATUS_SUCCESS};
    cudnnBackendDescriptor_t engine = make(&m, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    bool good =
        m.status == CUDNN_STATUS_SUCCESS &&
        libs->cudnnBackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_ENGINE,
                                       CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &got,
                                       &engine) == CUDNN_STATUS_SUCCESS &&
        libs->cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1,
                                       &got, &plan->engine) == CUDNN_STATUS_SUCCESS &&
        is_wanted(c, engine);
    if (good) {
        plan->plan = make(&m, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
        set(&m, plan->plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1,
            &plan->cuda->dnn);
        set_one(&m, plan->plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, &config);
        finish(&m, plan->plan);
        good = m.status == CUDNN_STATUS_SUCCESS &&
               libs->cudnnBackendGetAttribute(plan->plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                                              CUDNN_TYPE_INT64, 1, &got,
                                              &plan->workspace) == CUDNN_STATUS_SUCCESS &&
               plan->workspace <= c->most;
    }
    if (!good)
        undo(plan, before);
    return good;
}

/* Blocks of a trial. */
enum { X_BLOCK, W_BLOCK, Y_BLOCK, BIAS_BLOCK, WORK_BLOCK };

typedef struct trial_run {
    const an_cuda_conv_plan *plan;
    an_cuda_trial *trial;
} trial_run;

static alexnet_status run_trial(void *arg)
{
    const trial_run *r = arg;
    void *const *block = r->trial->block;
    return an_cuda_conv_plan_run(r->plan, block[X_BLOCK], block[W_BLOCK], block[Y_BLOCK],
                                 block[BIAS_BLOCK], block[WORK_BLOCK]);
}

static alexnet_status get_trial_memory(an_cuda_trial *t, const an_cuda_conv_shape *s)
{
    const size_t each = an_dtype_bytes(s->type);
    const int64_t counts[] = {[X_BLOCK] = (int64_t)s->n * s->c * s->h * s->w,
                              [W_BLOCK] = (int64_t)s->k * (s->c / s->groups) * s->r * s->s,
                              [Y_BLOCK] = (int64_t)s->n * s->k * s->p * s->q,
                              [BIAS_BLOCK] = s->k};
    for (int i = X_BLOCK; i <= BIAS_BLOCK; i++)
        AN_CHECK(an_cuda_trial_block(t, i, each * (size_t)counts[i]));
    return ALEXNET_OK;
}

/* The number of the fastest proposal; AUTO if none is available, or no memory for trials. */
static an_variant find_fastest(const choice *c, const cudnnBackendDescriptor_t *configs,
                               int64_t count)
{
    an_cuda_conv_plan *plan = c->m->plan;
    an_cuda_trial trial = {.cuda = plan->cuda};
    trial_run run = {plan, &trial};
    an_variant best = AN_CUDA_AUTO, tried = 0;
    int before = plan->n_made;
    double least = 0;
    alexnet_status rc = get_trial_memory(&trial, c->shape);
    for (int64_t i = 0; i < count && tried < AN_CUDA_TRIALS && rc == ALEXNET_OK; i++) {
        double seconds = 0;
        if (!try_config(c, configs[i]))
            continue;
        tried++;
        if (an_cuda_trial_block(&trial, WORK_BLOCK, (size_t)plan->workspace + 1) == ALEXNET_OK &&
            an_cuda_trial_time(&trial, run_trial, &run, &seconds) == ALEXNET_OK &&
            (best == AN_CUDA_AUTO || seconds < least)) {
            best = tried;
            least = seconds;
        }
        undo(plan, before);
    }
    an_cuda_trial_end(&trial);
    return best;
}

/* Make the plan of proposal `number`. */
static bool take(const choice *c, const cudnnBackendDescriptor_t *configs, int64_t count,
                 an_variant number)
{
    an_cuda_conv_plan *plan = c->m->plan;
    int before = plan->n_made;
    for (int64_t i = 0; i < count; i++) {
        if (!try_config(c, configs[i]))
            continue;
        if (--number == 0)
            return true;
        undo(plan, before);
    }
    return false;
}

/* Take the proposal that was asked for, the fastest, or the first. */
static bool choose_among(const choice *c, const cudnnBackendDescriptor_t *configs, int64_t count,
                         an_variant *variant)
{
    an_cuda *cuda = c->m->plan->cuda;
    if (*variant == AN_CUDA_AUTO && an_cuda_trial_wanted(cuda, c->shape->n)) {
        *variant = an_cuda_choice_find(cuda, c->key);
        if (*variant == AN_CUDA_AUTO) {
            *variant = find_fastest(c, configs, count);
            an_cuda_choice_keep(cuda, c->key, *variant);
        }
    }
    if (*variant > AN_CUDA_PROPOSAL && take(c, configs, count, *variant))
        return true;
    *variant = AN_CUDA_PROPOSAL;
    return take(c, configs, count, AN_CUDA_PROPOSAL);
}

/* Ask for configurations, best first, and take one of them. */
static bool choose(const choice *c, cudnnBackendDescriptor_t all, cudnnBackendHeurMode_t mode,
                   an_variant *variant)
{
    maker *m = c->m;
    const an_cuda_libs *libs = m->libs;
    cudnnBackendDescriptor_t configs[MAX_CONFIGS] = {NULL};
    int64_t count = 0;
    bool found = false;
    cudnnBackendDescriptor_t asked = make(m, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    set_one(m, asked, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, &all);
    set(m, asked, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
    finish(m, asked);
    for (int i = 0; i < MAX_CONFIGS && m->status == CUDNN_STATUS_SUCCESS; i++)
        m->status =
            libs->cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &configs[i]);
    if (m->status == CUDNN_STATUS_SUCCESS)
        m->status = libs->cudnnBackendGetAttribute(asked, CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                                   CUDNN_TYPE_BACKEND_DESCRIPTOR, MAX_CONFIGS,
                                                   &count, configs);
    if (m->status == CUDNN_STATUS_SUCCESS)
        found = choose_among(c, configs, count < MAX_CONFIGS ? count : MAX_CONFIGS, variant);
    for (int i = 0; i < MAX_CONFIGS; i++)
        if (configs[i])
            libs->cudnnBackendDestroyDescriptor(configs[i]);
    return found;
}

/* The most workspace: an engine may copy its operands once, but not need many times their size. */
static int64_t most_workspace(const an_cuda_conv_shape *s)
{
    int64_t x = (int64_t)s->c * s->h * s->w, y = (int64_t)s->k * s->p * s->q;
    return 2 * (x + y) * s->n * (int64_t)an_dtype_bytes(s->type) + ((int64_t)256 << 20);
}

/* The key of a convolution's choice: its shape, direction and tail. */
static void write_key(char *key, size_t size, const an_cuda_conv_shape *s, an_direction direction,
                      an_cuda_conv_tail tail)
{
    snprintf(key, size, "conv %d %d: %d %d %d %d, %d %d %d, %d %d / %d, %d %d, %d %d %d",
             (int)direction, (int)tail, s->n, s->c, s->h, s->w, s->k, s->r, s->s, s->p, s->q,
             s->groups, s->stride, s->top, s->left, (int)s->type, s->tensor_cores);
}

static const char *const direction_texts[] = {"forward", "gradients of data",
                                              "gradients of weights"};

alexnet_status an_cuda_conv_plan_new(an_cuda_conv_plan **out, an_cuda *cuda,
                                     const an_cuda_conv_shape *shape, an_direction direction,
                                     an_cuda_conv_tail tail, an_variant *variant)
{
    *out = NULL;
    an_cuda_conv_plan *plan = an_calloc(1, sizeof *plan);
    if (!plan)
        return AN_FAIL_MEMORY(sizeof *plan, "a convolution");
    plan->cuda = cuda;
    plan->bias = tail != AN_CUDA_TAIL_NONE;
    maker m = {plan, cuda->libs, CUDNN_STATUS_SUCCESS};
    cudnnBackendDescriptor_t all = graph(&m, shape, direction, tail);
    char key[sizeof cuda->choices[0].key];
    write_key(key, sizeof key, shape, direction, tail);
    const choice c = {&m,
                      direction,
                      shape,
                      key,
                      shape->type == AN_F32 && !shape->tensor_cores,
                      cuda->base.deterministic,
                      most_workspace(shape)};
    bool found = m.status == CUDNN_STATUS_SUCCESS && choose(&c, all, CUDNN_HEUR_MODE_A, variant);
    if (!found) { /* fallback engines are not numbered as proposals */
        an_variant first = AN_CUDA_PROPOSAL;
        m.status = CUDNN_STATUS_SUCCESS;
        *variant = AN_CUDA_AUTO;
        found = choose(&c, all, CUDNN_HEUR_MODE_FALLBACK, &first);
    }
    if (found) {
        *out = plan;
        return ALEXNET_OK;
    }
    an_cuda_conv_plan_free(plan);
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "cuDNN has no engine for %s of a convolution of %dx%dx%dx%d by %dx%dx%d (%s)",
                   direction_texts[direction], shape->n, shape->c, shape->h, shape->w, shape->k,
                   shape->r, shape->s, cuda->libs->cudnnGetErrorString(m.status));
}

void an_cuda_conv_plan_free(an_cuda_conv_plan *plan)
{
    if (!plan)
        return;
    while (plan->n_made > 0)
        plan->cuda->libs->cudnnBackendDestroyDescriptor(plan->made[--plan->n_made]);
    an_free(plan);
}

size_t an_cuda_conv_plan_workspace(const an_cuda_conv_plan *plan)
{
    return (size_t)plan->workspace;
}

int an_cuda_conv_plan_engine(const an_cuda_conv_plan *plan)
{
    return (int)plan->engine;
}

alexnet_status an_cuda_conv_plan_run(const an_cuda_conv_plan *plan, const void *x, const void *w,
                                     const void *y, const void *bias, void *workspace)
{
    const an_cuda *cuda = plan->cuda;
    const an_cuda_libs *libs = cuda->libs;
    const int64_t names[] = {X, W, Y, BIAS};
    const void *data[] = {x, w, y, bias};
    const int64_t count = plan->bias ? 4 : 3;
    an_cuda_conv_plan holder = {.n_made = 0};
    maker m = {&holder, libs, CUDNN_STATUS_SUCCESS};
    cudnnBackendDescriptor_t pack = make(&m, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    set(&m, pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count, names);
    set(&m, pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, count, data);
    set(&m, pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
    finish(&m, pack);
    if (m.status == CUDNN_STATUS_SUCCESS)
        m.status = libs->cudnnBackendExecute(cuda->dnn, plan->plan, pack);
    if (pack)
        libs->cudnnBackendDestroyDescriptor(pack);
    return an_cuda_check_dnn(cuda, m.status, "a convolution");
}
