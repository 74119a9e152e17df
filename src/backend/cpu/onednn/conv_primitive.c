#include "backend/cpu/onednn/conv_primitive.h"

#include <string.h>

#include "base/status.h"

/* Zero rows below (columns to the right of) the input that the last window reaches. */
static int padding_after(int in, int out, int window, int stride, int before)
{
    int reach = (out - 1) * stride + window - in - before;
    return reach > 0 ? reach : 0;
}

an_md an_conv_weights_md(const an_op_desc *desc, dnnl_data_type_t type, bool any)
{
    const an_conv_desc *conv = &desc->u.conv;
    dnnl_dim_t dims[] = {conv->groups, conv->k / conv->groups, desc->in[0].c / conv->groups,
                         conv->r, conv->s};
    if (conv->groups > 1)
        return an_md_by_tag(5, dims, type, any ? dnnl_format_tag_any : dnnl_goihw);
    return an_md_by_tag(4, dims + 1, type, any ? dnnl_format_tag_any : dnnl_oihw);
}

static void spec_free(an_primitive_spec *spec)
{
    an_md_free(spec->src);
    an_md_free(spec->weights);
    an_md_free(spec->bias);
    an_md_free(spec->dst);
    if (spec->attr)
        dnnl_primitive_attr_destroy((dnnl_primitive_attr_t)spec->attr);
}

/* ---- The gradient of the data as a convolution ----------------------------------------------- */

alexnet_status an_conv_flip(an_op_desc *flipped, const an_op_desc *desc)
{
    const an_conv_desc *c = &desc->u.conv;
    an_chw in = desc->in[0], out = desc->out;
    int top = c->r - 1 - c->top, left = c->s - 1 - c->left;
    if (c->stride != 1 || top < 0 || left < 0 || in.h - out.h < top - c->r + 1 ||
        in.w - out.w < left - c->s + 1)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "this convolution cannot be flipped");
    *flipped = *desc;
    flipped->in[0] = out;
    flipped->out = in;
    flipped->u.conv.k = in.c;
    flipped->u.conv.top = top;
    flipped->u.conv.left = left;
    return ALEXNET_OK;
}

void an_conv_flip_weights(const an_op_desc *desc, const float *weights, float *flipped)
{
    const an_conv_desc *conv = &desc->u.conv;
    int64_t outputs = conv->k / conv->groups, inputs = desc->in[0].c / conv->groups;
    int64_t filter = (int64_t)conv->r * conv->s;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < conv->groups * inputs; i++) {
        int64_t group = i / inputs, c = i % inputs;
        for (int64_t k = 0; k < outputs; k++) {
            const float *from = weights + ((group * outputs + k) * inputs + c) * filter;
            float *to = flipped + (i * outputs + k) * filter;
            for (int64_t j = 0; j < filter; j++)
                to[j] = from[filter - 1 - j];
        }
    }
}

/* The algorithm and the layouts of activations to ask oneDNN for. */
typedef struct request {
    dnnl_alg_kind_t algorithm;
    dnnl_format_tag_t x, y;
} request;

static const request plain = {dnnl_convolution_direct, dnnl_nchw, dnnl_nchw};

/* Whether a row or column of windows covers only padding. */
static bool has_windows_of_padding(const an_op_desc *desc)
{
    const an_conv_desc *c = &desc->u.conv;
    return c->top >= c->r || c->left >= c->s ||
           (desc->out.h - 1) * c->stride - c->top >= desc->in[0].h ||
           (desc->out.w - 1) * c->stride - c->left >= desc->in[0].w;
}

/* oneDNN's brgemm kernels for AMX crash on windows that cover only padding: on rows of them in
 * 2.6.3, on columns according to its issue 5942, reported for 3.14. These kernels work only
 * channels last, so in bf16 such a convolution is computed in plain layouts. */
static bool must_be_plain(const an_cpu *cpu, const an_op_desc *desc)
{
    return cpu->activation == AN_BF16 && has_windows_of_padding(desc);
}

static request request_for(const an_conv_forward *problem, an_variant variant)
{
    const dnnl_format_tag_t any = dnnl_format_tag_any;
    if (must_be_plain(problem->cpu, problem->desc))
        return plain;
    int lanes = problem->cpu->lanes;
    dnnl_format_tag_t blocked = lanes == 16 ? dnnl_nChw16c : dnnl_nChw8c;
    bool pixels = problem->desc->in[0].c < lanes;
    switch (variant) {
    case AN_CPU_CHANNELS_LAST: return (request){dnnl_convolution_direct, dnnl_nhwc, dnnl_nhwc};
    case AN_CPU_BLOCKED:
        return (request){dnnl_convolution_direct, pixels ? dnnl_nchw : blocked, blocked};
    case AN_CPU_WINOGRAD: return (request){dnnl_convolution_winograd, any, any};
    default: return (request){dnnl_convolution_direct, any, any};
    }
}

