/* Local response normalisation across maps and within a map, in the layout of the input. */
#include "backend/cpu/native.h"

#include "base/status.h"

/* Half of the window, limited to what can be within the tower or map wherever the window is:
 * kernels need memory and time for all of it. */
static int half_of(const an_op_desc *desc, an_chw shape)
{
    const int half = desc->u.lrn.size / 2, longer = shape.h > shape.w ? shape.h : shape.w;
    const int reach = (desc->kind == AN_OP_LRN_WITHIN ? longer : shape.c / desc->u.lrn.groups) - 1;
    return half < reach ? half : reach;
}

static an_lrn_shape shape_of(const an_op_desc *desc, an_layout layout)
{
    const an_lrn_desc *lrn = &desc->u.lrn;
    an_lanes l = an_layout_lanes(layout);
    return (an_lrn_shape){
        .channels = layout.shape.c,
        .groups = lrn->groups,
        .half = half_of(desc, layout.shape),
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
static an_lrn_run run_at(const an_native *native, const an_op_args *args, int64_t at)
{
    an_dtype t = native->y.dtype;
    return (an_lrn_run){
        .shape = &native->lrn,
        .x = an_at(args->x[0], at, t),
        .dy = args->dy ? an_at(args->dy, at, t) : NULL,
        .y = args->y ? an_at(args->y, at, t) : NULL,
        .dx = args->dx[0] ? an_at(args->dx[0], at, t) : NULL,
        .s = native->op.base.saved ? (float *)args->saved + at : NULL,
        .work = an_native_mine(native, args),
    };
}

typedef void (*kernel)(const an_lrn_run *run);

static void run_across(an_native *native, const an_op_args *args, kernel run_kernel)
{
    const an_lrn_shape *p = &native->lrn;
    int64_t pixels = (int64_t)p->h * p->w;
    int tiles = (int)((pixels + AN_LRN_TILE - 1) / AN_LRN_TILE);
#pragma omp parallel for schedule(static)
    for (int i = 0; i < native->y.n * tiles; i++) {
        an_lrn_run run = run_at(native, args, i / tiles * image_size(p));
        run.first = (int64_t)(i % tiles) * AN_LRN_TILE;
        run.count = (int)(pixels - run.first < AN_LRN_TILE ? pixels - run.first : AN_LRN_TILE);
        run_kernel(&run);
    }
}

static void across_forward(an_native *native, const an_op_args *args)
{
    run_across(native, args, native->op.cpu->kernels->lrn_forward[an_kernel_type(native->y.dtype)]);
}

static void across_backward(an_native *native, const an_op_args *args)
{
    if (args->dx[0])
        run_across(native, args,
                   native->op.cpu->kernels->lrn_backward[an_kernel_type(native->y.dtype)]);
}

static void run_within(an_native *native, const an_op_args *args, kernel run_kernel)
{
    const an_lrn_shape *p = &native->lrn;
#pragma omp parallel for schedule(static)
    for (int i = 0; i < native->y.n * p->planes; i++) {
        an_lrn_run run = run_at(native, args, i * plane_size(p));
        run_kernel(&run);
    }
}

static void within_forward(an_native *native, const an_op_args *args)
{
    run_within(native, args,
               native->op.cpu->kernels->lrn_within_forward[an_kernel_type(native->y.dtype)]);
}

static void within_backward(an_native *native, const an_op_args *args)
{
    if (args->dx[0])
        run_within(native, args,
                   native->op.cpu->kernels->lrn_within_backward[an_kernel_type(native->y.dtype)]);
}

static const an_native_kind across = {"lrn", true, false, across_forward, across_backward};
static const an_native_kind within = {"lrn_within", true, false, within_forward, within_backward};

static alexnet_status prepare(an_cpu *cpu, const an_prepare *p, const an_native_kind *kind,
                              int64_t (*work)(const an_lrn_shape *shape), an_cpu_op **out)
{
    AN_CHECK(an_native_new(out, cpu, p, kind, p->in, an_native_like_input(p)));
    an_native *native = (an_native *)*out;
    native->lrn = shape_of(&native->desc, native->y);
    an_native_work(native, sizeof(float) * (size_t)work(&native->lrn));
    return ALEXNET_OK;
}

/* Backward recomputes s, which is cheaper than storing and loading it. */
alexnet_status an_cpu_lrn_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    return prepare(cpu, p, &across, an_lrn_work, out);
}

alexnet_status an_cpu_lrn_within_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    AN_CHECK(prepare(cpu, p, &within, an_lrn_within_work, out));
    if (p->want_dx)
        (*out)->base.saved = sizeof(float) * (size_t)an_layout_count(((an_native *)*out)->y);
    return ALEXNET_OK;
}
