/*
 * Descriptors of cuDNN's backend interface. After a failure the status remains, and later calls do
 * nothing, so that callers check it once.
 */
#ifndef AN_BACKEND_CUDA_DESCRIPTORS_H
#define AN_BACKEND_CUDA_DESCRIPTORS_H

#include "backend/cuda/cuda.h"

enum { AN_CUDA_MAX_DESCRIPTORS = 24 };

typedef struct an_cuda_descriptors {
    const an_cuda *cuda; /* borrowed */
    cudnnStatus_t status;
    int count;
    cudnnBackendDescriptor_t made[AN_CUDA_MAX_DESCRIPTORS]; /* owned */
} an_cuda_descriptors;

/** @return NULL after a failure */
cudnnBackendDescriptor_t an_cuda_describe_new(an_cuda_descriptors *all,
                                              cudnnBackendDescriptorType_t type);
void an_cuda_describe_set(an_cuda_descriptors *all, cudnnBackendDescriptor_t descriptor,
                          cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                          int64_t count, const void *values);
/** Set an attribute that is another descriptor. */
void an_cuda_describe_link(an_cuda_descriptors *all, cudnnBackendDescriptor_t descriptor,
                           cudnnBackendAttributeName_t name, const cudnnBackendDescriptor_t *value);
/** Get one value. If it is a descriptor, *value must already be one of its type. */
void an_cuda_describe_get(an_cuda_descriptors *all, cudnnBackendDescriptor_t descriptor,
                          cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                          void *value);
void an_cuda_describe_finish(an_cuda_descriptors *all, cudnnBackendDescriptor_t descriptor);
/** Destroy all but the first `before`, in reverse order, and clear the failure. */
void an_cuda_describe_undo(an_cuda_descriptors *all, int before);

#endif