/* The part of a description that all three directions share. */
static alexnet_status spec_new(an_primitive_spec *spec, const an_conv_forward *problem, request how,
                               dnnl_data_type_t weights, dnnl_data_type_t dst)
{
    const an_conv_desc *conv = &problem->desc->u.conv;
    an_chw in = problem->desc->in[0], out = problem->desc->out;
    dnnl_dim_t x[] = {problem->n, in.c, in.h, in.w}, y[] = {problem->n, out.c, out.h, out.w},
               bias[] = {conv->k};
    memset(spec, 0, sizeof *spec);
    spec->engine = problem->cpu->engine;
    spec->prop = problem->prop;
    spec->algorithm = how.algorithm;
    spec->stride[0] = spec->stride[1] = conv->stride;
    spec->low[0] = conv->top;
    spec->low[1] = conv->left;
    spec->high[0] = padding_after(in.h, out.h, conv->r, conv->stride, conv->top);
    spec->high[1] = padding_after(in.w, out.w, conv->s, conv->stride, conv->left);
    spec->src = an_md_by_tag(4, x, an_dtype_dnnl(problem->cpu->activation), how.x);
    spec->weights = an_conv_weights_md(problem->desc, weights, true);
    spec->bias = an_md_by_tag(1, bias, dnnl_f32, dnnl_a);
    spec->dst = an_md_by_tag(4, y, dst, how.y);
    if (spec->src && spec->weights && spec->bias && spec->dst)
        return ALEXNET_OK;
    spec_free(spec);
    return an_md_fail();
}

typedef dnnl_status_t (*describe_fn)(dnnl_primitive_desc_t *out, const an_primitive_spec *spec);

/* Describe a primitive with the attributes of all of ours. Frees the contents of the spec. */
static alexnet_status describe(dnnl_primitive_desc_t *pd, an_primitive_spec *spec, bool relu,
                               describe_fn how, const char *what)
{
    dnnl_primitive_attr_t attr = NULL;
    dnnl_status_t status = an_dnnl_attr(&attr, relu);
    spec->attr = attr;
    if (status == dnnl_success)
        status = how(pd, spec);
    spec_free(spec);
    return status == dnnl_success ? ALEXNET_OK : an_dnnl_fail(status, what);
}

/* oneDNN's reference loops accept any request but are a thousand times slower: such a primitive
 * does not count as the requested variant. */
static alexnet_status check_variant(an_primitive **primitive, const an_cpu *cpu, an_variant variant)
{
    if (variant == AN_CPU_DIRECT || strncmp(an_primitive_name(*primitive), "ref", 3) != 0)
        return ALEXNET_OK;
    an_primitive_free(*primitive);
    *primitive = NULL;
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "oneDNN has no fast %s convolution of this kind",
                   cpu->base.api->variants[variant]);
}

/* ---- Forward --------------------------------------------------------------------------------- */

/* The layouts of a primitive's input and output; _UNSUPPORTED if one has no an_layout_kind. */
static alexnet_status layouts_of(const an_primitive *primitive, an_layout *x, an_layout *y)
{
    AN_CHECK(an_layout_from_md(x, an_primitive_md(primitive, DNNL_ARG_SRC)));
    return an_layout_from_md(y, an_primitive_md(primitive, DNNL_ARG_DST));
}

static alexnet_status forward_as(an_primitive **out, const an_conv_forward *problem, request how,
                                 an_layout *x, an_layout *y)
{
    static const int args[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_DST};
    an_primitive_spec spec;
    dnnl_primitive_desc_t pd = NULL;
    AN_CHECK(spec_new(&spec, problem, how, an_dtype_dnnl(problem->cpu->activation),
                      an_dtype_dnnl(y->dtype)));
    AN_CHECK(describe(&pd, &spec, problem->relu, an_dnnl_conv_forward, "this convolution"));
    AN_CHECK(an_primitive_new(out, problem->cpu->engine, pd, 4, args));
    alexnet_status rc = layouts_of(*out, x, y);
    if (rc != ALEXNET_OK) {
        an_primitive_free(*out);
        *out = NULL;
    }
    return rc;
}

