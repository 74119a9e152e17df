/*
 * Bare oneDNN: the convolutions and inner products of a training step, and nothing else. Every
 * primitive chooses its own layouts (`any`) and has its own buffers, so that no reorder, no other
 * layer and no update is counted. The time of this library's whole step is compared with it.
 *
 *     bench_bare [NET [BATCH [STEPS [fp32|bf16 [THREADS]]]]]     alexnet-owt 64 5 fp32 OpenMP's
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cpu/onednn/primitive.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/status.h"
#include "model/network/network.h"

enum { PASSES = 3, ARGS = 4, CLASSES = 1000 };

static const char *const pass_names[PASSES] = {"forward", "backward data", "backward weights"};
static const int pass_args[PASSES][ARGS] = {
    {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_DST},
    {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC},
    {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_BIAS}};
static const int pass_arg_count[PASSES] = {4, 3, 4};

/** A primitive with its buffers; `primitive` is NULL if the pass is not needed. */
typedef struct work {
    an_primitive *primitive;
    void *data[ARGS], *scratch;
    double *seconds; /* [steps] */
} work;

typedef struct layer {
    const char *name;
    double operations; /* of one pass */
    work passes[PASSES];
} layer;

typedef struct bare {
    dnnl_engine_t engine;
    dnnl_primitive_attr_t attr;
    dnnl_data_type_t type;
    int batch, steps, count;
    layer layers[AN_LAYERS_MAX];
} bare;

typedef dnnl_status_t (*describe_fn)(dnnl_primitive_desc_t *out, const an_primitive_spec *spec);

/* ---- Inner products, which the library computes as matrix products --------------------------- */

#if DNNL_VERSION_MAJOR < 3

static dnnl_status_t finish(dnnl_primitive_desc_t *out, const an_primitive_spec *s,
                            const dnnl_inner_product_desc_t *d, dnnl_status_t status)
{
    return status != dnnl_success
               ? status
               : dnnl_primitive_desc_create(out, d, s->attr, s->engine, s->forward);
}

static dnnl_status_t fc_forward(dnnl_primitive_desc_t *out, const an_primitive_spec *s)
{
    dnnl_inner_product_desc_t d;
    return finish(
        out, s, &d,
        dnnl_inner_product_forward_desc_init(&d, s->prop, s->src, s->weights, s->bias, s->dst));
}

static dnnl_status_t fc_backward_data(dnnl_primitive_desc_t *out, const an_primitive_spec *s)
{
    dnnl_inner_product_desc_t d;
    return finish(out, s, &d,
                  dnnl_inner_product_backward_data_desc_init(&d, s->src, s->weights, s->dst));
}

static dnnl_status_t fc_backward_weights(dnnl_primitive_desc_t *out, const an_primitive_spec *s)
{
    dnnl_inner_product_desc_t d;
    return finish(
        out, s, &d,
        dnnl_inner_product_backward_weights_desc_init(&d, s->src, s->weights, s->bias, s->dst));
}

#else

static dnnl_status_t fc_forward(dnnl_primitive_desc_t *out, const an_primitive_spec *s)
{
    return dnnl_inner_product_forward_primitive_desc_create(out, s->engine, s->prop, s->src,
                                                            s->weights, s->bias, s->dst, s->attr);
}

static dnnl_status_t fc_backward_data(dnnl_primitive_desc_t *out, const an_primitive_spec *s)
{
    return dnnl_inner_product_backward_data_primitive_desc_create(
        out, s->engine, s->src, s->weights, s->dst, s->forward, s->attr);
}

static dnnl_status_t fc_backward_weights(dnnl_primitive_desc_t *out, const an_primitive_spec *s)
{
    return dnnl_inner_product_backward_weights_primitive_desc_create(
        out, s->engine, s->src, s->weights, s->bias, s->dst, s->forward, s->attr);
}

#endif

static const describe_fn conv_describe[PASSES] = {an_dnnl_conv_forward, an_dnnl_conv_backward_data,
                                                  an_dnnl_conv_backward_weights};
static const describe_fn fc_describe[PASSES] = {fc_forward, fc_backward_data, fc_backward_weights};

/* ---- Making ---------------------------------------------------------------------------------- */

/** A layer's tensors and parameters. */
typedef struct shape {
    int rank, weights_rank;
    dnnl_dims_t src, weights, bias, dst;
    an_primitive_spec spec; /* stride and padding */
} shape;

static dnnl_dim_t larger(dnnl_dim_t a, dnnl_dim_t b)
{
    return a > b ? a : b;
}

