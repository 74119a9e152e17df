/*
 * The functions of CUDA's libraries that this backend calls, in one table, so that tests can
 * replace them.
 *
 * The runtime is linked statically: it works on a machine without a driver, and then reports that
 * the driver is missing. cuDNN and cuBLASLt are opened when a device is first requested, because
 * programs that compute on the CPU must run without them.
 */
#ifndef AN_BACKEND_CUDA_LIBS_H
#define AN_BACKEND_CUDA_LIBS_H

#include <cublasLt.h>
#include <cuda.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include "base/status.h"

#define AN_CUDA_RUNTIME(X)                                                                         \
    X(cudaDeviceGetAttribute)                                                                      \
    X(cudaDriverGetVersion)                                                                        \
    X(cudaEventCreateWithFlags)                                                                    \
    X(cudaEventDestroy)                                                                            \
    X(cudaEventElapsedTime)                                                                        \
    X(cudaEventQuery)                                                                              \
    X(cudaEventRecord)                                                                             \
    X(cudaEventSynchronize)                                                                        \
    X(cudaFree)                                                                                    \
    X(cudaFreeHost)                                                                                \
    X(cudaGetDeviceCount)                                                                          \
    X(cudaGetDeviceProperties)                                                                     \
    X(cudaGetErrorString)                                                                          \
    X(cudaGetLastError)                                                                            \
    X(cudaGraphDestroy)                                                                            \
    X(cudaGraphExecDestroy)                                                                        \
    X(cudaGraphInstantiate)                                                                        \
    X(cudaGraphLaunch)                                                                             \
    X(cudaHostAlloc)                                                                               \
    X(cudaLaunchHostFunc)                                                                          \
    X(cudaMalloc)                                                                                  \
    X(cudaMemGetInfo)                                                                              \
    X(cudaMemcpyAsync)                                                                             \
    X(cudaMemsetAsync)                                                                             \
    X(cudaPointerGetAttributes)                                                                    \
    X(cudaSetDevice)                                                                               \
    X(cudaStreamBeginCapture)                                                                      \
    X(cudaStreamCreateWithFlags)                                                                   \
    X(cudaStreamDestroy)                                                                           \
    X(cudaStreamEndCapture)                                                                        \
    X(cudaStreamSynchronize)                                                                       \
    X(cudaStreamWaitEvent)

/* Looked up in the driver, which the program is not linked with. */
#define AN_CUDA_DRIVER(X)                                                                          \
    X(cuCtxGetCurrent)                                                                             \
    X(cuCtxSetCurrent)

#define AN_CUDA_DNN(X)                                                                             \
    X(cudnnBackendCreateDescriptor)                                                                \
    X(cudnnBackendDestroyDescriptor)                                                               \
    X(cudnnBackendExecute)                                                                         \
    X(cudnnBackendFinalize)                                                                        \
    X(cudnnBackendGetAttribute)                                                                    \
    X(cudnnBackendSetAttribute)                                                                    \
    X(cudnnCreate)                                                                                 \
    X(cudnnDestroy)                                                                                \
    X(cudnnGetErrorString)                                                                         \
    X(cudnnGetVersion)                                                                             \
    X(cudnnSetStream)

#define AN_CUDA_BLAS(X)                                                                            \
    X(cublasLtCreate)                                                                              \
    X(cublasLtDestroy)                                                                             \
    X(cublasLtGetStatusString)                                                                     \
    X(cublasLtGetVersion)                                                                          \
    X(cublasLtMatmul)                                                                              \
    X(cublasLtMatmulAlgoGetHeuristic)                                                              \
    X(cublasLtMatmulDescCreate)                                                                    \
    X(cublasLtMatmulDescDestroy)                                                                   \
    X(cublasLtMatmulDescSetAttribute)                                                              \
    X(cublasLtMatmulPreferenceCreate)                                                              \
    X(cublasLtMatmulPreferenceDestroy)                                                             \
    X(cublasLtMatmulPreferenceSetAttribute)                                                        \
    X(cublasLtMatrixLayoutCreate)                                                                  \
    X(cublasLtMatrixLayoutDestroy)

typedef struct an_cuda_libs {
#define AN_MEMBER(name) __typeof__(name) *name;
    AN_CUDA_RUNTIME(AN_MEMBER)
    AN_CUDA_DRIVER(AN_MEMBER)
    AN_CUDA_DNN(AN_MEMBER)
    AN_CUDA_BLAS(AN_MEMBER)
#undef AN_MEMBER
} an_cuda_libs;

/**
 * The table, which stays valid for the life of the process.
 * @return ALEXNET_ERROR_NOT_AVAILABLE if a library is missing; the message says which
 */
alexnet_status an_cuda_libs_get(const an_cuda_libs **out);

/** The table, of which only the runtime's functions may be used: they are always present. */
const an_cuda_libs *an_cuda_libs_runtime(void);

#endif
