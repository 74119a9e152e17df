/*
 * Kernels of the cuda backend, run as bodies on the host or on a GPU (cuda_rig.h): both norms, and
 * pooling, compared with cuda_ref in every form of memory, at AlexNet's shapes and random ones.
 * Outputs are poisoned and fenced. Blocks and threads run in both orders, which must give the same
 * bits.
 *
 * Error bounds follow from the operands, element by element: parity/bound.h. Max pooling is exact.
 */
#include "ops/cuda_rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

static size_t bytes_of(const cuda_form *form, int n, an_chw shape)
{
    return (size_t)n * (size_t)an_chw_count(shape) * (form->bf16 ? 2 : 4);
}

/* Memory of x and dx that differs from that of other tensors (kernels.h): in parts of the channels,
 * or with `gap` pixels after each row. */
typedef struct inner_form {
    int n;
    an_chw shape;
    int parts, gap; /* parts >= 1 */
} inner_form;

/* Which of these is asked for, where the kernels can do so. */
static enum { AS_USUAL, IN_PARTS, WITH_GAP } inner_kind;

static void *inner_space(const cuda_form *form, const inner_form *inner)
{
    const an_chw shape = {inner->shape.c, inner->shape.h, inner->shape.w + inner->gap};
    return cuda_space(form, inner->n, shape);
}

/* The same tensor in the inner form instead of the usual one, or back again. `block` is freed. */
static void *change_form(void *block, const cuda_form *form, const inner_form *inner, bool back)
{
    const size_t parts = (size_t)inner->parts, gap = (size_t)inner->gap;
    const size_t bytes = (form->bf16 ? 2 : 4) * (size_t)inner->shape.c / parts;
    const size_t w = (size_t)inner->shape.w;
    const size_t pixels = (size_t)inner->n * (size_t)inner->shape.h * w;
    char *out;
    if (parts == 1 && gap == 0)
        return block;
    out = back ? cuda_space(form, inner->n, inner->shape) : inner_space(form, inner);
    for (size_t i = 0; i < parts; i++)
        for (size_t pixel = 0; pixel < pixels; pixel++) {
            const size_t in = (i * pixels + pixel + pixel / w * gap) * bytes;
            const size_t usual = (pixel * parts + i) * bytes;
            memcpy(out + (back ? usual : in), (char *)block + (back ? in : usual), bytes);
        }
    cuda_free(block);
    return out;
}

/* Backward clears the pixels after a row. */
static void check_gap(const void *dx, const cuda_form *form, const inner_form *inner)
{
    const an_chw shape = {inner->shape.c, inner->shape.h, inner->shape.w + inner->gap};
    for (int64_t i = 0; inner->gap > 0 && i < inner->n * an_chw_count(shape); i++)
        if (i % shape.w >= inner->shape.w && cuda_get(dx, form, shape, i) != 0)
            fail_msg("%s: dx[%lld] after a row is not 0", form->name, (long long)i);
}

/* ---- Norms ----------------------------------------------------------------------------------- */

static an_cuda_lrn_run lrn_run(const cuda_case *c, const cuda_form *form)
{
    const an_lrn_desc *lrn = &c->desc.u.lrn;
    return (an_cuda_lrn_run){
        .form = cuda_form_of(form, c->desc.n, c->desc.in[0]),
        .within = c->desc.kind == AN_OP_LRN_WITHIN,
        .size = lrn->size,
        .groups = lrn->groups,
        .k = (float)lrn->k,
        .alpha = (float)lrn->alpha,
        .beta = (float)lrn->beta,
    };
}

static inner_form lrn_inner(an_cuda_lrn_run *run)
{
    const an_cuda_form *form = &run->form;
    inner_form inner = {form->n, {form->c, form->h, form->w}, 1, 0};
    if (inner_kind == IN_PARTS && an_cuda_lrn_takes_parts(run, run->groups))
        inner.parts = run->parts = run->groups;
    if (inner_kind == WITH_GAP && an_cuda_lrn_takes_pitch(run)) {
        inner.gap = 2;
        run->pitch = form->w + inner.gap;
    }
    return inner;
}

