/* Which device is current in a thread. */
#include <unistd.h>

#include "backend/cuda/cuda.h"

alexnet_status an_cuda_check_process(const an_cuda *cuda)
{
    if (cuda->process == getpid())
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "this process was forked from one that had opened device cuda:%d, which a child "
                   "cannot use: fork before alexnet_ctx_new(), or exec",
                   cuda->base.ordinal);
}

alexnet_status an_cuda_enter(an_backend *backend, an_cuda **out)
{
    an_cuda *cuda = (an_cuda *)backend;
    *out = cuda;
    AN_CHECK(an_cuda_check_process(cuda));
    return an_cuda_check(cuda, cuda->libs->cudaSetDevice(backend->ordinal), "selecting the device");
}

CUcontext an_cuda_current(const an_cuda_libs *libs)
{
    CUcontext current = NULL;
    libs->cuCtxGetCurrent(&current);
    return current;
}

void an_cuda_leave(const an_cuda *cuda, CUcontext before)
{
    const bool same = an_cuda_current(cuda->libs) == before;
    if (!same && (before || cuda->base.ordinal > 0))
        cuda->libs->cuCtxSetCurrent(before);
}
