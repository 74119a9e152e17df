/*
 * Descriptors of cuDNN's backend interface, made one after the other: the first failure stands, and
 * later calls do nothing.
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
/** Get one value, into *value, which an attribute that is a descriptor must hold already. */
void an_cuda_describe_get(an_cuda_descriptors *all, cudnnBackendDescriptor_t descriptor,
                          cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                          void *value);
void an_cuda_describe_finish(an_cuda_descriptors *all, cudnnBackendDescriptor_t descriptor);
/** Destroy all but the first `before`, last first, and forget the failure. */
void an_cuda_describe_undo(an_cuda_descriptors *all, int before);

#endif