/* Forward and backward, in the current order of blocks and threads. *y and *dx are new blocks. */
static void compute_lrn(const cuda_case *c, const cuda_form *form, bool relu, void **y, void **dx)
{
    an_chw shape = c->desc.in[0];
    int n = c->desc.n;
    void *x = cuda_put(c->operands.x[0], form, n, shape);
    void *dy = cuda_put(c->operands.dy, form, n, shape);
    an_cuda_lrn_run run = lrn_run(c, form);
    void *scratch = cuda_block(an_cuda_lrn_scratch(&run));
    const inner_form inner = lrn_inner(&run);
    run.relu = relu;
    *y = cuda_space(form, n, shape);
    *dx = inner_space(form, &inner);
    x = change_form(x, form, &inner, false);
    run.x = x;
    run.y = *y;
    run.dy = dy;
    run.dx = *dx;
    run.scratch = scratch;
    cuda_ok(an_cuda_lrn_forward(&run, NULL));
    cuda_ok(an_cuda_lrn_backward(&run, NULL));
    check_gap(*dx, form, &inner);
    *dx = change_form(*dx, form, &inner, true);
    cuda_free(x);
    cuda_free(dy);
    cuda_free(scratch);
}

/* With a ReLU before the norm, the gradient is the same where x is above 0, and 0 elsewhere. */
static void check_lrn_relu(const cuda_case *c, const cuda_form *form, const void *dx)
{
    void *y, *masked;
    compute_lrn(c, form, true, &y, &masked);
    for (int64_t i = 0; i < an_batch_count(&c->desc, c->desc.out); i++) {
        double expected = c->operands.x[0][i] > 0 ? cuda_get(dx, form, c->desc.out, i) : 0;
        if (cuda_get(masked, form, c->desc.out, i) != expected)
            fail_msg("%s: dx[%lld] after a ReLU is not %g", form->name, (long long)i, expected);
    }
    cuda_free(y);
    cuda_free(masked);
}

/* With a bias before the norm: the same gradient, and its sum over images and pixels. The gradient
 * is rounded when it is stored, but not where it is added up. */
static void check_lrn_bias(const cuda_case *c, const cuda_form *form, const void *dx)
{
    an_chw shape = c->desc.in[0];
    int n = c->desc.n;
    int64_t pixels = (int64_t)shape.h * shape.w;
    float *dbias = cuda_block(sizeof(float) * (size_t)shape.c);
    an_cuda_lrn_run run = lrn_run(c, form);
    void *x = cuda_put(c->operands.x[0], form, n, shape);
    const inner_form inner = lrn_inner(&run);
    run.x = change_form(x, form, &inner, false);
    run.dy = cuda_put(c->operands.dy, form, n, shape);
    run.dx = inner_space(form, &inner);
    run.scratch = cuda_block(an_cuda_lrn_scratch(&run));
    an_cuda_bias_run bias = {.form = run.form, .dy = run.dx, .dbias = dbias};
    bias.scratch = cuda_block(an_cuda_bias_scratch(&bias));
    cuda_ok(an_cuda_lrn_backward_bias(&run, &bias, NULL));
    check_gap(run.dx, form, &inner);
    run.dx = change_form(run.dx, form, &inner, true);
    cuda_expect("lrn and bias dx", run.dx, form, n, shape, c->chain->dx[0], c->e_dx[0]);
    for (int channel = 0; channel < shape.c; channel++) {
        double sum = 0, size = 0, squares = 0;
        for (int64_t i = 0; i < n * pixels; i++) {
            int64_t at = (i / pixels * shape.c + channel) * pixels + i % pixels;
            double term = cuda_get(dx, form, shape, at);
            sum += term;
            size += fabs(term);
            squares += term * term;
        }
        double bound = 8 * 0x1p-24 * sqrt((double)(n * pixels) * squares) +
                       size * (form->bf16 ? 0x1p-8 : 0x1p-23);
        if (!(fabs((double)dbias[channel] - sum) <= bound))
            fail_msg("%s: dbias[%d] is %g, expected %g", form->name, channel,
                     (double)dbias[channel], sum);
    }
    cuda_free((void *)run.x);
    cuda_free((void *)run.dy);
    cuda_free(run.dx);
    cuda_free(run.scratch);
    cuda_free(bias.scratch);
    cuda_free(dbias);
}

