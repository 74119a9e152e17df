/*
 * What the real cuDNN says of the backend's graphs, without a GPU: it takes a description of a
 * device in the place of one, and proposes engines for that. Each layer of AlexNet must have one in
 * every direction and precision. Nothing is computed. Skipped without cuDNN 9.19: the form of the
 * description is not documented.
 */
#include "ops/ops_rig.h"
#include "ops/random_ops.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "backend/cuda/conv.h"
#include "backend/cuda/trial.h"
#include "cuda/fake.h"

/* cuDNN 9.19, whose form of a description this is; others may propose other engines. */
enum { VERSION = 919 };

#if CUDNN_VERSION / 100 == 919

/* An NVIDIA H200, as cuDNN describes it. */
static const char h200[] =
    "{\"deviceVer\":900,\"driverVer\":13000,\"maxGridSize\":[2147483647,65535,65535],"
    "\"maxBlockSize\":[1024,1024,64],\"regsPerBlock\":65536,\"multiProcessorCount\":132,"
    "\"smClockRateKHz\":1980000,\"memClockRateKHz\":3201000,\"l2CacheSize\":62914560,"
    "\"warpSize\":32,\"maxSharedMemoryPerBlock\":49152,\"maxSharedMemoryPerBlockOptin\":232448,"
    "\"reservedSharedMemoryPerBlock\":1024,\"maxRegistersPerSM\":65536,\"pciDeviceId\":0,"
    "\"maxCtasPerSM\":32,\"maxThreadsPerBlock\":1024,\"maxThreadsPerSM\":2048,\"isTccDriver\":0,"
    "\"supportCoopLaunch\":1,\"cudaDeviceId\":0,\"totalGlobalMem\":150000000000,"
    "\"maxSharedMemoryPerSM\":233472,\"name\":\"NVIDIA H200\",\"deviceName\":\"NVIDIA H200\"}";

static an_cuda_libs real;
static cudnnBackendDescriptor_t device, heuristics;
static int refused; /* what is never to be: other descriptors than plans */

static cudnnStatus_t count(cudnnStatus_t status, const char *what)
{
    if (status != CUDNN_STATUS_SUCCESS)
        print_message("%s: %s\n", what, real.cudnnGetErrorString(status));
    refused += status != CUDNN_STATUS_SUCCESS;
    return status;
}

/* ---- cuDNN's functions, with the description in the place of a handle ------------------------ */

static cudnnBackendDescriptor_t plan;

static cudnnStatus_t create(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t *out)
{
    const cudnnStatus_t status =
        count(real.cudnnBackendCreateDescriptor(type, out), "a descriptor");
    if (type == CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR)
        heuristics = *out;
    if (type == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR)
        plan = *out;
    return status;
}

static cudnnStatus_t give_device(cudnnBackendDescriptor_t to, cudnnBackendAttributeName_t name)
{
    return count(real.cudnnBackendSetAttribute(to, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &device),
                 "a device");
}

static cudnnStatus_t set(cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                         cudnnBackendAttributeType_t type, int64_t n, const void *values)
{
    if (name == CUDNN_ATTR_OPERATIONGRAPH_HANDLE)
        return CUDNN_STATUS_SUCCESS;
    if (name == CUDNN_ATTR_EXECUTION_PLAN_HANDLE)
        return give_device(d, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP);
    return count(real.cudnnBackendSetAttribute(d, name, type, n, values), "an attribute");
}

