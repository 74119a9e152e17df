#include "backend/cpu/onednn/dnnl_compat.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

/* A name made of two 64-bit hashes like that of Fowler, Noll and Vo (FNV). */
static void name_of(const void *data, size_t bytes, bool flipped, char name[AN_MD_NAME])
{
    static const uint64_t factor[] = {0x100000001b3u, 0x9e3779b97f4a7c15u};
    uint64_t sum[] = {0xcbf29ce484222325u, 0x84222325cbf29ce4u};
    const unsigned char *at = data;
    for (size_t i = 0; i < bytes; i++)
        for (int j = 0; j < 2; j++)
            sum[j] = (sum[j] ^ at[i]) * factor[j];
    snprintf(name, AN_MD_NAME, "%016llx%016llx%s", (unsigned long long)sum[0],
             (unsigned long long)sum[1], flipped ? "f" : "");
}

static const dnnl_dims_t no_dilation = {0, 0};

#if DNNL_VERSION_MAJOR < 3

an_md an_md_by_tag(int rank, const dnnl_dim_t *dims, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t *md = an_malloc(sizeof *md);
    if (md && dnnl_memory_desc_init_by_tag(md, rank, dims, type, tag) != dnnl_success) {
        an_free(md);
        return NULL;
    }
    return md;
}

an_md an_md_by_strides(int rank, const dnnl_dim_t *dims, dnnl_data_type_t type,
                       const dnnl_dim_t *strides)
{
    dnnl_memory_desc_t *md = an_malloc(sizeof *md);
    if (md && dnnl_memory_desc_init_by_strides(md, rank, dims, type, strides) != dnnl_success) {
        an_free(md);
        return NULL;
    }
    return md;
}

void an_md_free(an_md md)
{
    an_free((void *)md);
}

/* Unused bytes of the struct are zero: oneDNN copies it whole from an empty one. */
void an_md_name(an_md md, bool flipped, char name[AN_MD_NAME])
{
    name_of(md, sizeof *md, flipped, name);
}

/* An operation descriptor becomes a primitive descriptor. */
static dnnl_status_t finish(dnnl_primitive_desc_t *out, const an_primitive_spec *s,
                            const_dnnl_op_desc_t desc, dnnl_status_t status)
{
    *out = NULL;
    if (status != dnnl_success)
        return status;
    return dnnl_primitive_desc_create(out, desc, s->attr, s->engine, s->forward);
}

dnnl_status_t an_dnnl_conv_forward(dnnl_primitive_desc_t *out, const an_primitive_spec *s)
{
    dnnl_convolution_desc_t d;
    return finish(out, s, &d,
                  dnnl_dilated_convolution_forward_desc_init(&d, s->prop, s->algorithm, s->src,
                                                             s->weights, s->bias, s->dst, s->stride,
                                                             no_dilation, s->low, s->high));
}

dnnl_status_t an_dnnl_conv_backward_data(dnnl_primitive_desc_t *out, const an_primitive_spec *s)
{
    dnnl_convolution_desc_t d;
    return finish(out, s, &d,
                  dnnl_dilated_convolution_backward_data_desc_init(&d, s->algorithm, s->src,
                                                                   s->weights, s->dst, s->stride,
                                                                   no_dilation, s->low, s->high));
}

dnnl_status_t an_dnnl_conv_backward_weights(dnnl_primitive_desc_t *out, const an_primitive_spec *s)
{
    dnnl_convolution_desc_t d;
    return finish(out, s, &d,
                  dnnl_dilated_convolution_backward_weights_desc_init(
                      &d, s->algorithm, s->src, s->weights, s->bias, s->dst, s->stride, no_dilation,
                      s->low, s->high));
}

dnnl_status_t an_dnnl_matmul(dnnl_primitive_desc_t *out, const an_primitive_spec *s)
{
    dnnl_matmul_desc_t d;
    return finish(out, s, &d, dnnl_matmul_desc_init(&d, s->src, s->weights, s->bias, s->dst));
}

static dnnl_status_t append_relu(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f);
}

#else

an_md an_md_by_tag(int rank, const dnnl_dim_t *dims, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t md = NULL;
    return dnnl_memory_desc_create_with_tag(&md, rank, dims, type, tag) == dnnl_success ? md : NULL;
}

an_md an_md_by_strides(int rank, const dnnl_dim_t *dims, dnnl_data_type_t type,
                       const dnnl_dim_t *strides)
{
    dnnl_memory_desc_t md = NULL;
    dnnl_status_t status = dnnl_memory_desc_create_with_strides(&md, rank, dims, type, strides);
    return status == dnnl_success ? md : NULL;
}

void an_md_free(an_md md)
{
    if (md)
        dnnl_memory_desc_destroy((dnnl_memory_desc_t)md);
}