static void check_lrn_form(cuda_case *c, const cuda_form *form)
{
    const an_chain_link *link = &c->chain->link[0];
    void *y[2], *dx[2];
    for (int order = 0; order < 2; order++) {
        an_host_backwards = order == 1;
        compute_lrn(c, form, false, &y[order], &dx[order]);
    }
    cuda_case_bounds(c, form);
    cuda_expect("lrn y", y[0], form, c->desc.n, c->desc.out, link->y, c->e_y);
    cuda_expect("lrn dx", dx[0], form, c->desc.n, c->desc.out, c->chain->dx[0], c->e_dx[0]);
    assert_memory_equal(y[0], y[1], bytes_of(form, c->desc.n, c->desc.out));
    assert_memory_equal(dx[0], dx[1], bytes_of(form, c->desc.n, c->desc.out));
    check_lrn_relu(c, form, dx[0]);
    check_lrn_bias(c, form, dx[0]);
    for (int order = 0; order < 2; order++) {
        cuda_free(y[order]);
        cuda_free(dx[order]);
    }
}

/* Maps of a single pixel are also passed on as rows in bf16 without nhwc, a combination that
 * cuda_forms lacks. */
static void check_lrn_rows(cuda_case *c)
{
    static const cuda_form rows = {"rows bf16", false, true};
    const an_chain_link *link = &c->chain->link[0];
    void *y, *dx;
    compute_lrn(c, &rows, false, &y, &dx);
    cuda_case_bounds(c, &rows);
    cuda_expect("lrn y", y, &rows, c->desc.n, c->desc.out, link->y, c->e_y);
    cuda_expect("lrn dx", dx, &rows, c->desc.n, c->desc.out, c->chain->dx[0], c->e_dx[0]);
    cuda_free(y);
    cuda_free(dx);
}

static void check_lrn(an_op_kind kind, int n, an_chw shape, an_lrn_desc lrn)
{
    an_op_desc desc = rig_desc(kind, n, shape.c, shape.h, shape.w);
    desc.u.lrn = lrn;
    cuda_case *c = cuda_case_new(cuda_ref, desc, 64, true);
    for (int f = 0; f < CUDA_FORMS; f++)
        for (int inner = AS_USUAL; inner <= WITH_GAP; inner++) {
            inner_kind = inner;
            check_lrn_form(c, &cuda_forms[f]);
        }
    inner_kind = AS_USUAL;
    if (shape.h == 1 && shape.w == 1)
        check_lrn_rows(c);
    cuda_case_free(c);
}

static void test_lrn(void **state)
{
    (void)state;
    check_lrn(AN_OP_LRN, 1, (an_chw){96, 55, 55}, (an_lrn_desc){5, 2, 2, 1e-4, 0.75});
    check_lrn(AN_OP_LRN, 2, (an_chw){256, 27, 27}, (an_lrn_desc){5, 2, 2, 1e-4, 0.75});
    check_lrn(AN_OP_LRN, 1, (an_chw){96, 27, 27}, (an_lrn_desc){5, 1, 1, 2e-5, 0.75});
    check_lrn(AN_OP_LRN_WITHIN, 1, (an_chw){256, 13, 13}, (an_lrn_desc){5, 1, 1, 4e-5, 0.75});
}

