/*
 * The gradients of a convolution's weights by native kernels in bf16, for cpu_conv.c. Here is what
 * the ways to compute them share: threads, scratch, layouts. A way is a file, conv_wgrad_*.c, with
 * a shape below and a place in the list of conv_wgrad.c.
 *
 * Items (images, or pairs of images) are laid out as the kernels read them, as many at a time as
 * stay in cache. Then each unit of work adds them to its sums. Units are divided among threads,
 * and each has sums of its own: no sum depends on the number of threads.
 */
#ifndef AN_BACKEND_CPU_CONV_WGRAD_H
#define AN_BACKEND_CPU_CONV_WGRAD_H

#include "backend/cpu/onednn/reorder.h"

enum { AN_CONV_WGRAD_MAPS = 16 }; /* maps of a block, neighbours in each pixel */

/** x or dy. */
typedef struct an_conv_wgrad_operand {
    an_layout layout; /* as it is read */
    int64_t block;    /* elements of a block as it is laid out; 0: it is not laid out */
    int blocks;       /* of an item, if it is laid out */
    an_reorder in;
    size_t at; /* scratch offset of the blocks laid out: [items][blocks][block] */
} an_conv_wgrad_operand;

typedef struct an_conv_wgrad_way an_conv_wgrad_way;

typedef struct an_conv_wgrad {
    const an_conv_wgrad_way *way; /* NULL: there is none */
    const an_op_desc *desc;       /* borrowed */
    union {
        an_wgrad pairs;
        an_wgrad_tiles tiles;
        an_pixels_tiles pixels;
    } shape;
    an_conv_wgrad_operand x, dy;
    int items, together;    /* items of the batch; items laid out at a time */
    int units;              /* a way with fewer than op->split is not used */
    size_t sums, sums_each; /* scratch: offset, bytes for each unit */
    size_t work, work_each; /* the same for each thread */
} an_conv_wgrad;

/** The tensors and memory of a run. */
typedef struct an_conv_wgrad_run {
    const an_conv_wgrad *w;
    const an_cpu_kernels *kernels;
    const uint16_t *x, *dy; /* as they are read */
    char *scratch;
    float *dweights, *dbias; /* out: [K][C][R][S]; [K], 0 at first */
} an_conv_wgrad_run;

struct an_conv_wgrad_way {
    const char *impl; /* as it is called in reports */
    /** Set shape, items, units, the layouts that are read and the blocks laid out of x and dy,
     * which come in the given layouts, and the bytes of sums and work. @return false: it does not
     * compute this convolution */
    bool (*describe)(an_conv_wgrad *w, const an_cpu_op *op, an_layout x, an_layout dy);
    /** Lay out a block of an item of x, or of dy. NULL: nothing is. */
    void (*lay_out)(const an_conv_wgrad_run *run, bool of_x, int item, int block, uint16_t *to);
    /** Add the first `count` items laid out to a unit's sums, which are initially 0. The gradients
     * of the bias are among the sums, or one unit each adds them to dbias. */
    void (*add)(const an_conv_wgrad_run *run, int count, int unit, float *sums);
    /** Write a unit's share of the gradients, once all sums are complete. */
    void (*write)(const an_conv_wgrad_run *run, int unit);
};

extern const an_conv_wgrad_way an_conv_wgrad_pairs, an_conv_wgrad_tiles, an_conv_wgrad_pixels;

/**
 * Choose the first way that computes the convolution; w->way is NULL if none does.
 * @param op     its scratch grows
 * @param desc   borrowed
 * @param x, dy  the layouts that an_conv_wgrad_compute() gets
 * On failure the caller must still call an_conv_wgrad_free().
 */
alexnet_status an_conv_wgrad_new(an_conv_wgrad *w, an_cpu_op *op, const an_op_desc *desc,
                                 an_layout x, an_layout dy);
void an_conv_wgrad_free(an_conv_wgrad *w);

alexnet_status an_conv_wgrad_compute(const an_conv_wgrad *w, const an_cpu_op *op,
                                     const an_op_args *args, const void *x, const void *dy,
                                     float *dweights, float *dbias);

/* ---- For the ways ---------------------------------------------------------------------------- */

/** A layout in which 16 maps of a pixel are neighbours: the tensor's own if they are there. */
an_layout an_conv_wgrad_side_by_side(an_layout layout);
/** Elements from a pixel of a block to the next, and from a block to the next, as they are read. */
int64_t an_conv_wgrad_pixel(const an_layout *layout);
int64_t an_conv_wgrad_step(const an_layout *layout);
/** Where a block of an image begins, as it is read. */
const uint16_t *an_conv_wgrad_block(const an_layout *layout, const uint16_t *tensor, int image,
                                    int block);

/** The blocks of item `i` of those laid out. */
static inline uint16_t *an_conv_wgrad_laid_out(const an_conv_wgrad_run *r,
                                               const an_conv_wgrad_operand *of, int i)
{
    return (uint16_t *)(r->scratch + of->at) + (int64_t)i * of->blocks * of->block;
}

static inline float *an_conv_wgrad_sums(const an_conv_wgrad_run *r, int unit)
{
    return (float *)(r->scratch + r->w->sums + r->w->sums_each * (size_t)unit);
}

#endif
