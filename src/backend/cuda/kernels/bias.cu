/*
 * Gradients of biases: dbias[c] = SUM dy over images and pixels, fused with backward through a
 * ReLU, an LRN or a max pooling. First the parts of the tensor are summed, whose number depends
 * only on the shape, then their sums, in order.
 */
#include "backend/cuda/kernels/lrn_eight.h"
#include "backend/cuda/kernels/pool_places.h"

enum {
    MANY_BLOCKS = 1024, /* enough to keep any chip busy */
    LEAST_ROUNDS = 8,   /* rows that a thread sums at least, if there are enough */
    FINAL = 4,          /* channels of a block in the final sum */
    SLICES = AN_THREADS / FINAL,
};

/*
 * The tensor as a matrix whose columns are summed. In N H W C, rows are pixels, and a block sums up
 * to 256 columns of 8 channels or one. In plain memory a block sums one channel: a single column,
 * whose rows are the pixels of all images.
 */
typedef struct bias_plan {
    an_cuda_bias_run run;
    bool rows;          /* the channels of a pixel are adjacent */
    int64_t count;      /* rows of the matrix */
    int64_t part;       /* rows of a part */
    int parts, columns; /* columns of the matrix, in lanes */
    int width, groups;  /* columns of a block; blocks to cover all columns */
    an_divisor pixels;
    an_cuda_lrn_run lrn; /* only for BIAS_LRN, like towers and place */
    an_divisor towers;
    lrn_place place;
} bias_plan;

typedef struct bias_shared {
    float sum[AN_THREADS][8];
} bias_shared;

AN_BODY int64_t bias_row_at(const bias_plan *plan, int64_t row, int c)
{
    if (plan->rows)
        return row * plan->run.form.c + c;
    uint32_t image = (uint32_t)row;
    int pixel = an_split(&image, plan->pixels);
    return ((int64_t)image * plan->run.form.c + c) * plan->pixels.by + pixel;
}

/* The gradient before the ReLU, which is also stored. */
AN_BODY void bias_mask(const bias_plan *plan, int64_t at, int lanes, bool bf16, float *v)
{
    float y[8];
    an_load_run(plan->run.relu_y, at, lanes, bf16, y);
    for (int l = 0; l < lanes; l++)
        v[l] = y[l] > 0 ? v[l] : 0;
    an_store_run(plan->run.dx, at, lanes, bf16, v);
}

/* Which gradients are summed. */
typedef enum bias_source {
    BIAS_PLAIN,  /* dy, or with a ReLU the gradient before it */
    BIAS_LRN,    /* the gradient before an LRN, which is also stored */
    BIAS_POOLED, /* dy after a ReLU and a max pooling, which pass each one to one place or none */
} bias_source;

/* The gradients that pass the ReLU before a max pooling. */
AN_BODY void bias_unpool(const bias_plan *plan, int64_t at, int lanes, float *v)
{
    int place[8];
    bool bytes = plan->run.window <= POOL_BYTE_SIDE;
    pool_load_places(plan->run.places, at, lanes, bytes, true, place);
    for (int l = 0; l < lanes; l++)
        v[l] = place[l] == pool_nowhere(bytes) ? 0 : v[l];
}

AN_BODY void bias_gradients(const bias_plan *plan, int64_t row, int c, bias_source source,
                            int lanes, bool bf16, float *v)
{
    if (source == BIAS_LRN) {
        lrn_eight e = lrn_eight_at(c, plan->towers, true, bf16);
        lrn_go_to(&e, &plan->place, row);
        lrn_gradients(&e, &plan->lrn, v);
        lrn_write_gradients(&e, &plan->lrn, v);
        return;
    }
    int64_t at = bias_row_at(plan, row, c);
    an_load_run(plan->run.dy, at, lanes, bf16, v);
    if (source == BIAS_POOLED)
        bias_unpool(plan, at, lanes, v);
    else if (plan->run.relu_y)
        bias_mask(plan, at, lanes, bf16, v);
}