static void test_lrn_of_other_windows(void **state)
{
    (void)state;
    check_lrn(AN_OP_LRN, 3, (an_chw){8, 1, 1}, (an_lrn_desc){5, 1, 2, 1e-4, 0.75});
    check_lrn(AN_OP_LRN, 2, (an_chw){24, 3, 5}, (an_lrn_desc){5, 3, 1, 1e-3, 0.5}); /* other beta */
    check_lrn(AN_OP_LRN, 2, (an_chw){20, 3, 5}, (an_lrn_desc){5, 2, 1, 1e-3, 0.75}); /* no eights */
    check_lrn(AN_OP_LRN, 2, (an_chw){16, 5, 3}, (an_lrn_desc){3, 2, 2, 1e-3, 0.75});
    check_lrn(AN_OP_LRN, 2, (an_chw){7, 5, 3}, (an_lrn_desc){15, 1, 2, 1e-3, 0.75});
    check_lrn(AN_OP_LRN, 2, (an_chw){9, 2, 2}, (an_lrn_desc){1, 9, 2, 0, 0});
    check_lrn(AN_OP_LRN_WITHIN, 2, (an_chw){9, 6, 5}, (an_lrn_desc){3, 1, 1, 1e-3, 0.75});
    check_lrn(AN_OP_LRN_WITHIN, 2, (an_chw){8, 4, 7}, (an_lrn_desc){15, 1, 1, 1e-4, 1.5});
    for (int i = 0; i < 36; i++) /* AlexNet's windows within maps that are smaller, and larger */
        check_lrn(AN_OP_LRN_WITHIN, 2, (an_chw){16, 1 + i / 6, 1 + i % 6},
                  (an_lrn_desc){5, 1, 1, 1e-3, 0.75});
    check_lrn(AN_OP_LRN_WITHIN, 1, (an_chw){8, 24, 32}, (an_lrn_desc){5, 1, 1, 1e-4, 0.75});
    check_lrn(AN_OP_LRN_WITHIN, 1, (an_chw){8, 1, 769}, (an_lrn_desc){5, 1, 1, 1e-4, 0.75});
    for (uint32_t i = 0; i < 20; i++) {
        an_op_kind kind = i % 2 ? AN_OP_LRN_WITHIN : AN_OP_LRN;
        int groups = kind == AN_OP_LRN ? 1 + cuda_pick(1, i, 3) : 1;
        an_chw shape = {groups * (1 + cuda_pick(2, i, 20)), 1 + cuda_pick(3, i, 9),
                        1 + cuda_pick(4, i, 9)};
        check_lrn(kind, 1 + cuda_pick(5, i, 3), shape,
                  (an_lrn_desc){1 + 2 * cuda_pick(6, i, 5), groups, 1, 1e-4, 0.75});
    }
}

/* ---- Pooling --------------------------------------------------------------------------------- */

typedef struct pool_result {
    void *y, *places, *dx;
} pool_result;

/* With a gap, the maps are wider than the pooling needs. */
static inner_form pool_inner(an_cuda_pool_run *run)
{
    const an_cuda_form *in = &run->in;
    inner_form inner = {in->n, {in->c, in->h, in->w}, 1, 0};
    const int reach = (run->out_w - 1) * run->stride - run->pad + run->size;
    if (inner_kind == IN_PARTS && in->nhwc && in->c % 2 == 0 && an_cuda_pool_takes_parts(run, 2))
        inner.parts = run->parts = 2;
    if (inner_kind == WITH_GAP && in->nhwc && run->max && reach <= in->w) {
        inner.gap = 1;
        run->in.w++;
    }
    return inner;
}

static pool_result compute_pool(const cuda_case *c, const cuda_form *form, const double *x,
                                bool relu)
{
    const an_pool_desc *pool = &c->desc.u.pool;
    an_chw in = c->desc.in[0], out = c->desc.out;
    int n = c->desc.n;
    void *input = cuda_put(x, form, n, in), *dy = cuda_put(c->operands.dy, form, n, out);
    an_cuda_pool_run run = {
        .in = cuda_form_of(form, n, in),
        .out_h = out.h,
        .out_w = out.w,
        .size = pool->size,
        .stride = pool->stride,
        .pad = pool->pad,
        .max = pool->kind == AN_POOL_MAX,
        .relu = relu,
        .dy = dy,
    };
    const inner_form inner = pool_inner(&run);
    input = change_form(input, form, &inner, false);
    run.x = input;
    pool_result r = {cuda_space(form, n, out), cuda_block(an_cuda_pool_places(&run)),
                     inner_space(form, &inner)};
    run.y = r.y;
    cuda_ok(an_cuda_pool_forward(&run, NULL)); /* without recording places */
    run.places = r.places;
    run.y = cuda_space(form, n, out);
    cuda_ok(an_cuda_pool_forward(&run, NULL));
    assert_memory_equal(run.y, r.y, bytes_of(form, n, out));
    cuda_free(run.y);
    run.dx = r.dx;
    cuda_ok(an_cuda_pool_backward(&run, NULL));
    check_gap(r.dx, form, &inner);
    r.dx = change_form(r.dx, form, &inner, true);
    cuda_free(input);
    cuda_free(dy);
    return r;
}

