/*
 * One interface over oneDNN 2.x and 3.x. Their C APIs differ in how a primitive is described (by an
 * operation descriptor, or by a creating function for each kind) and in what a memory descriptor is
 * (a struct, or a handle); only this pair of files knows which one is in use.
 *
 * Functions that describe a primitive return oneDNN's own status: dnnl_unimplemented is a refusal,
 * which the caller may answer with another description.
 */
#ifndef AN_BACKEND_CPU_ONEDNN_DNNL_COMPAT_H
#define AN_BACKEND_CPU_ONEDNN_DNNL_COMPAT_H

#include <dnnl.h>
#include <stdbool.h>

#include "alexnet/alexnet.h"

/** A memory descriptor: borrowed from a primitive descriptor, or owned and freed by
 * an_md_free(). */
#if DNNL_VERSION_MAJOR < 3
typedef const dnnl_memory_desc_t *an_md;
#else
typedef const_dnnl_memory_desc_t an_md;
#endif

/** New descriptors, which the caller frees; NULL if memory is short. */
an_md an_md_by_tag(int rank, const dnnl_dim_t *dims, dnnl_data_type_t type, dnnl_format_tag_t tag);
an_md an_md_by_strides(int rank, const dnnl_dim_t *dims, dnnl_data_type_t type,
                       const dnnl_dim_t *strides);
/** The error for one that could not be made. */
alexnet_status an_md_fail(void);
/** NULL allowed. */
void an_md_free(an_md md);

enum { AN_MD_NAME = 36 };
/** The name of a descriptor's layout, different for flipped weights. Descriptors with equal names
 * lay out a tensor in the same way. "" if the layout has no name. */
void an_md_name(an_md md, bool flipped, char name[AN_MD_NAME]);

/** What a primitive computes. Unused members are zero. */
typedef struct an_primitive_spec {
    dnnl_engine_t engine;
    const_dnnl_primitive_attr_t attr;
    dnnl_prop_kind_t prop;         /* forward: training or inference */
    dnnl_alg_kind_t algorithm;     /* convolution */
    dnnl_dims_t stride, low, high; /* convolution: strides and padding; rows, columns */
    an_md src, weights, bias, dst; /* backward: the gradient instead, of the one that is computed */
    const_dnnl_primitive_desc_t forward; /* backward: the forward primitive */
} an_primitive_spec;

dnnl_status_t an_dnnl_conv_forward(dnnl_primitive_desc_t *out, const an_primitive_spec *spec);
dnnl_status_t an_dnnl_conv_backward_data(dnnl_primitive_desc_t *out, const an_primitive_spec *spec);
dnnl_status_t an_dnnl_conv_backward_weights(dnnl_primitive_desc_t *out,
                                            const an_primitive_spec *spec);
/** dst = src * weights + bias; matrices may have any strides, bias is one row. */
dnnl_status_t an_dnnl_matmul(dnnl_primitive_desc_t *out, const an_primitive_spec *spec);

/** Attributes of every primitive here: scratch memory comes from the caller, and optionally a ReLU
 *  at the end. */
dnnl_status_t an_dnnl_attr(dnnl_primitive_attr_t *out, bool relu);

/** An error with oneDNN's status in its text; `what` names the operation. */
alexnet_status an_dnnl_fail(dnnl_status_t status, const char *what);

#endif