/* Each thread sums its rows of its column. */
AN_BODY void bias_add(const bias_plan *plan, an_thread t, bias_shared *shared, bias_source source,
                      int lanes, bool bf16)
{
    int column = t.block % plan->groups * plan->width + t.index % plan->width;
    int at_once = AN_THREADS / plan->width, first = t.index / plan->width;
    int64_t row = (int64_t)(t.block / plan->groups) * plan->part, end = row + plan->part;
    float sum[8], v[8];
    for (int l = 0; l < lanes; l++)
        sum[l] = 0;
    if (end > plan->count)
        end = plan->count;
    if (column < plan->columns && first < at_once)
        for (row += first; row < end; row += at_once) {
            bias_gradients(plan, row, column * lanes, source, lanes, bf16, v);
            for (int l = 0; l < lanes; l++)
                sum[l] += v[l];
        }
    for (int l = 0; l < lanes; l++)
        shared->sum[t.index][l] = sum[l];
}

/* For each channel of the block, a thread sums the threads that shared its column. */
AN_BODY void bias_store_part(const bias_plan *plan, an_thread t, bias_shared *shared, int lanes)
{
    int c = plan->run.form.c, at_once = AN_THREADS / plan->width;
    float *out = (float *)plan->run.scratch + (int64_t)(t.block / plan->groups) * c;
    for (int i = t.index; i < plan->width * lanes; i += AN_THREADS) {
        int64_t channel = (int64_t)(t.block % plan->groups) * plan->width * lanes + i;
        float sum = 0;
        for (int j = 0; j < at_once; j++)
            sum += shared->sum[j * plan->width + i / lanes][i % lanes];
        if (channel < c)
            out[channel] = sum;
    }
}

