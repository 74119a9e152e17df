/* Max and average pooling, in the layout of the input. */
#include "backend/cpu/own.h"
#include "base/status.h"

/* Units of work: up to AN_POOL_WIDTH lanes of one plane of one image. */
typedef struct units {
    int planes, lanes, parts, count;
} units;

static units units_of(const an_own *own)
{
    an_lanes l = an_layout_lanes(own->y);
    int parts = (l.lanes + AN_POOL_WIDTH - 1) / AN_POOL_WIDTH;
    return (units){l.planes, l.lanes, parts, own->y.n * l.planes * parts};
}

static void run_units(an_own *own, const an_op_args *args, void (*kernel)(const an_pool_run *run))
{
    units u = units_of(own);
    an_dtype t = own->y.dtype;
    int64_t in = (int64_t)own->x[0].shape.h * own->x[0].shape.w;
    int64_t out = (int64_t)own->y.shape.h * own->y.shape.w;
#pragma omp parallel for schedule(static)
    for (int i = 0; i < u.count; i++) {
        int plane = i / u.parts, lane = i % u.parts * AN_POOL_WIDTH;
        int64_t at_in = plane * in * u.lanes + lane, at_out = plane * out * u.lanes + lane;
        an_pool_run run = {
            .desc = &own->desc,
            .lanes = u.lanes,
            .width = u.lanes - lane < AN_POOL_WIDTH ? u.lanes - lane : AN_POOL_WIDTH,
            .x = an_at(args->x[0], at_in, t),
            .y = an_at(args->y, at_out, t),
            .dy = args->dy ? an_at(args->dy, at_out, t) : NULL,
            .dx = args->dx[0] ? an_at(args->dx[0], at_in, t) : NULL,
            .work = an_own_mine(own, args),
        };
        kernel(&run);
    }
}

static void forward(an_own *own, const an_op_args *args)
{
    run_units(own, args, own->op.cpu->kernels->pool_forward[an_kernel_type(own->y.dtype)]);
}

static void backward(an_own *own, const an_op_args *args)
{
    if (args->dx[0])
        run_units(own, args, own->op.cpu->kernels->pool_backward[an_kernel_type(own->y.dtype)]);
}

static const an_own_kind max_kind = {"own", true, true, forward, backward};
static const an_own_kind avg_kind = {"own", false, false, forward, backward};

alexnet_status an_cpu_pool_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    an_own *own;
    bool max = p->ops[0]->u.pool.kind == AN_POOL_MAX;
    AN_CHECK(an_own_new(&own, cpu, p, max ? &max_kind : &avg_kind, p->in, an_own_like_input(p)));
    if (p->want_dx)
        an_own_work(own, sizeof(an_float8) * (size_t)own->x[0].shape.h * (size_t)own->x[0].shape.w);
    *out = &own->op;
    return ALEXNET_OK;
}
