/* Buffers on the device and on the host, and copies between them. */
#include <string.h>

#include "backend/cuda/cuda.h"

alexnet_status an_cuda_alloc(an_backend *backend, size_t bytes, void **out)
{
    an_cuda *cuda;
    size_t available = 0, whole = 0;
    *out = NULL;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    cudaError_t error = cuda->libs->cudaMalloc(out, bytes ? bytes : 1);
    if (error == cudaErrorMemoryAllocation) {
        cuda->libs->cudaGetLastError();
        cuda->libs->cudaMemGetInfo(&available, &whole);
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY,
                       "out of memory: %.1f MiB for a buffer of device cuda:%d, which has %.1f of "
                       "%.1f MiB free",
                       (double)bytes / 1048576.0, backend->ordinal, (double)available / 1048576.0,
                       (double)whole / 1048576.0);
    }
    AN_CHECK(an_cuda_check(cuda, error, "allocating memory"));
    error = cuda->libs->cudaMemsetAsync(*out, 0, bytes ? bytes : 1, cuda->stream);
    alexnet_status rc = an_cuda_check(cuda, error, "clearing memory");
    if (rc == ALEXNET_OK)
        rc = an_cuda_wait(cuda, cuda->stream, "clearing memory");
    if (rc != ALEXNET_OK) {
        an_cuda_free(backend, *out, bytes);
        *out = NULL;
    }
    return rc;
}

alexnet_status an_cuda_available(an_backend *backend, uint64_t *bytes)
{
    an_cuda *cuda;
    size_t free_bytes = 0, whole = 0;
    *bytes = 0;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    AN_CHECK(an_cuda_check(cuda, cuda->libs->cudaMemGetInfo(&free_bytes, &whole),
                           "querying the free memory"));
    *bytes = free_bytes > AN_CUDA_RESERVE ? free_bytes - AN_CUDA_RESERVE : 0;
    return ALEXNET_OK;
}

void an_cuda_free(an_backend *backend, void *block, size_t bytes)
{
    an_cuda *cuda;
    (void)bytes;
    if (block && an_cuda_enter(backend, &cuda) == ALEXNET_OK)
        cuda->libs->cudaFree(block);
}

/* Whether memory is ordinary. cudaMemcpyAsync() may return before it has read what is pinned, be it
 * by alloc_host() or by the caller. */
static bool is_pageable(const an_cuda *cuda, const void *memory)
{
    struct cudaPointerAttributes about;
    if (cuda->libs->cudaPointerGetAttributes(&about, memory) == cudaSuccess)
        return about.type == cudaMemoryTypeUnregistered;
    cuda->libs->cudaGetLastError();
    return false;
}

alexnet_status an_cuda_write(an_backend *backend, void *dst, const void *src, size_t bytes)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    AN_CHECK(an_cuda_check(
        cuda, cuda->libs->cudaMemcpyAsync(dst, src, bytes, cudaMemcpyHostToDevice, cuda->stream),
        "a copy to the device"));
    if (bytes <= AN_CUDA_SMALL && is_pageable(cuda, src))
        return ALEXNET_OK;
    return an_cuda_wait(cuda, cuda->stream, "a copy to the device");
}

/* A copy to pageable memory would wait for the work queued before it in a busy loop. A small one
 * goes through pinned memory, and is queued behind that work; before a large one, wait for it. */
alexnet_status an_cuda_read(an_backend *backend, void *dst, const void *src, size_t bytes)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    const bool small = bytes <= AN_CUDA_SMALL;
    if (!small)
        AN_CHECK(an_cuda_wait(cuda, cuda->stream, "computing"));
    AN_CHECK(an_cuda_check(cuda,
                           cuda->libs->cudaMemcpyAsync(small ? cuda->small : dst, src, bytes,
                                                       cudaMemcpyDeviceToHost, cuda->stream),
                           "a copy from the device"));
    AN_CHECK(an_cuda_wait(cuda, cuda->stream,
                          small ? "computing, or a copy of results" : "a copy from the device"));
    if (small)
        memcpy(dst, cuda->small, bytes);
    return ALEXNET_OK;
}

alexnet_status an_cuda_sync(an_backend *backend)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    AN_CHECK(an_cuda_wait(cuda, cuda->copies, "a copy"));
    return an_cuda_wait(cuda, cuda->stream, "computing");
}

/* ---- Pinned memory --------------------------------------------------------------------------- */

alexnet_status an_cuda_alloc_host(an_backend *backend, size_t bytes, void **out)
{
    an_cuda *cuda;
    *out = NULL;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    cudaError_t error = cuda->libs->cudaHostAlloc(out, bytes ? bytes : 1, cudaHostAllocPortable);
    if (error == cudaErrorMemoryAllocation) {
        cuda->libs->cudaGetLastError();
        return AN_FAIL_MEMORY(bytes, "pinned host memory");
    }
    AN_CHECK(an_cuda_check(cuda, error, "pinning memory"));
    memset(*out, 0, bytes);
    return ALEXNET_OK;
}

void an_cuda_free_host(an_backend *backend, void *block, size_t bytes)
{
    an_cuda *cuda;
    (void)bytes;
    if (block && an_cuda_enter(backend, &cuda) == ALEXNET_OK)
        cuda->libs->cudaFreeHost(block);
}