#define BIAS_KERNELS(name, source, lanes, bf16)                                                    \
    AN_BODY void bias_add_##name(const bias_plan *plan, an_thread t, bias_shared *shared,          \
                                 an_nothing *own)                                                  \
    {                                                                                              \
        (void)own;                                                                                 \
        bias_add(plan, t, shared, source, lanes, bf16);                                            \
    }                                                                                              \
    AN_BODY void bias_store_##name(const bias_plan *plan, an_thread t, bias_shared *shared,        \
                                   an_nothing *own)                                                \
    {                                                                                              \
        (void)own;                                                                                 \
        bias_store_part(plan, t, shared, lanes);                                                   \
    }                                                                                              \
    AN_PHASES(bias_part_##name, bias_plan, bias_shared, an_nothing, bias_add_##name,               \
              bias_store_##name)

BIAS_KERNELS(eights, BIAS_PLAIN, 8, false)
BIAS_KERNELS(eights_bf16, BIAS_PLAIN, 8, true)
BIAS_KERNELS(single, BIAS_PLAIN, 1, false)
BIAS_KERNELS(single_bf16, BIAS_PLAIN, 1, true)
BIAS_KERNELS(pooled, BIAS_POOLED, 8, false)
BIAS_KERNELS(pooled_bf16, BIAS_POOLED, 8, true)
BIAS_KERNELS(pooled_single, BIAS_POOLED, 1, false)
BIAS_KERNELS(pooled_single_bf16, BIAS_POOLED, 1, true)
BIAS_KERNELS(lrn, BIAS_LRN, 8, false)
BIAS_KERNELS(lrn_bf16, BIAS_LRN, 8, true)

/* The final sum: FINAL channels of a block, SLICES slices of the parts. */
AN_BODY void bias_slice(const bias_plan *plan, an_thread t, bias_shared *shared, an_nothing *own)
{
    int64_t c = (int64_t)t.block * FINAL + t.index % FINAL;
    float sum = 0;
    (void)own;
    if (c < plan->run.form.c)
        for (int part = t.index / FINAL; part < plan->parts; part += SLICES)
            sum += ((const float *)plan->run.scratch)[(int64_t)part * plan->run.form.c + c];
    shared->sum[t.index][0] = sum;
}

AN_BODY void bias_finish(const bias_plan *plan, an_thread t, bias_shared *shared, an_nothing *own)
{
    int64_t c = (int64_t)t.block * FINAL + t.index;
    float sum = 0;
    (void)own;
    if (t.index >= FINAL || c >= plan->run.form.c)
        return;
    for (int slice = 0; slice < SLICES; slice++)
        sum += shared->sum[slice * FINAL + t.index][0];
    plan->run.dbias[c] = plan->run.accumulate ? plan->run.dbias[c] + sum : sum;
}

AN_PHASES(bias_total, bias_plan, bias_shared, an_nothing, bias_slice, bias_finish)

/* ---- Launches -------------------------------------------------------------------------------- */

static int lanes_of(const an_cuda_form *form)
{
    return (form->nhwc || form->h * form->w == 1) && form->c % 8 == 0 ? 8 : 1;
}

static int64_t at_most(int64_t a, int64_t limit)
{
    return a < limit ? a : limit;
}

static bias_plan plan_of(const an_cuda_bias_run *run)
{
    const an_cuda_form *form = &run->form;
    int64_t pixels = (int64_t)form->h * form->w, most, rounds;
    bias_plan plan;
    plan.run = *run;
    plan.rows = form->nhwc || pixels == 1;
    plan.count = form->n * pixels;
    plan.columns = form->c / lanes_of(form);
    plan.width = plan.rows ? (int)at_most(plan.columns, AN_THREADS) : 1;
    plan.groups = (plan.columns + plan.width - 1) / plan.width;
    plan.pixels = an_divisor_of(pixels);
    rounds = AN_THREADS / plan.width * (int64_t)LEAST_ROUNDS;
    most = (plan.count + rounds - 1) / rounds;
    plan.parts = (int)at_most(most, (MANY_BLOCKS + plan.groups - 1) / plan.groups);
    plan.part = (plan.count + plan.parts - 1) / plan.parts;
    return plan;
}

size_t an_cuda_bias_scratch(const an_cuda_bias_run *run)
{
    return (size_t)plan_of(run).parts * (size_t)run->form.c * sizeof(float);
}

#define BIAS_LAUNCH(name)                                                                          \
    (run->form.bf16 ? AN_LAUNCH(name##_bf16, bias_plan, &plan, blocks, stream)                     \
                    : AN_LAUNCH(name, bias_plan, &plan, blocks, stream))

static int launch_total(const bias_plan *plan, an_cuda_stream *stream)
{
    int64_t blocks = (plan->run.form.c + FINAL - 1) / FINAL;
    return AN_LAUNCH(bias_total, bias_plan, plan, blocks, stream);
}

int an_cuda_bias_gradient(const an_cuda_bias_run *run, an_cuda_stream *stream)
{
    bias_plan plan = plan_of(run);
    int64_t blocks = (int64_t)plan.parts * plan.groups;
    int rc;
    bool eights = lanes_of(&run->form) == 8;
    if (run->places)
        rc = eights ? BIAS_LAUNCH(bias_part_pooled) : BIAS_LAUNCH(bias_part_pooled_single);
    else
        rc = eights ? BIAS_LAUNCH(bias_part_eights) : BIAS_LAUNCH(bias_part_single);
    return rc ? rc : launch_total(&plan, stream);
}

int an_cuda_lrn_backward_bias(const an_cuda_lrn_run *lrn, const an_cuda_bias_run *run,
                              an_cuda_stream *stream)
{
    bias_plan plan = plan_of(run);
    int64_t blocks = (int64_t)plan.parts * plan.groups;
    int rc;
    if (!lrn->form.nhwc || !lrn_is_narrow(lrn)) {
        rc = an_cuda_lrn_backward(lrn, stream);
        return rc ? rc : an_cuda_bias_gradient(run, stream);
    }
    plan.lrn = *lrn;
    plan.towers = an_divisor_of(lrn->form.c / lrn->groups);
    plan.place = lrn_place_of(lrn);
    rc = BIAS_LAUNCH(bias_part_lrn);
    return rc ? rc : launch_total(&plan, stream);
}
