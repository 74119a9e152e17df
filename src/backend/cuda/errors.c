/* Errors of the libraries as statuses. */
#include "backend/cuda/cuda.h"

alexnet_status an_cuda_no_memory(const an_cuda *cuda, const char *what)
{
    const an_cuda_libs *libs = cuda ? cuda->libs : an_cuda_libs_runtime();
    const int ordinal = cuda ? cuda->base.ordinal : 0;
    size_t available = 0, whole = 0;
    if (libs->cudaMemGetInfo(&available, &whole) == cudaSuccess)
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY,
                       "out of memory: %s on device cuda:%d, which has %.1f of %.1f MiB free", what,
                       ordinal, (double)available / 1048576.0, (double)whole / 1048576.0);
    libs->cudaGetLastError();
    return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory: %s on device cuda:%d", what, ordinal);
}

alexnet_status an_cuda_check(const an_cuda *cuda, int error, const char *what)
{
    if (error == cudaSuccess)
        return ALEXNET_OK;
    const an_cuda_libs *libs = cuda ? cuda->libs : an_cuda_libs_runtime();
    libs->cudaGetLastError(); /* clear it, or the next call would report it again */
    if (error == cudaErrorMemoryAllocation)
        return an_cuda_no_memory(cuda, what);
    return AN_FAIL(ALEXNET_ERROR_DEVICE, "device cuda:%d: %s failed: %s (error %d)",
                   cuda ? cuda->base.ordinal : 0, what,
                   libs->cudaGetErrorString((cudaError_t)error), error);
}

alexnet_status an_cuda_check_dnn(const an_cuda *cuda, cudnnStatus_t status, const char *what)
{
    if (status == CUDNN_STATUS_SUCCESS)
        return ALEXNET_OK;
    if (status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED)
        return an_cuda_no_memory(cuda, what);
    return AN_FAIL(ALEXNET_ERROR_DEVICE, "device cuda:%d: %s failed: %s (cuDNN %d)",
                   cuda->base.ordinal, what, cuda->libs->cudnnGetErrorString(status), (int)status);
}

alexnet_status an_cuda_check_blas(const an_cuda *cuda, cublasStatus_t status, const char *what)
{
    if (status == CUBLAS_STATUS_SUCCESS)
        return ALEXNET_OK;
    if (status == CUBLAS_STATUS_ALLOC_FAILED)
        return an_cuda_no_memory(cuda, what);
    return AN_FAIL(ALEXNET_ERROR_DEVICE, "device cuda:%d: %s failed: %s (cuBLAS %d)",
                   cuda->base.ordinal, what, cuda->libs->cublasLtGetStatusString(status),
                   (int)status);
}