/* The name of a blocked layout is made from all its members; others are opaque and have none. */
void an_md_name(an_md md, bool flipped, char name[AN_MD_NAME])
{
    struct {
        int32_t kind, rank, type, n_inner;
        dnnl_dims_t dims, padded, offsets, strides, inner, inner_at;
    } form = {0};
    const struct {
        dnnl_query_t what;
        void *to;
    } numbers[] = {{dnnl_query_format_kind, &form.kind},
                   {dnnl_query_ndims_s32, &form.rank},
                   {dnnl_query_data_type, &form.type},
                   {dnnl_query_inner_nblks_s32, &form.n_inner}};
    const struct {
        dnnl_query_t what;
        dnnl_dim_t *to;
        const int32_t *count;
    } lists[] = {{dnnl_query_dims, form.dims, &form.rank},
                 {dnnl_query_padded_dims, form.padded, &form.rank},
                 {dnnl_query_padded_offsets, form.offsets, &form.rank},
                 {dnnl_query_strides, form.strides, &form.rank},
                 {dnnl_query_inner_blks, form.inner, &form.n_inner},
                 {dnnl_query_inner_idxs, form.inner_at, &form.n_inner}};
    name[0] = '\0';
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (dnnl_memory_desc_query(md, numbers[i].what, numbers[i].to) != dnnl_success)
            return;
    if (form.kind != dnnl_blocked)
        return;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const dnnl_dims_t *from;
        if (dnnl_memory_desc_query(md, lists[i].what, &from) != dnnl_success)
            return;
        memcpy(lists[i].to, *from, (size_t)*lists[i].count * sizeof(dnnl_dim_t));
    }
    name_of(&form, sizeof form, flipped, name);
}

dnnl_status_t an_dnnl_conv_forward(dnnl_primitive_desc_t *out, const an_primitive_spec *s)
{
    *out = NULL;
    return dnnl_convolution_forward_primitive_desc_create(
        out, s->engine, s->prop, s->algorithm, s->src, s->weights, s->bias, s->dst, s->stride,
        no_dilation, s->low, s->high, s->attr);
}

dnnl_status_t an_dnnl_conv_backward_data(dnnl_primitive_desc_t *out, const an_primitive_spec *s)
{
    *out = NULL;
    return dnnl_convolution_backward_data_primitive_desc_create(
        out, s->engine, s->algorithm, s->src, s->weights, s->dst, s->stride, no_dilation, s->low,
        s->high, s->forward, s->attr);
}

dnnl_status_t an_dnnl_conv_backward_weights(dnnl_primitive_desc_t *out, const an_primitive_spec *s)
{
    *out = NULL;
    return dnnl_convolution_backward_weights_primitive_desc_create(
        out, s->engine, s->algorithm, s->src, s->weights, s->bias, s->dst, s->stride, no_dilation,
        s->low, s->high, s->forward, s->attr);
}

dnnl_status_t an_dnnl_matmul(dnnl_primitive_desc_t *out, const an_primitive_spec *s)
{
    *out = NULL;
    return dnnl_matmul_primitive_desc_create(out, s->engine, s->src, s->weights, s->bias, s->dst,
                                             s->attr);
}

static dnnl_status_t append_relu(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_relu, 0.0f, 0.0f);
}

#endif

static dnnl_status_t set_relu(dnnl_primitive_attr_t attr)
{
    dnnl_post_ops_t ops;
    dnnl_status_t status = dnnl_post_ops_create(&ops);
    if (status != dnnl_success)
        return status;
    status = append_relu(ops);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_post_ops(attr, ops);
    dnnl_post_ops_destroy(ops);
    return status;
}

dnnl_status_t an_dnnl_attr(dnnl_primitive_attr_t *out, bool relu)
{
    *out = NULL;
    dnnl_status_t status = dnnl_primitive_attr_create(out);
    if (status != dnnl_success)
        return status;
    status = dnnl_primitive_attr_set_scratchpad_mode(*out, dnnl_scratchpad_mode_user);
    if (status == dnnl_success && relu)
        status = set_relu(*out);
    if (status != dnnl_success) {
        dnnl_primitive_attr_destroy(*out);
        *out = NULL;
    }
    return status;
}

alexnet_status an_md_fail(void)
{
    return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory for the layout of a tensor");
}

alexnet_status an_dnnl_fail(dnnl_status_t status, const char *what)
{
    switch (status) {
    case dnnl_out_of_memory: return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory for %s", what);
    case dnnl_unimplemented:
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "oneDNN does not implement %s", what);
    case dnnl_invalid_arguments:
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "oneDNN does not accept the arguments of %s",
                       what);
    default:
        return AN_FAIL(ALEXNET_ERROR_DEVICE, "oneDNN reported failure %d in %s", (int)status, what);
    }
}
