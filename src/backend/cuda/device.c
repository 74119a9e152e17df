/* Opening and closing a device. */
#include <unistd.h>

#include "backend/cuda/cuda.h"
#include "base/alloc.h"

/* Ignores failures, so that the error text of a failed open() remains. */
static void free_libraries(an_cuda *cuda)
{
    const an_cuda_libs *libs = cuda->libs;
    CUcontext before = an_cuda_current(libs);
    if (libs->cudaSetDevice(cuda->base.ordinal) == cudaSuccess && cuda->stream)
        libs->cudaStreamSynchronize(cuda->stream);
    if (cuda->dnn)
        libs->cudnnDestroy(cuda->dnn);
    if (cuda->blas)
        libs->cublasLtDestroy(cuda->blas);
    an_cuda_free_host(&cuda->base, cuda->small, AN_CUDA_SMALL);
    an_cuda_streams_close(cuda);
    an_cuda_leave(cuda, before);
    libs->cudaGetLastError(); /* clear it, or a launch on another device would report it */
}

void an_cuda_close(an_backend *backend)
{
    an_cuda *cuda = (an_cuda *)backend;
    if (cuda->process == getpid()) /* not in a child of fork(): they are the parent's */
        free_libraries(cuda);
    pthread_mutex_destroy(&cuda->lock);
    an_free(cuda->choices);
    an_backend_free_tunings(backend);
    an_ctx_release(backend->ctx);
    an_free(cuda);
}

/* The precision to compute in: float32 instead of one that the chip lacks. */
static alexnet_precision choose_precision(const an_cuda *cuda, alexnet_precision asked)
{
    return cuda->chip >= AN_CUDA_BF16_CHIP ? asked : ALEXNET_PRECISION_FP32;
}

static void choose_layouts(an_cuda *cuda, alexnet_precision precision)
{
    cuda->base.precision = precision;
    cuda->activation = precision == ALEXNET_PRECISION_BF16 ? AN_BF16 : AN_F32;
    cuda->kind = precision == ALEXNET_PRECISION_FP32 ? AN_LAYOUT_PLAIN : AN_LAYOUT_NHWC;
}

static void make_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t recursive; /* with these arguments none of the calls can fail */
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
}

/* The libraries do not always report a lack of memory as such. */
static alexnet_status explain(const an_cuda *cuda, alexnet_status rc, const char *what)
{
    size_t available = 0, whole = 0;
    if (rc != ALEXNET_ERROR_DEVICE ||
        cuda->libs->cudaMemGetInfo(&available, &whole) != cudaSuccess ||
        available >= AN_CUDA_RESERVE)
        return rc;
    return an_cuda_no_memory(cuda, what);
}

static alexnet_status open_libraries(an_cuda *cuda)
{
    const an_cuda_libs *libs = cuda->libs;
    alexnet_status rc = an_cuda_check_dnn(cuda, libs->cudnnCreate(&cuda->dnn), "opening cuDNN");
    AN_CHECK(explain(cuda, rc, "opening cuDNN"));
    AN_CHECK(
        an_cuda_check_dnn(cuda, libs->cudnnSetStream(cuda->dnn, cuda->stream), "opening cuDNN"));
    rc = an_cuda_check_blas(cuda, libs->cublasLtCreate(&cuda->blas), "opening cuBLASLt");
    return explain(cuda, rc, "opening cuBLASLt");
}

static alexnet_status open_device(an_cuda *cuda)
{
    int major = 0, minor = 0, ordinal = cuda->base.ordinal;
    const an_cuda_libs *libs = cuda->libs;
    cudaError_t error = libs->cudaSetDevice(ordinal);
    if (error == cudaErrorDevicesUnavailable)
        return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE,
                       "device cuda:%d is in use by another process, which has exclusive access",
                       ordinal);
    AN_CHECK(an_cuda_check(cuda, error, "opening the device"));
    libs->cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, ordinal);
    libs->cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, ordinal);
    cuda->chip = major * 10 + minor;
    AN_CHECK(an_cuda_streams_open(cuda));
    AN_CHECK(an_cuda_alloc_host(&cuda->base, AN_CUDA_SMALL, &cuda->small));
    return open_libraries(cuda);
}

alexnet_status an_cuda_open(an_backend **out, alexnet_ctx *ctx, int ordinal,
                            alexnet_precision precision)
{
    const an_cuda_libs *libs;
    *out = NULL;
    AN_CHECK(an_cuda_libs_get(&libs));
    an_cuda *cuda = an_calloc(1, sizeof *cuda);
    if (!cuda)
        return AN_FAIL_MEMORY(sizeof *cuda, "the cuda backend");
    cuda->base = (an_backend){
        .api = &an_cuda_api, .ordinal = ordinal, .ctx = an_ctx_retain(ctx), .param_dtype = AN_F32};
    an_cuda_describe(&cuda->base.info, ordinal, ctx->max_isa);
    cuda->libs = libs;
    cuda->process = getpid();
    make_lock(&cuda->lock);
    CUcontext before = an_cuda_current(libs);
    cuda->base.deterministic = ctx->deterministic;
    alexnet_status rc = open_device(cuda);
    if (rc == ALEXNET_OK)
        choose_layouts(cuda, choose_precision(cuda, precision));
    if (rc == ALEXNET_OK)
        rc = an_backend_read_tunings(&cuda->base);
    an_cuda_leave(cuda, before);
    if (rc != ALEXNET_OK)
        an_cuda_close(&cuda->base);
    else
        *out = &cuda->base;
    return rc;
}