static void free_pool(pool_result r)
{
    cuda_free(r.y);
    cuda_free(r.places);
    cuda_free(r.dx);
}

/* Max pooling fused with a ReLU, given the ReLU's input or its output. */
static void check_pool_relu(const cuda_case *c, const cuda_form *form)
{
    int64_t inputs = an_batch_count(&c->desc, c->desc.in[0]);
    int64_t outputs = an_batch_count(&c->desc, c->desc.out);
    double *positive = an_malloc((size_t)inputs * sizeof *positive);
    double *y = an_malloc((size_t)outputs * sizeof *y);
    for (int64_t i = 0; i < inputs; i++)
        positive[i] = c->operands.x[0][i] > 0 ? c->operands.x[0][i] : 0;
    for (int64_t i = 0; i < outputs; i++) {
        double value = ((const double *)c->chain->link[0].y)[i];
        y[i] = value > 0 ? value : 0;
    }
    /* Where the input is above 0, a maximum is the same with the ReLU as without. */
    pool_result without = compute_pool(c, form, c->operands.x[0], false);
    for (int given = 0; given < 2; given++) {
        pool_result r = compute_pool(c, form, given ? positive : c->operands.x[0], true);
        cuda_expect("relu and pool y", r.y, form, c->desc.n, c->desc.out, y, NULL);
        for (int64_t i = 0; i < inputs; i++) {
            double dx = cuda_get(without.dx, form, c->desc.in[0], i);
            double expected = c->operands.x[0][i] > 0 ? dx : 0;
            if (cuda_get(r.dx, form, c->desc.in[0], i) != expected)
                fail_msg("%s: dx[%lld] before the ReLU is not %g", form->name, (long long)i,
                         expected);
        }
        free_pool(r);
    }
    free_pool(without);
    an_free(positive);
    an_free(y);
}

static void check_pool_form(cuda_case *c, const cuda_form *form)
{
    bool max = c->desc.u.pool.kind == AN_POOL_MAX;
    pool_result r[2];
    for (int order = 0; order < 2; order++) {
        an_host_backwards = order == 1;
        r[order] = compute_pool(c, form, c->operands.x[0], false);
    }
    cuda_case_bounds(c, form);
    cuda_expect("pool y", r[0].y, form, c->desc.n, c->desc.out, c->chain->link[0].y,
                max ? NULL : c->e_y);
    cuda_expect("pool dx", r[0].dx, form, c->desc.n, c->desc.in[0], c->chain->dx[0],
                max ? NULL : c->e_dx[0]);
    assert_memory_equal(r[0].y, r[1].y, bytes_of(form, c->desc.n, c->desc.out));
    assert_memory_equal(r[0].dx, r[1].dx, bytes_of(form, c->desc.n, c->desc.in[0]));
    free_pool(r[0]);
    free_pool(r[1]);
    if (max)
        check_pool_relu(c, form);
}

/* Operands take only 256 values, so that many windows have equal maxima. */
static void check_pool(int n, an_chw shape, an_pool_desc pool)
{
    an_op_desc desc = rig_desc(AN_OP_POOL, n, shape.c, shape.h, shape.w);
    desc.u.pool = pool;
    cuda_case *c = cuda_case_new(cuda_ref, desc, 1, true);
    for (int f = 0; f < CUDA_FORMS; f++)
        for (int kind = AS_USUAL; kind <= (cuda_forms[f].nhwc ? WITH_GAP : AS_USUAL); kind++) {
            inner_kind = kind;
            check_pool_form(c, &cuda_forms[f]);
        }
    inner_kind = AS_USUAL;
    cuda_case_free(c);
}

