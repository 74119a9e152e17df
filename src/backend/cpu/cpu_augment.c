/* Stored pictures become the network's input (op/augment.h). */
#include <assert.h>
#include <string.h>

#include "backend/cpu/native.h"
#include "base/status.h"

/* The mean at column 0 of the output for channel c and row y, and its step to the next column. */
typedef struct mean_row {
    const float *at;
    int step;
} mean_row;

static mean_row mean_of(const an_augment_desc *a, const float *mean, const an_slot *slot, int c,
                        int y)
{
    static const float none = 0;
    int side = a->side, margin = (side - a->crop) / 2;
    if (a->mean == AN_MEAN_NONE) /* `mean` is NULL */
        return (mean_row){&none, 0};
    const float *map = mean + (a->mean == AN_MEAN_CHANNEL ? c : (int64_t)c * side * side);
    switch (a->mean) {
    case AN_MEAN_NONE: break;
    case AN_MEAN_CHANNEL: return (mean_row){map, 0};
    case AN_MEAN_IMAGE_CENTRE: return (mean_row){map + (margin + y) * side + margin, 1};
    case AN_MEAN_IMAGE_ALIGNED:
        return slot->mirror ? (mean_row){map + (slot->y + y) * side + slot->x + a->crop - 1, -1}
                            : (mean_row){map + (slot->y + y) * side + slot->x, 1};
    }
    return (mean_row){&none, 0};
}

/* A thread's work memory for a row. */
typedef struct row_work {
    float *own, *other; /* of a slot and its partner, [3][crop] */
    float *levels;      /* [3][crop] */
    uint8_t *bytes;     /* [3][crop] */
} row_work;

static size_t work_bytes(const an_augment_desc *a)
{
    return 3 * (size_t)a->crop * (3 * sizeof(float) + 1);
}

static row_work work_of(const an_native *native, const an_op_args *args)
{
    size_t row = 3 * (size_t)native->desc.u.augment.crop;
    float *at = an_native_mine(native, args);
    return (row_work){at, at + row, at + 2 * row, (uint8_t *)(at + 3 * row)};
}

/* Row y of a slot without its partner, as elements of `dtype`. */
static void own_row(const an_native *native, const an_op_args *args, const an_slot *slot, int y,
                    an_dtype dtype, void *const out[3])
{
    const an_augment_desc *a = &native->desc.u.augment;
    const uint8_t *picture =
        (const uint8_t *)args->pictures + (int64_t)slot->picture * a->side * a->side * 3;
    row_work work = work_of(native, args);
    an_augment_run run = {.crop = a->crop,
                          .channels = a->channels,
                          .mirror = slot->mirror,
                          .gain = slot->gain,
                          .pixels = picture + ((int64_t)(slot->y + y) * a->side + slot->x) * 3,
                          .slot = slot->recoloured ? slot : NULL,
                          .bytes = work.bytes,
                          .levels = work.levels};
    assert(slot->picture < a->pictures);
    assert(slot->y >= 0 && slot->y <= a->side - a->crop);
    assert(slot->x >= 0 && slot->x <= a->side - a->crop);
    for (int c = 0; c < native->y.shape.c; c++) {
        mean_row mean = mean_of(a, args->param[0], slot, c, y);
        run.mean[c] = mean.at;
        run.mean_step = mean.step;
        run.scale[c] = (float)a->scale[c];
        run.colour[c] = slot->colour[c];
        run.out[c] = out[c];
    }
    native->op.cpu->kernels->augment[an_kernel_type(dtype)](&run);
    const an_box *erased = &slot->erased;
    if (y >= erased->top && y < erased->top + erased->rows)
        for (int c = 0; c < native->y.shape.c; c++)
            memset(an_at(out[c], erased->left, dtype), 0,
                   an_dtype_bytes(dtype) * (size_t)erased->columns);
}

/* Row y of a slot mixed with its partner: both in float32, rounded once. */
static void mixed_row(const an_native *native, const an_op_args *args, const an_slot *slot, int y,
                      void *const out[3])
{
    int crop = native->desc.u.augment.crop;
    row_work work = work_of(native, args);
    an_augment_mix_run run = {
        .crop = crop,
        .channels = native->y.shape.c,
        .left = slot->mixed.left,
        .columns = slot->mixed.columns,
        .share = slot->share,
        .own = work.own,
        .other = work.other,
    };
    memcpy(run.out, out, sizeof run.out[0] * (size_t)run.channels);
    assert(slot->partner >= 0 && slot->partner < native->y.n);
    const an_slot *partner = &args->slots[slot->partner];
    own_row(native, args, slot, y, AN_F32,
            (void *[]){work.own, work.own + crop, work.own + 2 * crop});
    if (partner->picture >= 0)
        own_row(native, args, partner, y, AN_F32,
                (void *[]){work.other, work.other + crop, work.other + 2 * crop});
    else
        memset(work.other, 0, 3 * sizeof(float) * (size_t)crop);
    native->op.cpu->kernels->augment_mix[an_kernel_type(native->y.dtype)](&run);
}

static void forward(an_native *native, const an_op_args *args)
{
    const an_augment_desc *a = &native->desc.u.augment;
    size_t bytes = an_dtype_bytes(native->y.dtype) * (size_t)a->crop;
#pragma omp parallel for schedule(static)
    for (int i = 0; i < native->y.n * a->crop; i++) {
        const an_slot *slot = &args->slots[i / a->crop];
        int y = i % a->crop;
        void *out[3];
        for (int c = 0; c < native->y.shape.c; c++) {
            int64_t row = ((int64_t)(i / a->crop) * native->y.shape.c + c) * a->crop + y;
            out[c] = an_at(args->y, row * a->crop, native->y.dtype);
            if (slot->picture < 0)
                memset(out[c], 0, bytes);
        }
        if (slot->picture < 0)
            continue;
        if (y >= slot->mixed.top && y < slot->mixed.top + slot->mixed.rows)
            mixed_row(native, args, slot, y, out);
        else
            own_row(native, args, slot, y, native->y.dtype, out);
    }
}

static const an_native_kind kind = {"augment", false, false, forward, NULL};

alexnet_status an_cpu_augment_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    an_dtype dtype = p->plain_out ? AN_F32 : cpu->activation;
    an_layout y = {AN_LAYOUT_PLAIN, dtype, p->ops[0]->n, p->ops[0]->out};
    AN_CHECK(an_native_new(out, cpu, p, &kind, NULL, y));
    an_native_work((an_native *)*out, work_bytes(&p->ops[0]->u.augment));
    return ALEXNET_OK;
}