static shape conv_shape(const an_op_desc *d)
{
    const an_conv_desc *c = &d->u.conv;
    const an_chw in = d->in[0], out = d->out;
    int stride = c->stride, groups = c->groups;
    /* A size that was rounded up reaches beyond the declared padding. */
    dnnl_dim_t bottom = larger(c->bottom, (out.h - 1) * stride + c->r - in.h - c->top);
    dnnl_dim_t right = larger(c->right, (out.w - 1) * stride + c->s - in.w - c->left);
    shape s = {
        .rank = 4,
        .weights_rank = groups > 1 ? 5 : 4,
        .src = {d->n, in.c, in.h, in.w},
        .weights = {groups, c->k / groups, in.c / groups, c->r, c->s},
        .bias = {c->k},
        .dst = {d->n, out.c, out.h, out.w},
        .spec = {.stride = {stride, stride}, .low = {c->top, c->left}, .high = {bottom, right}}};
    if (groups == 1)
        memmove(s.weights, s.weights + 1, 4 * sizeof s.weights[0]);
    return s;
}

static shape fc_shape(const an_op_desc *d)
{
    dnnl_dim_t inputs = an_chw_count(d->in[0]), outputs = d->u.fc.k;
    return (shape){.rank = 2,
                   .weights_rank = 2,
                   .src = {d->n, inputs},
                   .weights = {outputs, inputs},
                   .bias = {outputs},
                   .dst = {d->n, outputs}};
}

/* Fill with small numbers of the type: on some processors the time depends on the values. */
static void *new_buffer(size_t bytes, bool halves)
{
    void *data = an_alloc_big(larger((dnnl_dim_t)bytes, 1));
    if (!data)
        return NULL;
    for (size_t i = 0; halves && i < bytes / 2; i++)
        ((uint16_t *)data)[i] = 0x3c00; /* 2^-7 in bf16 */
    for (size_t i = 0; !halves && i < bytes / 4; i++)
        ((float *)data)[i] = 0x1p-7f;
    return data;
}

static bool is_half(const bare *b, int arg)
{
    return b->type == dnnl_bf16 && arg != DNNL_ARG_BIAS && arg != DNNL_ARG_DIFF_BIAS &&
           arg != DNNL_ARG_DIFF_WEIGHTS;
}

static alexnet_status make_buffers(const bare *b, work *w, int pass)
{
    for (int i = 0; i < pass_arg_count[pass]; i++) {
        int arg = pass_args[pass][i];
        size_t bytes = dnnl_memory_desc_get_size(an_primitive_md(w->primitive, arg));
        w->data[i] = new_buffer(bytes, is_half(b, arg));
        if (!w->data[i])
            return AN_FAIL_MEMORY(bytes, "a buffer");
    }
    size_t scratch = an_primitive_scratch(w->primitive);
    w->scratch = new_buffer(scratch, false);
    w->seconds = an_calloc((size_t)b->steps, sizeof *w->seconds);
    return w->scratch && w->seconds ? ALEXNET_OK : AN_FAIL_MEMORY(scratch, "scratch memory");
}

static alexnet_status make_pass(const bare *b, layer *l, shape s, const describe_fn describe[],
                                int pass)
{
    work *w = &l->passes[pass];
    bool sums = pass == 2; /* gradients of weights are float32, as the library keeps them */
    dnnl_primitive_desc_t pd = NULL;
    s.spec.engine = b->engine;
    s.spec.attr = b->attr;
    s.spec.prop = dnnl_forward_training;
    s.spec.algorithm = dnnl_convolution_direct;
    s.spec.forward = pass ? an_primitive_pd(l->passes[0].primitive) : NULL;
    s.spec.src = an_md_by_tag(s.rank, s.src, b->type, dnnl_format_tag_any);
    s.spec.weights =
        an_md_by_tag(s.weights_rank, s.weights, sums ? dnnl_f32 : b->type, dnnl_format_tag_any);
    s.spec.bias = an_md_by_tag(1, s.bias, dnnl_f32, dnnl_format_tag_any);
    s.spec.dst = an_md_by_tag(s.rank, s.dst, b->type, dnnl_format_tag_any);
    dnnl_status_t status = dnnl_out_of_memory;
    if (s.spec.src && s.spec.weights && s.spec.bias && s.spec.dst)
        status = describe[pass](&pd, &s.spec);
    an_md_free(s.spec.src);
    an_md_free(s.spec.weights);
    an_md_free(s.spec.bias);
    an_md_free(s.spec.dst);
    if (status != dnnl_success)
        return an_dnnl_fail(status, l->name);
    AN_CHECK(an_primitive_new(&w->primitive, b->engine, pd, pass_arg_count[pass], pass_args[pass]));
    return make_buffers(b, w, pass);
}

