/*
 * Max and average pooling, in the layout of the input. When gradients are wanted, a ReLU before max
 * pooling is fused with it, so that neither its output nor its gradient goes through memory.
 */
#include "backend/cpu/native.h"
#include "base/status.h"

enum {
    MOST = 255
}; /* largest side of a window of max pooling with gradients, because positions in it are numbered
      in 16 bits; larger windows are left to ref */

/* Units of work: some lanes of one plane of one image. */
typedef struct units {
    int planes, lanes, width, parts, count;
} units;

static units units_of(const an_native *native)
{
    an_lanes l = an_layout_lanes(native->y);
    bool max = native->desc.u.pool.kind == AN_POOL_MAX;
    int width = max && native->y.dtype == AN_BF16 && l.lanes % 16 == 0 ? 16 : 8;
    int parts = (l.lanes + width - 1) / width;
    return (units){l.planes, l.lanes, width, parts, native->y.n * l.planes * parts};
}

typedef void (*kernel)(const an_pool_run *run);

static void run_units(an_native *native, const an_op_args *args, kernel run_kernel)
{
    units u = units_of(native);
    an_dtype t = native->y.dtype;
    int64_t in = (int64_t)native->x[0].shape.h * native->x[0].shape.w;
    int64_t out = (int64_t)native->y.shape.h * native->y.shape.w;
#pragma omp parallel for schedule(static)
    for (int i = 0; i < u.count; i++) {
        int plane = i / u.parts, lane = i % u.parts * u.width;
        int64_t at_in = plane * in * u.lanes + lane, at_out = plane * out * u.lanes + lane;
        an_pool_run run = {
            .desc = &native->desc,
            .lanes = u.lanes,
            .width = u.lanes - lane < u.width ? u.lanes - lane : u.width,
            .relu = native->op.base.taken > 1,
            .x = an_at(args->x[0], at_in, t),
            .y = an_at(args->y, at_out, t),
            .dy = args->dy ? an_at(args->dy, at_out, t) : NULL,
            .dx = args->dx[0] ? an_at(args->dx[0], at_in, t) : NULL,
            .places = native->op.base.saved ? (uint16_t *)args->saved + at_out : NULL,
            .work = an_native_mine(native, args),
        };
        run_kernel(&run);
    }
}

static void max_forward(an_native *native, const an_op_args *args)
{
    run_units(native, args,
              native->op.cpu->kernels->pool_max_forward[an_kernel_type(native->y.dtype)]);
}

static void max_backward(an_native *native, const an_op_args *args)
{
    if (args->dx[0])
        run_units(native, args,
                  native->op.cpu->kernels->pool_max_backward[an_kernel_type(native->y.dtype)]);
}

static void avg_forward(an_native *native, const an_op_args *args)
{
    run_units(native, args,
              native->op.cpu->kernels->pool_avg_forward[an_kernel_type(native->y.dtype)]);
}

static void avg_backward(an_native *native, const an_op_args *args)
{
    if (args->dx[0])
        run_units(native, args,
                  native->op.cpu->kernels->pool_avg_backward[an_kernel_type(native->y.dtype)]);
}

static const an_native_kind max_kind = {"pool_max", false, false, max_forward, max_backward};
static const an_native_kind avg_kind = {"pool_avg", false, false, avg_forward, avg_backward};

alexnet_status an_cpu_pool_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    const an_pool_desc *pool = &p->ops[0]->u.pool;
    bool max = pool->kind == AN_POOL_MAX;
    if (max && p->want_dx && pool->size > MOST)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "windows of more than %d pixels a side", MOST);
    AN_CHECK(
        an_native_new(out, cpu, p, max ? &max_kind : &avg_kind, p->in, an_native_like_input(p)));
    an_native *native = (an_native *)*out;
    if (max && p->want_dx)
        native->op.base.saved = sizeof(uint16_t) * (size_t)an_layout_count(native->y);
    if (p->want_dx)
        an_native_work(native,
                       2 * sizeof(an_float8) * (size_t)pool->size * (size_t)native->x[0].shape.w);
    return ALEXNET_OK;
}

alexnet_status an_cpu_relu_pool_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    an_prepare pool = *p; /* the ReLU's input has the shape of the pooling's */
    if (!an_cpu_pools_relu(p, 0))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "no max pooling of a ReLU with gradients");
    pool.ops++;
    pool.n_ops--;
    AN_CHECK(an_cpu_pool_prepare(cpu, &pool, out));
    (*out)->base.taken++;
    return ALEXNET_OK;
}
