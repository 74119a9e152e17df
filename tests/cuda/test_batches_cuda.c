/*
 * Convolutions and fully connected layers in batches as they are trained with: the algorithms that
 * trials chose for that batch (backend/cuda/trial.h), sampled elements of whose results are
 * compared with sums that are computed one by one (backend/parity/sample.h has the bounds). A
 * result of 1 is the most that is allowed.
 *
 * Built twice, like test_parity_cuda: for a GPU, with layers of AlexNet in batches of 64, and for
 * the fake device, with small ones in batches of 32.
 */
#include "ops/ops_rig.h"

#include <math.h>
#include <string.h>

#include "backend/cuda/cuda.h"
#include "backend/parity/sample.h"
#ifdef AN_CUDA_FAKE
#include "cuda/fake.h"
#endif

enum { SEED = 20120930, BACKENDS = 3 };

static const alexnet_precision precisions[BACKENDS] = {
    ALEXNET_PRECISION_FP32, ALEXNET_PRECISION_TF32, ALEXNET_PRECISION_BF16};
static const char *const names[BACKENDS] = {"fp32", "tf32", "bf16"};

typedef struct layer {
    const char *name;
    an_op_desc op;
} layer;

#define CONV(N, C, H, K, R, STRIDE, GROUPS, PAD)                                                   \
    {                                                                                              \
        .kind = AN_OP_CONV, .n = (N), .n_inputs = 1, .in = {{C, H, H}}, .u.conv = {                \
            K,                                                                                     \
            R,                                                                                     \
            R,                                                                                     \
            STRIDE,                                                                                \
            GROUPS,                                                                                \
            PAD,                                                                                   \
            PAD,                                                                                   \
            PAD,                                                                                   \
            PAD,                                                                                   \
            true                                                                                   \
        }                                                                                          \
    }
#define FC(N, C, H, OUTPUTS)                                                                       \
    {                                                                                              \
        .kind = AN_OP_FC, .n = (N), .n_inputs = 1, .in = {{C, H, H}}, .u.fc = { OUTPUTS }          \
    }

#ifdef AN_CUDA_FAKE
static const layer layers[] = {
    {"conv1", CONV(32, 3, 19, 8, 11, 4, 1, 0)},
    {"conv2", CONV(32, 16, 5, 16, 3, 1, 2, 1)},
    {"fc", FC(32, 8, 3, 24)},
};
#else
static const layer layers[] = {
    {"conv1", CONV(64, 3, 224, 96, 11, 4, 1, 0)},
    {"conv2", CONV(64, 96, 27, 256, 5, 1, 2, 2)},
    {"conv3", CONV(64, 256, 13, 384, 3, 1, 1, 1)},
    {"conv5", CONV(64, 384, 13, 256, 3, 1, 2, 1)},
    {"fc6", FC(64, 256, 6, 4096)},
    {"fc8", FC(64, 4096, 1, 1000)},
    {"owt conv2", CONV(64, 64, 27, 192, 5, 1, 1, 2)},
};
#endif

static void print_line(void *user, alexnet_log_level level, const char *line)
{
    (void)user, (void)level;
    print_message("%s\n", line);
}

static an_backend *open_cuda(int b)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx("cuda", precisions[b], 1);
    ctx->log = print_line;
    expect_ok(an_cuda_api.open(&backend, ctx, 0, precisions[b]));
    an_ctx_release(ctx);
    return backend;
}

static an_parity sample(an_backend *backend, const layer *l, bool gradients)
{
    an_parity p;
    an_op_desc op = l->op;
    const an_parity_options options = {.gradients = gradients,
                                       .first = op.kind == AN_OP_CONV && op.in[0].c <= 4,
                                       .split = 1,
                                       .seed = SEED};
    expect_ok(an_op_resolve(&op));
    expect_ok(an_parity_sample(backend, &op, !gradients, &options, &p));
    return p;
}

static void test_batches(void **state)
{
    (void)state;
    for (int b = BACKENDS; b-- > 0;) { /* bf16 first, should the time run out */
        an_backend *backend = open_cuda(b);
        for (size_t i = 0; i < 2 * sizeof layers / sizeof layers[0]; i++) {
            const layer *l = &layers[i / 2];
            const an_parity p = sample(backend, l, i % 2);
            print_message("%s %-10s %-36s forward %.3f dx %.3f dw %.3f\n", names[b], l->name,
                          p.impl, p.forward, p.dx, p.dw);
            if (!(p.worst <= 1))
                fail_msg("%s %s: %s", names[b], l->name, p.where);
        }
        an_backend_close(backend);
    }
}

#ifdef AN_CUDA_FAKE

static const an_cuda_libs *real;
static int64_t wrong, calls;

static cudnnStatus_t execute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                             cudnnBackendDescriptor_t pack)
{
    return calls++ == wrong ? CUDNN_STATUS_SUCCESS : real->cudnnBackendExecute(handle, plan, pack);
}

/* A convolution that is not computed is noticed in each direction. */
static void test_nothing_computed(void **state)
{
    (void)state;
    const layer small = {"conv", CONV(4, 8, 5, 16, 3, 1, 1, 1)};
    an_backend *backend = open_cuda(0);
    an_cuda *cuda = (an_cuda *)backend;
    an_cuda_libs libs = *cuda->libs;
    sample(backend, &small, true); /* from now on it is known which algorithms are right */
    real = cuda->libs;
    cuda->libs = &libs;
    libs.cudnnBackendExecute = execute;
    for (wrong = 0; wrong < 5; wrong++) { /* forward; forward again; weights and data; none */
        calls = 0;
        const an_parity p = sample(backend, &small, true);
        assert_int_equal(calls, 4);
        const bool ends[] = {p.forward > 1, p.dw > 1, p.dx > 1};
        for (int i = 0; i < 3; i++)
            assert_int_equal(ends[i], i == 0 ? wrong == 0 : wrong == i + 1);
    }
    cuda->libs = real;
    an_backend_close(backend);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches),
#ifdef AN_CUDA_FAKE
        cmocka_unit_test(test_nothing_computed),
#endif
    };
#ifdef AN_CUDA_FAKE
    fake_reset();
#endif
    alexnet_device_info info;
    an_cuda_api.describe(&info, 0, ALEXNET_ISA_ANY);
    print_message("%s, %s, %s, seed %d\n", info.processor, info.isa, info.library, SEED);
    if (!info.available) {
        print_message("skipped: device cuda is absent: %s\n", info.absent);
        return 77;
    }
    return cmocka_run_group_tests_name("batches on cuda", tests, NULL, NULL);
}
