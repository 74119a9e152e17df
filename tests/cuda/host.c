#include "backend/cuda/kernels/body.h"
#include "cuda/fake.h"

bool an_host_backwards;

int an_host_launch(an_host_kernel *kernel, const void *run, size_t bytes, int64_t blocks,
                   void *stream)
{
    const bool fits = blocks >= 1 && blocks <= INT32_MAX;
    fake_result(fits ? fake_queue(stream, kernel, run, bytes, blocks)
                     : cudaErrorInvalidConfiguration);
    return an_cuda_libs_runtime()->cudaGetLastError();
}