static alexnet_status make_layers(bare *b, const alexnet_network *network, const an_graph *graph)
{
    for (int i = 0; i < graph->count; i++) {
        const an_node *node = &graph->nodes[i];
        bool conv = node->desc.kind == AN_OP_CONV;
        if (!conv && node->desc.kind != AN_OP_FC)
            continue;
        layer *l = &b->layers[b->count++];
        l->name = network->layers[node->layer].name;
        l->operations = 2.0 * (double)an_op_mult_adds(&node->desc) * b->batch;
        for (int pass = 0; pass < PASSES; pass++)
            if (pass != 1 || node->inputs[0] != 0) /* pixels have no gradient */
                AN_CHECK(make_pass(b, l, conv ? conv_shape(&node->desc) : fc_shape(&node->desc),
                                   conv ? conv_describe : fc_describe, pass));
    }
    return ALEXNET_OK;
}

/* ---- Measuring ------------------------------------------------------------------------------- */

static alexnet_status run_pass(work *w, int pass_step)
{
    if (!w->primitive)
        return ALEXNET_OK;
    double began = an_clock();
    AN_CHECK(an_primitive_run(w->primitive, (const void *const *)w->data, w->scratch));
    if (pass_step >= 0)
        w->seconds[pass_step] = an_clock() - began;
    return ALEXNET_OK;
}

/* Step -1 is not measured. */
static alexnet_status run_step(bare *b, int step)
{
    for (int i = 0; i < b->count; i++)
        AN_CHECK(run_pass(&b->layers[i].passes[0], step));
    for (int i = b->count; i-- > 0;)
        for (int pass = 1; pass < PASSES; pass++)
            AN_CHECK(run_pass(&b->layers[i].passes[pass], step));
    return ALEXNET_OK;
}

static void print_layers(bare *b)
{
    for (int i = 0; i < b->count; i++)
        for (int pass = 0; pass < PASSES; pass++) {
            work *w = &b->layers[i].passes[pass];
            if (!w->primitive)
                continue;
            double seconds = an_median(w->seconds, b->steps);
            printf("%-12s %-16s %9.3f ms %9.1f GFLOP/s  %s\n", b->layers[i].name, pass_names[pass],
                   seconds * 1e3, b->layers[i].operations / seconds / 1e9,
                   an_primitive_name(w->primitive));
        }
}

static alexnet_status measure(bare *b, double *whole)
{
    AN_CHECK(run_step(b, -1));
    for (int step = 0; step < b->steps; step++) {
        double began = an_clock();
        AN_CHECK(run_step(b, step));
        whole[step] = an_clock() - began;
    }
    print_layers(b);
    double seconds = an_median(whole, b->steps);
    printf("%.1f images/s: %.1f ms for a batch of %d (min %.1f, max %.1f)\n", b->batch / seconds,
           seconds * 1e3, b->batch, whole[0] * 1e3, whole[b->steps - 1] * 1e3);
    return ALEXNET_OK;
}

static alexnet_status run(bare *b, const char *net)
{
    alexnet_status rc;
    alexnet_network *network = NULL;
    an_graph graph = {0};
    const an_graph_extent extent = {.slots = b->batch, .pictures = b->batch};
    double *whole = an_calloc((size_t)b->steps, sizeof *whole);
    dnnl_status_t status = dnnl_engine_create(&b->engine, dnnl_cpu, 0);
    if (status == dnnl_success)
        status = an_dnnl_attr(&b->attr, false);
    if (status != dnnl_success || !whole)
        return an_dnnl_fail(whole ? status : dnnl_out_of_memory, "the start");
    AN_TRY(an_network_load(&network, net, CLASSES));
    AN_TRY(an_graph_build(&graph, network, &extent));
    AN_TRY(make_layers(b, network, &graph));
    AN_TRY(measure(b, whole));
cleanup: /* the rest is freed at exit */
    an_graph_free(&graph);
    an_network_release(network);
    an_free(whole);
    return rc;
}

/* A number from the command line; 0 if it is not a number. */
static int number(const char *text)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    return *end || errno || value < 1 || value > 65536 ? 0 : (int)value;
}

int main(int argc, char **argv)
{
    static bare b = {.type = dnnl_f32};
    const char *net = argc > 1 ? argv[1] : "alexnet-owt", *type = argc > 4 ? argv[4] : "fp32";
    int threads = argc > 5 ? number(argv[5]) : omp_get_max_threads();
    b.batch = argc > 2 ? number(argv[2]) : 64;
    b.steps = argc > 3 ? number(argv[3]) : 5;
    if (strcmp(type, "bf16") == 0)
        b.type = dnnl_bf16;
    if (!b.batch || !b.steps || !threads || (b.type == dnnl_f32 && strcmp(type, "fp32") != 0)) {
        fprintf(stderr, "usage: bench_bare [NET [BATCH [STEPS [fp32|bf16 [THREADS]]]]]\n");
        return 2;
    }
    omp_set_num_threads(threads);
    printf("bare oneDNN, training of %s, %s, %d threads\n", net, type, threads);
    if (run(&b, net) != ALEXNET_OK) {
        fprintf(stderr, "bench_bare: %s\n", an_error_text());
        return 1;
    }
    return 0;
}
