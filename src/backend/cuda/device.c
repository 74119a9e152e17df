/* Which devices there are, and opening one. */
#include <stdio.h>
#include <string.h>

#include "backend/cuda/cuda.h"
#include "base/alloc.h"

/* ---- Errors ---------------------------------------------------------------------------------- */

alexnet_status an_cuda_check(const an_cuda *cuda, int error, const char *what)
{
    if (error == cudaSuccess)
        return ALEXNET_OK;
    const an_cuda_libs *libs = cuda ? cuda->libs : an_cuda_libs_runtime();
    libs->cudaGetLastError(); /* or the next call would report it again */
    return AN_FAIL(ALEXNET_ERROR_DEVICE, "device cuda:%d: %s failed: %s (error %d)",
                   cuda ? cuda->base.ordinal : 0, what,
                   libs->cudaGetErrorString((cudaError_t)error), error);
}

alexnet_status an_cuda_check_dnn(const an_cuda *cuda, cudnnStatus_t status, const char *what)
{
    if (status == CUDNN_STATUS_SUCCESS)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_DEVICE, "device cuda:%d: %s failed: %s (cuDNN %d)",
                   cuda->base.ordinal, what, cuda->libs->cudnnGetErrorString(status), (int)status);
}

alexnet_status an_cuda_check_blas(const an_cuda *cuda, cublasStatus_t status, const char *what)
{
    if (status == CUBLAS_STATUS_SUCCESS)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_DEVICE, "device cuda:%d: %s failed: %s (cuBLAS %d)",
                   cuda->base.ordinal, what, cuda->libs->cublasLtGetStatusString(status),
                   (int)status);
}

/* ---- Devices --------------------------------------------------------------------------------- */

/* The number of devices; with 0, `why` says the reason. */
static int count_devices(const an_cuda_libs *libs, char *why, size_t size)
{
    int count = 0, driver = 0;
    cudaError_t error = libs->cudaGetDeviceCount(&count);
    if (error == cudaSuccess && count > 0)
        return count;
    libs->cudaGetLastError();
    libs->cudaDriverGetVersion(&driver);
    if (error == cudaErrorInsufficientDriver && driver == 0)
        snprintf(why, size, "there is no NVIDIA driver");
    else if (error == cudaErrorInsufficientDriver)
        snprintf(why, size, "the driver is made for CUDA %d.%d, and this build needs %d.%d",
                 driver / 1000, driver % 1000 / 10, CUDART_VERSION / 1000,
                 CUDART_VERSION % 1000 / 10);
    else if (error == cudaErrorNoDevice || error == cudaSuccess)
        snprintf(why, size, "the driver finds no GPU");
    else
        snprintf(why, size, "%s", libs->cudaGetErrorString(error));
    return 0;
}

static int chip_of(const struct cudaDeviceProp *prop)
{
    return prop->major * 10 + prop->minor;
}

/* Say in `why` what keeps a present device from being used; it stays as it is if nothing does. */
static void find_fault(const an_cuda_libs *libs, int ordinal, const struct cudaDeviceProp *prop,
                       char *why, size_t size)
{
    const an_cuda_libs *all;
    int mode = cudaComputeModeDefault;
    libs->cudaDeviceGetAttribute(&mode, cudaDevAttrComputeMode, ordinal);
    if (chip_of(prop) < AN_CUDA_LEAST_CHIP)
        snprintf(why, size, "compute capability %d.%d is too old: %d.%d is the least", prop->major,
                 prop->minor, AN_CUDA_LEAST_CHIP / 10, AN_CUDA_LEAST_CHIP % 10);
    else if (mode == cudaComputeModeProhibited)
        snprintf(why, size, "the driver is set to let nobody compute on it");
    else if (an_cuda_libs_get(&all) != ALEXNET_OK)
        snprintf(why, size, "%s", an_error_text());
}

static void name_libraries(char *text, size_t size)
{
    const an_cuda_libs *libs;
    if (an_cuda_libs_get(&libs) != ALEXNET_OK)
        return;
    size_t dnn = libs->cudnnGetVersion(), blas = libs->cublasLtGetVersion();
    snprintf(text, size, "cuDNN %zu.%zu.%zu, cuBLASLt %zu.%zu.%zu", dnn / 10000, dnn / 100 % 100,
             dnn % 100, blas / 10000, blas / 100 % 100, blas % 100);
}