alexnet_status an_conv_forward_new(an_primitive **out, const an_conv_forward *problem,
                                   an_variant *variant, an_layout *x, an_layout *y)
{
    x->n = y->n = problem->n;
    if (*variant == AN_CPU_FLIPPED || *variant == AN_CPU_NATIVE ||
        must_be_plain(problem->cpu, problem->desc))
        *variant = AN_CPU_DIRECT;
    alexnet_status rc = forward_as(out, problem, request_for(problem, *variant), x, y);
    if (rc == ALEXNET_OK)
        rc = check_variant(out, problem->cpu, *variant);
    if (rc == ALEXNET_ERROR_UNSUPPORTED && *variant != AN_CPU_DIRECT) {
        *variant = AN_CPU_DIRECT;
        rc = forward_as(out, problem, request_for(problem, *variant), x, y);
    }
    return rc == ALEXNET_ERROR_UNSUPPORTED ? forward_as(out, problem, plain, x, y) : rc;
}

/* ---- Backward -------------------------------------------------------------------------------- */

/* Which gradient to compute, and how to ask oneDNN for it. */
typedef struct gradient {
    describe_fn describe;
    bool weights;
    int n_args, args[4];
} gradient;

static const gradient data_gradient = {
    an_dnnl_conv_backward_data, false, 3, {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC}};
static const gradient weights_gradient = {
    an_dnnl_conv_backward_weights,
    true,
    4,
    {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_BIAS}};

static alexnet_status backward_as(an_primitive **out, const an_conv_forward *problem,
                                  const an_primitive *forward, const gradient *g,
                                  an_variant variant)
{
    an_primitive_spec spec;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_data_type_t activation = an_dtype_dnnl(problem->cpu->activation);
    AN_CHECK(spec_new(&spec, problem, request_for(problem, variant),
                      g->weights ? dnnl_f32 : activation, activation));
    spec.forward = an_primitive_pd(forward);
    AN_CHECK(describe(&pd, &spec, false, g->describe, "the gradient of this convolution"));
    AN_CHECK(an_primitive_new(out, problem->cpu->engine, pd, g->n_args, g->args));
    return check_variant(out, problem->cpu, variant);
}

/* dx as a forward convolution of dy. */
static alexnet_status flipped_data(an_primitive **out, const an_conv_forward *problem)
{
    static const int args[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
    an_op_desc desc;
    an_conv_forward flipped = *problem;
    an_primitive_spec spec;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_data_type_t activation = an_dtype_dnnl(problem->cpu->activation);
    AN_CHECK(an_conv_flip(&desc, problem->desc));
    flipped.desc = &desc;
    flipped.prop = dnnl_forward_training; /* for the kernels that divide a batch among threads */
    AN_CHECK(
        spec_new(&spec, &flipped, request_for(&flipped, AN_CPU_DIRECT), activation, activation));
    an_md_free(spec.bias);
    spec.bias = NULL;
    AN_CHECK(describe(&pd, &spec, false, an_dnnl_conv_forward, "a flipped convolution"));
    AN_CHECK(an_primitive_new(out, problem->cpu->engine, pd, 3, args));
    return check_variant(out, problem->cpu, AN_CPU_FLIPPED);
}

/* In this layout, oneDNN's kernels for 1x1 filters with strides write past their workspace:
 * gradients are wrong or the process crashes (uxlfoundation/oneDNN issue 6035, open in November
 * 2026; seen in 2.6.3). */
static bool overruns(const an_op_desc *desc, const gradient *g, an_variant variant)
{
    const an_conv_desc *conv = &desc->u.conv;
    return g->weights && variant == AN_CPU_CHANNELS_LAST && conv->r == 1 && conv->s == 1 &&
           conv->stride > 1;
}

static alexnet_status backward(an_primitive **out, const an_conv_backward *b, int n,
                               const gradient *g)
{
    an_op_desc desc = *b->desc;
    desc.n = n;
    const an_conv_forward problem = {.cpu = b->cpu, .desc = &desc, .n = n};
    an_variant *variant = b->variant;
    if ((*variant == AN_CPU_FLIPPED && g->weights) || *variant == AN_CPU_NATIVE ||
        *variant == AN_CPU_PADDED || overruns(&desc, g, *variant) || must_be_plain(b->cpu, &desc))
        *variant = AN_CPU_DIRECT;
    alexnet_status rc = *variant == AN_CPU_FLIPPED
                            ? flipped_data(out, &problem)
                            : backward_as(out, &problem, b->forward, g, *variant);
    if (rc != ALEXNET_ERROR_UNSUPPORTED || *variant == AN_CPU_DIRECT)
        return rc;
    *variant = AN_CPU_DIRECT;
    return backward_as(out, &problem, b->forward, g, *variant);
}

alexnet_status an_conv_backward_data_make(const void *problem, int64_t images, an_primitive **out)
{
    return backward(out, problem, (int)images, &data_gradient);
}

alexnet_status an_conv_backward_weights_make(const void *problem, int64_t images,
                                             an_primitive **out)
{
    return backward(out, problem, (int)images, &weights_gradient);
}
