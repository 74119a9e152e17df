#include "backend/cuda/descriptors.h"

cudnnBackendDescriptor_t an_cuda_describe_new(an_cuda_descriptors *all,
                                              cudnnBackendDescriptorType_t type)
{
    cudnnBackendDescriptor_t made = NULL;
    if (all->status == CUDNN_STATUS_SUCCESS && all->count == AN_CUDA_MAX_DESCRIPTORS)
        all->status = CUDNN_STATUS_INTERNAL_ERROR;
    if (all->status == CUDNN_STATUS_SUCCESS)
        all->status = all->cuda->libs->cudnnBackendCreateDescriptor(type, &made);
    if (all->status == CUDNN_STATUS_SUCCESS)
        all->made[all->count++] = made;
    return made;
}

void an_cuda_describe_set(an_cuda_descriptors *all, cudnnBackendDescriptor_t d,
                          cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                          int64_t count, const void *values)
{
    if (all->status == CUDNN_STATUS_SUCCESS)
        all->status = all->cuda->libs->cudnnBackendSetAttribute(d, name, type, count, values);
}

void an_cuda_describe_link(an_cuda_descriptors *all, cudnnBackendDescriptor_t d,
                           cudnnBackendAttributeName_t name, const cudnnBackendDescriptor_t *value)
{
    an_cuda_describe_set(all, d, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, value);
}

void an_cuda_describe_get(an_cuda_descriptors *all, cudnnBackendDescriptor_t d,
                          cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                          void *value)
{
    int64_t got = 0;
    if (all->status == CUDNN_STATUS_SUCCESS)
        all->status = all->cuda->libs->cudnnBackendGetAttribute(d, name, type, 1, &got, value);
}

void an_cuda_describe_finish(an_cuda_descriptors *all, cudnnBackendDescriptor_t d)
{
    if (all->status == CUDNN_STATUS_SUCCESS)
        all->status = all->cuda->libs->cudnnBackendFinalize(d);
}

void an_cuda_describe_undo(an_cuda_descriptors *all, int before)
{
    while (all->count > before)
        all->cuda->libs->cudnnBackendDestroyDescriptor(all->made[--all->count]);
    all->status = CUDNN_STATUS_SUCCESS;
}