/* A plan may be refused: another is taken then. */
static cudnnStatus_t finish(cudnnBackendDescriptor_t d)
{
    if (d == heuristics)
        give_device(d, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP);
    const cudnnStatus_t status = real.cudnnBackendFinalize(d);
    return d == plan ? status : count(status, "a finished descriptor");
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* cuDNN ends the process if it does not find cuBLASLt; it uses the one that is open. */
static void *open_libraries(void)
{
    char blas[512];
    const int in = snprintf(blas, sizeof blas, AN_CUDA_LIBRARIES "/"), cuda = CUDART_VERSION / 1000;
    snprintf(blas + in, sizeof blas - (size_t)in, AN_CUDA_BLAS_NAME, cuda);
    if (!dlopen(blas + in, RTLD_NOW | RTLD_LOCAL) && !dlopen(blas, RTLD_NOW | RTLD_LOCAL))
        return NULL;
    void *library = dlopen(AN_CUDA_DNN_NAME, RTLD_NOW | RTLD_LOCAL);
    return library ? library
                   : dlopen(AN_CUDNN_LIBRARIES "/" AN_CUDA_DNN_NAME, RTLD_NOW | RTLD_LOCAL);
}

static bool load(void)
{
    void *library = open_libraries();
    if (!library)
        return false;
#define AN_ROW(name)                                                                               \
    void *name##_at = dlsym(library, #name);                                                       \
    memcpy(&real.name, &name##_at, sizeof name##_at);
    AN_CUDA_DNN(AN_ROW)
#undef AN_ROW
    return real.cudnnGetVersion() / 100 == VERSION &&
           real.cudnnBackendCreateDescriptor(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &device) ==
               CUDNN_STATUS_SUCCESS &&
           real.cudnnBackendSetAttribute(device, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION,
                                         CUDNN_TYPE_CHAR, sizeof h200,
                                         h200) == CUDNN_STATUS_SUCCESS &&
           real.cudnnBackendFinalize(device) == CUDNN_STATUS_SUCCESS;
}

/* A backend whose memory and streams are fake, and whose cuDNN is real. `libs` must last. */
static an_backend *open_it(alexnet_precision precision, bool deterministic, an_cuda_libs *libs)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx("cuda", precision, 1);
    ctx->deterministic = deterministic;
    expect_ok(an_cuda_api.open(&backend, ctx, 0, precision));
    an_ctx_release(ctx);
    *libs = *an_cuda_libs_runtime();
    libs->cudnnBackendCreateDescriptor = create;
    libs->cudnnBackendDestroyDescriptor = real.cudnnBackendDestroyDescriptor;
    libs->cudnnBackendSetAttribute = set;
    libs->cudnnBackendGetAttribute = real.cudnnBackendGetAttribute;
    libs->cudnnBackendFinalize = finish;
    libs->cudnnGetErrorString = real.cudnnGetErrorString;
    ((an_cuda *)backend)->libs = libs;
    return backend;
}

/* ---- Layers ---------------------------------------------------------------------------------- */

static const alexnet_precision precisions[] = {ALEXNET_PRECISION_FP32, ALEXNET_PRECISION_TF32,
                                               ALEXNET_PRECISION_BF16};

typedef struct layer {
    const char *name;
    int c, h, k, r, stride, groups, pad;
} layer;

static const layer layers[] = {
    {"conv1", 3, 224, 96, 11, 4, 1, 0},      {"conv2", 96, 27, 256, 5, 1, 2, 2},
    {"conv3", 256, 13, 384, 3, 1, 1, 1},     {"conv4", 384, 13, 384, 3, 1, 2, 1},
    {"conv5", 384, 13, 256, 3, 1, 2, 1},     {"owt conv1", 3, 224, 64, 11, 4, 1, 2},
    {"owt conv2", 64, 27, 192, 5, 1, 1, 2},  {"owt conv3", 192, 13, 384, 3, 1, 1, 1},
    {"owt conv4", 384, 13, 256, 3, 1, 1, 1}, {"owt conv5", 256, 13, 256, 3, 1, 1, 1},
    {"small", 4, 7, 6, 3, 1, 2, 1}, /* of the tests of training */
};

/* Trials reach the best configuration of every engine and twelve others. Proposals begin with one
 * of each engine. */
static void check_trials(an_cuda *cuda, const an_cuda_conv *c, an_direction direction,
                         an_cuda_conv_tail tail)
{
    enum { MOST = AN_CUDA_TRIALS - 12 };
    int engines[MOST];
    for (int count = 0;; count++) {
        an_cuda_conv_plan *made;
        an_variant variant = AN_CUDA_PROPOSAL + count;
        expect_ok(an_cuda_conv_plan_new(&made, cuda, &c->shape, direction, tail, &variant));
        const int engine = an_cuda_conv_plan_engine(made);
        an_cuda_conv_plan_free(made);
        if (variant != AN_CUDA_PROPOSAL + count)
            return;
        for (int i = 0; i < count; i++)
            if (engines[i] == engine)
                return;
        assert_in_range(count, 0, MOST - 1);
        engines[count] = engine;
    }
}

/* There must be a proposal, so that a fallback engine is not needed. */
static void check_plan(an_cuda *cuda, const an_cuda_conv *c, an_direction direction,
                       an_cuda_conv_tail tail)
{
    an_cuda_conv_plan *made;
    an_variant variant = AN_CUDA_PROPOSAL;
    expect_ok(an_cuda_conv_plan_new(&made, cuda, &c->shape, direction, tail, &variant));
    assert_int_equal(variant, AN_CUDA_PROPOSAL);
    an_cuda_conv_plan_free(made);
    if (c->shape.type == AN_BF16)
        check_trials(cuda, c, direction, tail);
}

static void check_form(an_cuda *cuda, const an_cuda_conv *c)
{
    if (c->shape.tensor_cores) {
        check_plan(cuda, c, AN_FORWARD, AN_CUDA_TAIL_BIAS);
        check_plan(cuda, c, AN_FORWARD, AN_CUDA_TAIL_RELU);
    } else {
        check_plan(cuda, c, AN_FORWARD, AN_CUDA_TAIL_NONE);
    }
    check_plan(cuda, c, AN_BACKWARD_WEIGHTS, AN_CUDA_TAIL_NONE);
}

static void check_layer(an_cuda *cuda, const layer *l, int batch)
{
    an_op_desc op = rig_desc(AN_OP_CONV, batch, l->c, l->h, l->h);
    op.u.conv = (an_conv_desc){l->k,   l->r,   l->r,   l->stride, l->groups,
                               l->pad, l->pad, l->pad, l->pad,    true};
    expect_ok(an_op_resolve(&op));
    an_cuda_conv c = {.op = {.cuda = cuda}, .desc = op};
    an_cuda_conv_choose_form(&c);
    check_form(cuda, &c);
    if (l->c > 3)
        check_plan(cuda, &c, AN_BACKWARD_DATA, AN_CUDA_TAIL_NONE);
    if (l->c > 3 || !c.shape.nhwc)
        return;
    an_cuda_conv_pair_columns(&c);
    check_form(cuda, &c);
}

/* An engine for a graph, even one of those that are used if no proposal can be. */
static void check_some_plan(an_cuda *cuda, const an_cuda_conv *c, an_direction direction,
                            an_cuda_conv_tail tail, int number)
{
    const an_cuda_conv_shape *s = &c->shape;
    an_cuda_conv_plan *made;
    an_variant variant = AN_CUDA_FIRST;
    if (an_cuda_conv_plan_new(&made, cuda, s, direction, tail, &variant) != ALEXNET_OK)
        fail_msg("random layer %d, %dx%dx%dx%d to %dx%dx%d by %dx%d/%d: %s", number, s->n, s->c,
                 s->h, s->w, s->k, s->p, s->q, s->r, s->s, s->stride, an_error_text());
    an_cuda_conv_plan_free(made);
}

static void check_random_form(an_cuda *cuda, const an_cuda_conv *c, int number)
{
    const bool tails = c->shape.tensor_cores;
    check_some_plan(cuda, c, AN_FORWARD, tails ? AN_CUDA_TAIL_BIAS : AN_CUDA_TAIL_NONE, number);
    if (tails)
        check_some_plan(cuda, c, AN_FORWARD, AN_CUDA_TAIL_RELU, number);
    check_some_plan(cuda, c, AN_BACKWARD_WEIGHTS, AN_CUDA_TAIL_NONE, number);
    check_some_plan(cuda, c, AN_BACKWARD_DATA, AN_CUDA_TAIL_NONE, number);
}

enum { RUNS = 60 };

/* A random convolution: of pictures in the first runs. @return false if a window is larger than
 * its input */
static bool random_layer(dice *d, int run, an_op_desc *conv)
{
    an_op_desc ops[4];
    if (run >= RUNS) {
        random_input(d, conv);
        random_conv(d, conv);
        return an_op_resolve(conv) == ALEXNET_OK;
    }
    random_first_layers(d, ops);
    if (an_op_resolve(&ops[0]) != ALEXNET_OK)
        return false;
    *conv = ops[1];
    conv->n = ops[0].n;
    conv->n_inputs = 1;
    conv->in[0] = ops[0].out;
    return an_op_resolve(conv) == ALEXNET_OK;
}

/* As test_parity_cuda computes on a GPU, first layers in pairs of columns too. In bf16 a result
 * would exceed its bound if another kernel had to add the bias. */
static void test_random_layers_have_engines(void **state)
{
    (void)state;
    fake_reset();
    for (int i = 0; i < 3; i++) {
        an_cuda_libs libs;
        dice d = {.seed = 20120930};
        an_backend *backend = open_it(precisions[i], false, &libs);
        an_cuda *cuda = (an_cuda *)backend;
        for (int run = 0; run < 2 * RUNS;) {
            an_cuda_conv c = {.op = {.cuda = cuda}};
            if (!random_layer(&d, run, &c.desc))
                continue;
            an_cuda_conv_choose_form(&c);
            check_random_form(cuda, &c, run);
            if (run++ >= RUNS || !c.shape.nhwc || !c.blocked || c.shape.stride != 1)
                continue;
            an_cuda_conv_pair_columns(&c);
            check_random_form(cuda, &c, run - 1);
        }
        cuda->libs = an_cuda_libs_runtime();
        an_backend_close(backend);
    }
    assert_int_equal(refused, 0);
}

static void test_every_layer_has_engines(void **state)
{
    static const int batches[] = {1, 64, 2048};
    (void)state;
    fake_reset();
    for (int i = 0; i < 6; i++) {
        an_cuda_libs libs;
        an_backend *backend = open_it(precisions[i / 2], i % 2, &libs);
        for (int b = 0; b < 3; b++)
            for (size_t l = 0; l < sizeof layers / sizeof layers[0]; l++)
                check_layer((an_cuda *)backend, &layers[l], batches[b]);
        ((an_cuda *)backend)->libs = an_cuda_libs_runtime();
        an_backend_close(backend);
    }
    assert_int_equal(refused, 0);
}

#else

static bool load(void)
{
    return false;
}

static void test_every_layer_has_engines(void **state)
{
    (void)state;
}

static void test_random_layers_have_engines(void **state)
{
    (void)state;
}

#endif

int main(void)
{
    if (!load()) {
        print_message("skipped: no cuDNN 9.19, which accepts this description of a device\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_layer_has_engines),
                                       cmocka_unit_test(test_random_layers_have_engines)};
    return cmocka_run_group_tests_name("cuDNN without a GPU", tests, NULL, NULL);
}
