/* From stored pictures to the network's input (op/augment.h). */
#include <assert.h>
#include <string.h>

#include "backend/cpu/own.h"
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
    const float *map = mean + (int64_t)c * side * side;
    switch (a->mean) {
    case AN_MEAN_NONE: break;
    case AN_MEAN_CHANNEL: return (mean_row){mean + c, 0};
    case AN_MEAN_IMAGE_CENTRE: return (mean_row){map + (margin + y) * side + margin, 1};
    case AN_MEAN_IMAGE_ALIGNED:
        return slot->mirror ? (mean_row){map + (slot->y + y) * side + slot->x + a->crop - 1, -1}
                            : (mean_row){map + (slot->y + y) * side + slot->x, 1};
    }
    return (mean_row){&none, 0};
}

static void cut_row(const an_augment_desc *a, const an_op_args *args, const an_slot *slot, int c,
                    int y, float *out)
{
    const uint8_t *picture =
        (const uint8_t *)args->pictures + (int64_t)slot->picture * a->side * a->side * 3;
    const uint8_t *pixel =
        picture + ((int64_t)(slot->y + y) * a->side + slot->x) * 3 + (a->bgr ? 2 - c : c);
    int step = 3;
    if (slot->mirror) {
        pixel += (a->crop - 1) * 3;
        step = -3;
    }
    mean_row m = mean_of(a, args->param[0], slot, c, y);
    float scale = (float)a->scale[c], gain = slot->gain, colour = slot->colour[c];
    for (int x = 0; x < a->crop; x++)
        out[x] = gain * (scale * ((float)pixel[x * step] - m.at[x * m.step]) + colour);
}

static void forward(an_own *own, const an_op_args *args)
{
    const an_augment_desc *a = &own->desc.u.augment;
    int rows = 3 * a->crop;
#pragma omp parallel for schedule(static)
    for (int i = 0; i < own->y.n * rows; i++) {
        const an_slot *slot = &args->slots[i / rows];
        int c = i % rows / a->crop, y = i % a->crop;
        int64_t at = (int64_t)i * a->crop;
        float *row = own->y.dtype == AN_F32 ? an_at(args->y, at, AN_F32) : an_own_mine(own, args);
        if (slot->picture < 0) {
            memset(row, 0, sizeof(float) * (size_t)a->crop);
        } else {
            assert(slot->picture < a->pictures);
            assert(slot->y >= 0 && slot->y <= a->side - a->crop);
            assert(slot->x >= 0 && slot->x <= a->side - a->crop);
            cut_row(a, args, slot, c, y, row);
        }
        for (int x = 0; own->y.dtype == AN_BF16 && x < a->crop; x++)
            an_store(args->y, at + x, AN_BF16, row[x]);
    }
}

static const an_own_kind kind = {"own", false, false, forward, NULL};

alexnet_status an_cpu_augment_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    an_dtype dtype = p->plain_out ? AN_F32 : cpu->activation;
    an_layout y = {AN_LAYOUT_PLAIN, dtype, p->ops[0]->n, p->ops[0]->out};
    an_own *own;
    AN_CHECK(an_own_new(&own, cpu, p, &kind, NULL, y));
    an_own_work(own, sizeof(float) * (size_t)own->desc.u.augment.crop);
    *out = &own->op;
    return ALEXNET_OK;
}
