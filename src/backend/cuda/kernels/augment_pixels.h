/*
 * Pixels of the network's input from stored pictures (op/augment.h), for the kernels that write
 * them: four of a row at a time. Most fours come from twelve contiguous bytes, which are read as
 * words; pixels at edges, in padding and in boxes are computed one by one.
 */
#ifndef AN_BACKEND_CUDA_KERNELS_AUGMENT_PIXELS_H
#define AN_BACKEND_CUDA_KERNELS_AUGMENT_PIXELS_H

#include "backend/cuda/kernels/kernels.h"
#include "backend/cuda/kernels/values.h"

enum { PIXELS = 4 }; /* of a thread */

/* What all pixels are computed from. */
typedef struct augment_source {
    an_cuda_augment_run run;
    float scale[3];
    bool words; /* all pictures can be read in words */
} augment_source;

/* What all pixels of a slot share. */
typedef struct augment_view {
    const an_slot *slot;
    const uint8_t *corner; /* the first byte of the crop */
    bool mirror, recoloured;
    bool together; /* fours may be computed at once: the slot has a picture and no boxes */
    float gain, colour[3], mean[3];
    const float *image; /* a mean image, from the crop's corner on; NULL: none */
    bool aligned;       /* the mean image is read at the source pixel, else at the output pixel */
} augment_view;

AN_BODY augment_view augment_view_of(const augment_source *source, const an_slot *slot, int colours)
{
    const an_cuda_augment_run *run = &source->run;
    const int side = run->desc.side, margin = (side - run->desc.crop) / 2;
    const int64_t corner = (int64_t)slot->y * side + slot->x;
    augment_view v;
    v.slot = slot;
    v.corner = run->pictures + ((int64_t)slot->picture * side * side + corner) * 3;
    v.mirror = slot->mirror;
    v.recoloured = slot->recoloured;
    v.together =
        source->words && slot->picture >= 0 && slot->erased.rows == 0 && slot->mixed.rows == 0;
    v.gain = slot->gain;
    v.aligned = run->desc.mean == AN_MEAN_IMAGE_ALIGNED;
    v.image = NULL;
    if (run->desc.mean >= AN_MEAN_IMAGE_CENTRE)
        v.image = run->mean + (v.aligned ? corner : (int64_t)margin * side + margin);
    AN_UNROLL
    for (int c = 0; c < colours; c++) {
        v.colour[c] = slot->colour[c];
        v.mean[c] = run->desc.mean == AN_MEAN_CHANNEL ? run->mean[c] : 0;
    }
    return v;
}

/* The source column of output column x, from the crop's corner. */
AN_BODY int augment_column(const augment_source *source, const augment_view *view, int x)
{
    return view->mirror ? source->run.desc.crop - 1 - x : x;
}

/* The means to subtract from pixels x .. x + count - 1 of row y. */
AN_BODY void augment_means(const augment_source *source, const augment_view *view, int y, int x,
                           int count, int colours, float m[PIXELS][3])
{
    const int side = source->run.desc.side;
    for (int i = 0; i < count; i++)
        for (int c = 0; c < colours; c++)
            m[i][c] = view->mean[c];
    if (!view->image)
        return;
    for (int i = 0; i < count; i++) {
        int column = view->aligned ? augment_column(source, view, x + i) : x + i;
        for (int c = 0; c < colours; c++)
            m[i][c] = view->image[(c * side + y) * side + column];
    }
}

/* Channel c of `colours` (constant after inlining) of a pixel. The grey of a stored pixel is a
 * whole number. */
AN_BODY float augment_level(const an_augment_desc *desc, const float p[3], bool recoloured,
                            int colours, int c)
{
    if (colours == 3)
        return desc->channels == AN_CHANNELS_BGR ? p[2 - c] : p[c];
    if (recoloured)
        return AN_GREY_RED / 65536.0f * p[0] + AN_GREY_GREEN / 65536.0f * p[1] +
               AN_GREY_BLUE / 65536.0f * p[2];
    return (float)((AN_GREY_RED * (int)p[0] + AN_GREY_GREEN * (int)p[1] + AN_GREY_BLUE * (int)p[2] +
                    0x8000) >>
                   16);
}

AN_BODY bool augment_inside(const an_box *box, int y, int x)
{
    return y >= box->top && y < box->top + box->rows && x >= box->left &&
           x < box->left + box->columns;
}

AN_BODY void augment_recolour(const an_slot *slot, float p[3])
{
    float r = p[0], g = p[1], b = p[2];
    AN_UNROLL
    for (int i = 0; i < 3; i++) {
        const float *m = slot->matrix[i];
        float level = slot->offset[i] + m[0] * r + m[1] * g + m[2] * b;
        level = level < 0 ? 0 : level;
        p[i] = level > 255 ? 255 : level;
    }
}

