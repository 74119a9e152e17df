#include "backend/cuda/conv_plan.h"

#include "backend/cuda/conv_engine.h"
#include "base/alloc.h"

const char *const an_cuda_direction_texts[AN_DIRECTIONS] = {"the forward pass", "gradients of data",
                                                            "gradients of weights"};

void an_cuda_conv_plan_free(an_cuda_conv_plan *plan)
{
    if (!plan)
        return;
    an_cuda_describe_undo(&plan->made, 0);
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

double an_cuda_conv_plan_seconds(const an_cuda_conv_plan *plan)
{
    return plan->seconds;
}

alexnet_status an_cuda_conv_plan_run(const an_cuda_conv_plan *plan, const void *x, const void *w,
                                     const void *y, const void *bias, void *workspace)
{
    const an_cuda *cuda = plan->cuda;
    const int64_t names[] = {AN_CUDA_X, AN_CUDA_W, AN_CUDA_Y, AN_CUDA_BIAS};
    const void *data[] = {x, w, y, bias};
    const int64_t count = plan->bias ? 4 : 3;
    an_cuda_descriptors made = {.cuda = cuda};
    cudnnBackendDescriptor_t pack =
        an_cuda_describe_new(&made, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    an_cuda_describe_set(&made, pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count,
                         names);
    an_cuda_describe_set(&made, pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR,
                         count, data);
    an_cuda_describe_set(&made, pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1,
                         &workspace);
    an_cuda_describe_finish(&made, pack);
    if (made.status == CUDNN_STATUS_SUCCESS)
        made.status = cuda->libs->cudnnBackendExecute(cuda->dnn, plan->plan, pack);
    const cudnnStatus_t status = made.status;
    an_cuda_describe_undo(&made, 0);
    return an_cuda_check_dnn(cuda, status, "a convolution");
}
