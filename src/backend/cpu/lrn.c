/* Local response normalisation across maps and within a map, in the layout of the input. */
#include "backend/cpu/own.h"

#include "base/status.h"

static an_lrn_shape shape_of(const an_op_desc *desc, an_layout layout)
{
    const an_lrn_desc *lrn = &desc->u.lrn;
    an_lanes l = an_layout_lanes(layout);
    return (an_lrn_shape){
        .channels = layout.shape.c,
        .groups = lrn->groups,
        .half = lrn->size / 2,
        .h = layout.shape.h,
        .w = layout.shape.w,
        .planes = l.planes,
        .lanes = l.lanes,
        .k = (float)lrn->k,
        .alpha = (float)lrn->alpha,
        .beta = (float)lrn->beta,
        .root = lrn->beta == 0.75,
    };
}

/* Elements of a plane and of an image, in memory. */
static int64_t plane_size(const an_lrn_shape *p)
{
    return (int64_t)p->h * p->w * p->lanes;
}

static int64_t image_size(const an_lrn_shape *p)
{
    return plane_size(p) * p->planes;
}

/* A run of a kernel whose tensors begin `at` elements into args' tensors. */
static an_lrn_run run_at(const an_own *own, const an_op_args *args, int64_t at)
{
    an_dtype t = own->y.dtype;
    return (an_lrn_run){
        .shape = &own->lrn,
        .x = an_at(args->x[0], at, t),
        .dy = args->dy ? an_at(args->dy, at, t) : NULL,
        .y = args->y ? an_at(args->y, at, t) : NULL,
        .dx = args->dx[0] ? an_at(args->dx[0], at, t) : NULL,
        .s = own->op.base.saved ? (float *)args->saved + at : NULL,
        .work = an_own_mine(own, args),
    };
}

typedef void (*kernel)(const an_lrn_run *run);

static void run_across(an_own *own, const an_op_args *args, kernel run_kernel)
{
    const an_lrn_shape *p = &own->lrn;
    int64_t pixels = (int64_t)p->h * p->w;
    int tiles = (int)((pixels + AN_LRN_TILE - 1) / AN_LRN_TILE);
#pragma omp parallel for schedule(static)
    for (int i = 0; i < own->y.n * tiles; i++) {
        an_lrn_run run = run_at(own, args, i / tiles * image_size(p));
        run.first = (int64_t)(i % tiles) * AN_LRN_TILE;
        run.count = (int)(pixels - run.first < AN_LRN_TILE ? pixels - run.first : AN_LRN_TILE);
        run_kernel(&run);
    }
}

static void across_forward(an_own *own, const an_op_args *args)
{
    run_across(own, args, own->op.cpu->kernels->lrn_forward[an_kernel_type(own->y.dtype)]);
}

static void across_backward(an_own *own, const an_op_args *args)
{
    if (args->dx[0])
        run_across(own, args, own->op.cpu->kernels->lrn_backward[an_kernel_type(own->y.dtype)]);
}

static void run_within(an_own *own, const an_op_args *args, kernel run_kernel)
{
    const an_lrn_shape *p = &own->lrn;
#pragma omp parallel for schedule(static)
    for (int i = 0; i < own->y.n * p->planes; i++) {
        an_lrn_run run = run_at(own, args, i * plane_size(p));
        run_kernel(&run);
    }
}

static void within_forward(an_own *own, const an_op_args *args)
{
    run_within(own, args, own->op.cpu->kernels->lrn_within_forward[an_kernel_type(own->y.dtype)]);
}

static void within_backward(an_own *own, const an_op_args *args)
{
    if (args->dx[0])
        run_within(own, args,
                   own->op.cpu->kernels->lrn_within_backward[an_kernel_type(own->y.dtype)]);
}

static const an_own_kind across = {"own", true, false, across_forward, across_backward};
static const an_own_kind within = {"own", true, false, within_forward, within_backward};

static alexnet_status prepare(an_cpu *cpu, const an_prepare *p, const an_own_kind *kind,
                              int64_t (*work)(const an_lrn_shape *shape), an_own **out)
{
    AN_CHECK(an_own_new(out, cpu, p, kind, p->in, an_own_like_input(p)));
    (*out)->lrn = shape_of(&(*out)->desc, (*out)->y);
    an_own_work(*out, sizeof(float) * (size_t)work(&(*out)->lrn));
    return ALEXNET_OK;
}

/* Backward computes s again: that is cheaper than to write and read it. */
alexnet_status an_cpu_lrn_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    an_own *own;
    AN_CHECK(prepare(cpu, p, &across, an_lrn_work, &own));
    *out = &own->op;
    return ALEXNET_OK;
}

alexnet_status an_cpu_lrn_within_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    an_own *own;
    AN_CHECK(prepare(cpu, p, &within, an_lrn_within_work, &own));
    if (p->want_dx)
        own->op.base.saved = sizeof(float) * (size_t)an_layout_count(own->y);
    *out = &own->op;
    return ALEXNET_OK;
}