/* The channels of a pixel p with mean m, ignoring the slot's boxes. */
AN_BODY void augment_values(const augment_source *source, const augment_view *view, float p[3],
                            const float m[3], int colours, float *v)
{
    if (view->recoloured)
        augment_recolour(view->slot, p);
    AN_UNROLL
    for (int c = 0; c < colours; c++) {
        float level = augment_level(&source->run.desc, p, view->recoloured, colours, c);
        v[c] = view->gain * (source->scale[c] * (level - m[c]) + view->colour[c]);
    }
}

/* The channels of an output pixel of a slot with a picture, ignoring its partner. */
AN_BODY void augment_own(const augment_source *source, const augment_view *view, int y, int x,
                         int colours, float *v)
{
    const int column = augment_column(source, view, x), side = source->run.desc.side;
    const uint8_t *pixel = view->corner + ((int64_t)y * side + column) * 3;
    float p[3] = {(float)pixel[0], (float)pixel[1], (float)pixel[2]}, m[PIXELS][3];
    augment_means(source, view, y, x, 1, colours, m);
    augment_values(source, view, p, m[0], colours, v);
    if (augment_inside(&view->slot->erased, y, x))
        for (int c = 0; c < colours; c++)
            v[c] = 0;
}

/* The channels of an output pixel of a slot with a picture. */
AN_BODY void augment_pixel(const augment_source *source, const augment_view *view, int y, int x,
                           int colours, float *v)
{
    const an_slot *slot = view->slot;
    augment_own(source, view, y, x, colours, v);
    if (!augment_inside(&slot->mixed, y, x))
        return;
    const an_slot *partner = &source->run.slots[slot->partner];
    float other[3] = {0, 0, 0}, share = slot->share;
    if (partner->picture >= 0) {
        const augment_view its = augment_view_of(source, partner, colours);
        augment_own(source, &its, y, x, colours, other);
    }
    AN_UNROLL
    for (int c = 0; c < colours; c++)
        v[c] = (1 - share) * v[c] + share * other[c];
}

/* Load four pixels of three bytes each, in aligned words. */
AN_BODY void augment_load(const uint8_t *from, float p[PIXELS][3])
{
    uint32_t skew = (uint32_t)((uintptr_t)from % 4), words[4] = {0, 0, 0, 0};
    const uint8_t *at = from - skew;
    AN_UNROLL
    for (int i = 0; i < 4; i++)
        if (i < 3 || skew)
            an_load_words(at + 4 * i, 1, &words[i]);
    AN_UNROLL
    for (int i = 0; i < 3; i++) {
        uint32_t word = (uint32_t)(((uint64_t)words[i + 1] << 32 | words[i]) >> 8 * skew);
        AN_UNROLL
        for (int j = 4 * i; j < 4 * i + 4; j++)
            p[j / 3][j % 3] = (float)(word >> 8 * (j - 4 * i) & 0xff);
    }
}

/* Four pixels of a row inside the image, for view->together. */
AN_BODY void augment_together(const augment_source *source, const augment_view *view, int y, int x,
                              int colours, int stride, float *v)
{
    int least = augment_column(source, view, view->mirror ? x + PIXELS - 1 : x);
    float p[PIXELS][3], m[PIXELS][3];
    augment_load(view->corner + (y * source->run.desc.side + least) * 3, p);
    augment_means(source, view, y, x, PIXELS, colours, m);
    AN_UNROLL
    for (int i = 0; i < PIXELS; i++) {
        float pixel[3];
        AN_UNROLL
        for (int c = 0; c < 3; c++)
            pixel[c] = view->mirror ? p[PIXELS - 1 - i][c] : p[i][c];
        augment_values(source, view, pixel, m[i], colours, v + i * stride);
    }
}

/* The channels of any pixel; zeros in an empty slot and outside the image. */
AN_BODY void augment_one(const augment_source *source, const augment_view *view, int y, int x,
                         int colours, float *v)
{
    const int crop = source->run.desc.crop;
    for (int c = 0; c < colours; c++)
        v[c] = 0;
    if (view->slot->picture >= 0 && y >= 0 && y < crop && x >= 0 && x < crop)
        augment_pixel(source, view, y, x, colours, v);
}

/* Pixels x .. x + 3 of row y, whose channels begin every `stride` values. */
AN_BODY void augment_four(const augment_source *source, const augment_view *view, int y, int x,
                          int colours, int stride, float *v)
{
    const int crop = source->run.desc.crop;
    if (view->together && y >= 0 && y < crop && x >= 0 && x + PIXELS <= crop) {
        augment_together(source, view, y, x, colours, stride, v);
        return;
    }
    AN_UNROLL
    for (int i = 0; i < PIXELS; i++)
        augment_one(source, view, y, x + i, colours, v + i * stride);
}

static augment_source augment_source_of(const an_cuda_augment_run *run)
{
    augment_source source;
    source.run = *run;
    source.words = run->desc.side % 2 == 0 && (uintptr_t)run->pictures % 4 == 0;
    for (int c = 0; c < 3; c++)
        source.scale[c] = (float)run->desc.scale[c];
    return source;
}

#endif