static void test_pool(void **state)
{
    (void)state;
    check_pool(1, (an_chw){96, 55, 55}, (an_pool_desc){AN_POOL_MAX, 3, 2, 0, true});
    check_pool(1, (an_chw){64, 55, 55}, (an_pool_desc){AN_POOL_MAX, 3, 2, 0, false});
    check_pool(1, (an_chw){256, 27, 27}, (an_pool_desc){AN_POOL_MAX, 3, 2, 0, true});
    check_pool(2, (an_chw){256, 13, 13}, (an_pool_desc){AN_POOL_MAX, 3, 2, 0, true});
    check_pool(1, (an_chw){256, 13, 13}, (an_pool_desc){AN_POOL_AVG, 6, 1, 0, true});
}

/* A NaN in one pixel of every channel: the outputs whose windows contain it are NaN, and behind a
 * ReLU it gets no gradient. */
static void test_pool_of_nan(void **state)
{
    enum { C = 16, SIDE = 7, OUT = 3, NAN_AT = 3 };
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_POOL, 1, C, SIDE, SIDE);
    desc.u.pool = (an_pool_desc){AN_POOL_MAX, 3, 2, 0, false};
    cuda_case *c = cuda_case_new(cuda_ref, desc, 1, true);
    double *x = c->operands.x[0];
    for (int channel = 0; channel < C; channel++)
        x[(channel * SIDE + NAN_AT) * SIDE + NAN_AT] = channel % 2 ? NAN : -NAN;
    for (int f = 0; f < CUDA_FORMS; f++)
        for (int relu = 0; relu < 2; relu++) {
            const cuda_form *form = &cuda_forms[f];
            pool_result r = compute_pool(c, form, x, relu);
            for (int i = 0; i < C * OUT * OUT; i++) {
                int row = i / OUT % OUT, column = i % OUT;
                bool inside = row == 1 && column == 1;
                assert_int_equal(isnan(cuda_get(r.y, form, c->desc.out, i)) != 0, inside);
            }
            for (int channel = 0; relu && channel < C; channel++)
                assert_true(cuda_get(r.dx, form, c->desc.in[0],
                                     (channel * SIDE + NAN_AT) * SIDE + NAN_AT) == 0);
            free_pool(r);
        }
    cuda_case_free(c);
}

static void test_pool_of_other_windows(void **state)
{
    (void)state;
    check_pool(2, (an_chw){9, 7, 8}, (an_pool_desc){AN_POOL_MAX, 3, 1, 1, false});   /* overlap 3 */
    check_pool(2, (an_chw){8, 20, 17}, (an_pool_desc){AN_POOL_MAX, 16, 2, 3, true}); /* wide */
    check_pool(1, (an_chw){3, 21, 20}, (an_pool_desc){AN_POOL_MAX, 20, 5, 0, true});
    check_pool(2, (an_chw){16, 6, 6}, (an_pool_desc){AN_POOL_MAX, 15, 4, 12, true});
    check_pool(2, (an_chw){5, 9, 9}, (an_pool_desc){AN_POOL_MAX, 2, 3, 0, false}); /* gaps */
    check_pool(2, (an_chw){5, 1, 1}, (an_pool_desc){AN_POOL_MAX, 1, 1, 0, false});
    for (int i = 0; i < 36; i++) /* AlexNet's windows at every edge */
        check_pool(1, (an_chw){i % 2 ? 8 : 3, 3 + i / 6, 3 + i / 4},
                   (an_pool_desc){AN_POOL_MAX, 3, 2, i % 3, i % 4 < 2});
    for (uint32_t i = 0; i < 30; i++) {
        int size = 1 + cuda_pick(11, i, 5);
        an_pool_desc pool = {i % 2 ? AN_POOL_AVG : AN_POOL_MAX, size, 1 + cuda_pick(12, i, 4),
                             cuda_pick(13, i, size), cuda_pick(14, i, 2) == 1};
        an_chw shape = {(1 + cuda_pick(15, i, 5)) * (i % 3 ? 1 : 8), size + cuda_pick(16, i, 9),
                        size + cuda_pick(17, i, 9)};
        check_pool(1 + cuda_pick(18, i, 3), shape, pool);
    }
}

int main(void)
{
    if (cuda_absent())
        return cuda_absent();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lrn),
        cmocka_unit_test(test_lrn_of_other_windows),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_pool_of_nan),
        cmocka_unit_test(test_pool_of_other_windows),
    };
    return cmocka_run_group_tests(tests, cuda_open_ref, cuda_close_ref);
}