bool an_cuda_describe(alexnet_device_info *info, int ordinal, alexnet_isa max_isa)
{
    const an_cuda_libs *libs = an_cuda_libs_runtime();
    struct cudaDeviceProp prop;
    (void)max_isa;
    memset(info, 0, sizeof *info);
    if (ordinal == 0)
        snprintf(info->name, sizeof info->name, "cuda");
    else
        snprintf(info->name, sizeof info->name, "cuda:%d", ordinal);
    int count = count_devices(libs, info->absent, sizeof info->absent);
    if (ordinal >= count)
        return ordinal == 0;
    if (libs->cudaGetDeviceProperties(&prop, ordinal) != cudaSuccess) {
        libs->cudaGetLastError();
        snprintf(info->absent, sizeof info->absent, "the driver does not describe it");
        return true;
    }
    snprintf(info->processor, sizeof info->processor, "%.80s, %.0f GiB", prop.name,
             (double)prop.totalGlobalMem / (1 << 30));
    snprintf(info->isa, sizeof info->isa, "sm_%d", chip_of(&prop));
    find_fault(libs, ordinal, &prop, info->absent, sizeof info->absent);
    name_libraries(info->library, sizeof info->library);
    info->available = !info->absent[0];
    info->bf16 = chip_of(&prop) >= AN_CUDA_BF16_CHIP;
    return true;
}

/* ---- Opening --------------------------------------------------------------------------------- */

alexnet_status an_cuda_enter(an_backend *backend, an_cuda **out)
{
    an_cuda *cuda = (an_cuda *)backend;
    *out = cuda;
    return an_cuda_check(cuda, cuda->libs->cudaSetDevice(backend->ordinal), "choosing the device");
}

void an_cuda_close(an_backend *backend)
{
    an_cuda *cuda = (an_cuda *)backend;
    /* Failures are ignored, so that the error text of a failed open() remains. */
    if (cuda->libs->cudaSetDevice(backend->ordinal) == cudaSuccess && cuda->stream)
        cuda->libs->cudaStreamSynchronize(cuda->stream);
    if (cuda->dnn)
        cuda->libs->cudnnDestroy(cuda->dnn);
    if (cuda->blas)
        cuda->libs->cublasLtDestroy(cuda->blas);
    an_cuda_streams_close(cuda);
    pthread_mutex_destroy(&cuda->lock);
    an_free(cuda->pinned);
    an_free(cuda->choices);
    an_backend_free_tunings(backend);
    an_ctx_release(backend->ctx);
    an_free(cuda);
}

/* The precision to compute in. One that the chip lacks becomes float32, with a line in the log. */
static alexnet_precision choose_precision(const an_cuda *cuda, alexnet_precision asked)
{
    bool has = cuda->chip >= AN_CUDA_BF16_CHIP;
    if (asked != ALEXNET_PRECISION_BF16 && asked != ALEXNET_PRECISION_TF32)
        return ALEXNET_PRECISION_FP32;
    if (has)
        return asked;
    an_log(cuda->base.ctx, ALEXNET_LOG_WARNING, "%s has no %s; computing in float32", cuda->isa,
           asked == ALEXNET_PRECISION_BF16 ? "bf16" : "tf32");
    return ALEXNET_PRECISION_FP32;
}

static void choose_layouts(an_cuda *cuda, alexnet_precision precision)
{
    cuda->base.precision = precision;
    cuda->activation = precision == ALEXNET_PRECISION_BF16 ? AN_BF16 : AN_F32;
    cuda->kind = precision == ALEXNET_PRECISION_FP32 ? AN_LAYOUT_PLAIN : AN_LAYOUT_NHWC;
}

static void make_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t recursive; /* none of these calls can fail with these arguments */
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
}

static alexnet_status open_device(an_cuda *cuda)
{
    int major = 0, minor = 0, ordinal = cuda->base.ordinal;
    const an_cuda_libs *libs = cuda->libs;
    cudaError_t error = libs->cudaSetDevice(ordinal);
    if (error == cudaErrorDevicesUnavailable)
        return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE,
                       "device cuda:%d is in use by another process, which has it for itself",
                       ordinal);
    AN_CHECK(an_cuda_check(cuda, error, "opening the device"));
    libs->cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, ordinal);
    libs->cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, ordinal);
    cuda->chip = major * 10 + minor;
    snprintf(cuda->isa, sizeof cuda->isa, "sm_%d", cuda->chip);
    AN_CHECK(an_cuda_streams_open(cuda));
    AN_CHECK(an_cuda_check_dnn(cuda, libs->cudnnCreate(&cuda->dnn), "opening cuDNN"));
    AN_CHECK(
        an_cuda_check_dnn(cuda, libs->cudnnSetStream(cuda->dnn, cuda->stream), "opening cuDNN"));
    return an_cuda_check_blas(cuda, libs->cublasLtCreate(&cuda->blas), "opening cuBLASLt");
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
    cuda->base = (an_backend){.api = &an_cuda_api,
                              .ordinal = ordinal,
                              .ctx = an_ctx_retain(ctx),
                              .param_dtype = AN_F32,
                              .isa = cuda->isa};
    cuda->libs = libs;
    make_lock(&cuda->lock);
    cuda->base.deterministic = ctx->deterministic;
    alexnet_status rc = open_device(cuda);
    if (rc == ALEXNET_OK)
        choose_layouts(cuda, choose_precision(cuda, precision));
    if (rc == ALEXNET_OK)
        rc = an_backend_read_tunings(&cuda->base);
    if (rc != ALEXNET_OK)
        an_cuda_close(&cuda->base);
    else
        *out = &cuda->base;
    return rc;
}
