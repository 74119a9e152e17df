/*
 * Native kernels, one table for each instruction set. A kernel is serial: it does one unit of work,
 * and its caller divides the units among threads.
 *
 * All instruction sets give the same bits: the loops are the same, and the compiler may not fuse a
 * multiplication with an addition. (Kernels of bfloat16 pairs and tiles exist for one set only.)
 */
#ifndef AN_BACKEND_CPU_KERNELS_KERNELS_H
#define AN_BACKEND_CPU_KERNELS_KERNELS_H

#include "backend/cpu/kernels/bf16.h"
#include "backend/cpu/kernels/fc_products.h"
#include "backend/cpu/kernels/pixels.h"
#include "backend/cpu/kernels/pixels_tiles.h"
#include "backend/cpu/kernels/wgrad.h"
#include "backend/cpu/kernels/wgrad_tiles.h"
#include "op/op.h"

/** Constants of a normalisation, and the layout of its tensors (an_lanes of native.h). */
typedef struct an_lrn_shape {
    int channels, groups, half; /* the window reaches `half` to both sides */
    int h, w, planes, lanes;
    float k, alpha, beta;
    bool root; /* beta is 0.75: a polynomial instead of powf() */
} an_lrn_shape;

/**
 * Across maps: pixels first .. first + count - 1 of one image, with tensors that point to the
 * image. Within a map: one plane, with tensors that point to it.
 */
typedef struct an_lrn_run {
    const an_lrn_shape *shape;
    const void *x, *dy;
    void *y, *dx;
    float *s;    /* within a map. Forward: out, or NULL; backward: in. In the layout of x */
    float *work; /* an_lrn_work() floats, or an_lrn_within_work() */
    int64_t first;
    int count;
} an_lrn_run;

enum { AN_LRN_TILE = 64 }; /* across maps: the most pixels of a run, a multiple of 8 */

int64_t an_lrn_work(const an_lrn_shape *p);
int64_t an_lrn_within_work(const an_lrn_shape *p);

/** A row of the output, `crop` elements in each channel, from a row of stored pixels. */
typedef struct an_augment_run {
    int crop;
    an_channels channels;
    bool mirror;
    float scale[3], gain, colour[3];
    const uint8_t *pixels; /* [crop][3], R G B */
    const float *mean[3];  /* of column 0 of the output */
    int mean_step;         /* from column to column: 0 or 1, or -1 if mirrored */
    const an_slot *slot;   /* its matrix and offset are applied to the pixels; NULL: none */
    void *out[3];
    uint8_t *bytes; /* work: 3 * crop */
    float *levels;  /* work, with a slot: 3 * crop */
} an_augment_run;

/** A row of one slot mixed with that of a second slot, in every channel. */
typedef struct an_augment_mix_run {
    int crop, channels;
    int left, columns;        /* where the second one shows */
    float share;              /* of the second one there */
    const float *own, *other; /* [channels][crop] */
    void *out[3];
} an_augment_mix_run;

/** Pooling of `width` neighbouring lanes of one plane; tensors point to the first of them. */
typedef struct an_pool_run {
    const an_op_desc *desc;
    int lanes; /* elements from one pixel to the next */
    int width; /* 1 to 8; for max in bfloat16 also 16 */
    bool relu; /* for max: a ReLU comes first */
    const void *x, *dy;
    void *y;
    void *dx;         /* backward: out */
    uint16_t *places; /* of the maxima, in the layout of y. Forward: out, or NULL; backward: in */
    an_float8 *work;  /* backward: rows of the window x columns of the input, twice if 16 wide */
} an_pool_run;

/** Dropout of `count` neighbours in canonical order. Tensors point to the start of their image or,
 * if there is one lane, to the first element. */
typedef struct an_dropout_run {
    uint64_t seed, update, first; /* first: canonical index of the first element */
    int layer, lanes;
    int64_t count, pixels; /* pixels: of a map; equal to count if there is one lane */
    uint64_t threshold;    /* 1 .. 2^32: an element is kept if its word is smaller */
    float kept;            /* factor of the elements that are kept */
    const void *in;
    void *out;
} an_dropout_run;

/** ReLU of `count` consecutive elements: of x; or the gradient from dy, where x is the input or the
 * output of the ReLU, whose sign decides. */
typedef struct an_relu_run {
    const void *x, *dy;
    void *out;
    int64_t count;
} an_relu_run;

/** The update of `count` consecutive weights (an_segment in backend.h), by a rule of momentum. */
typedef struct an_update_run {
    float *w, *v;
    const float *dw;
    uint16_t *copy; /* out: w in bfloat16, by the instance of that type */
    int64_t count;
    float momentum, rate, shrink; /* rate: for gradients as stored; shrink: decay times rate */
    bool nesterov;
} an_update_run;

/** The same by Adam or AdamW. */
typedef struct an_adam_run {
    float *w, *v, *q;
    const float *dw;
    uint16_t *copy;
    int64_t count;
    float factor;     /* for gradients */
    float decay;      /* adds decay w to gradients; 0 for AdamW */
    float keep;       /* AdamW: share of w that decay leaves; else 1 */
    float beta[2];    /* shares of v and q that are kept */
    float rest[2];    /* shares of the new terms, 1 - beta */
    float rate, root; /* the rate divided by the correction of v; factor of the root of q */
    float epsilon;
} an_adam_run;

/** average = average + share (w - average), of `count` consecutive weights. */
typedef struct an_average_run {
    float *average;
    const float *w;
    int64_t count;
    float share;
} an_average_run;

/** Indexed by element type: 0 float32, 1 bfloat16; kernels of pairs and tiles exist only in
 * bfloat16. NULL where the instruction set has no such kernel. */
typedef struct an_cpu_kernels {
    const char *isa; /* of the float32 kernels */
#define AN_KERNEL(name, run) void (*name[2])(const run *run_);
#define AN_KERNEL_PAIRS(name, run) void (*name)(const run *run_);
#define AN_KERNEL_TILES(name, run) void (*name)(const run *run_);
#include "backend/cpu/kernels/kernels.def"
#undef AN_KERNEL
#undef AN_KERNEL_PAIRS
#undef AN_KERNEL_TILES
} an_cpu_kernels;

/** The best table up to an instruction set; static. Kernels of tiles may run only after
 * an_cpu_ask_for_tiles() has returned true. */
const an_cpu_kernels *an_cpu_kernels_for(alexnet_isa isa);

static inline int an_kernel_type(an_dtype dtype)
{
    return dtype == AN_BF16;
}

/* ---- Instances of one always-inlined body(run, dtype) or, for pairs, body(run) --------------- */

#define AN_KERNEL_INSTANCE(name, run, body, type, dtype, isa, target)                              \
    target void an_cpu_##name##_##type##_##isa(const run *run_)                                    \
    {                                                                                              \
        body(run_, dtype);                                                                         \
    }

#if defined(__x86_64__)

#define AN_TARGET_AVX2 __attribute__((target("avx2,fma")))
#if defined(__clang__)
#define AN_TARGET_AVX512                                                                           \
    __attribute__((target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq"), min_vector_width(512)))
#else
#define AN_TARGET_AVX512                                                                           \
    __attribute__((target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq,prefer-vector-width=512")))
#endif
#define AN_TARGET_PAIRS __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

#define AN_KERNEL_INSTANCES(name, run, body)                                                       \
    AN_KERNEL_INSTANCE(name, run, body, f32, AN_F32, baseline, )                                   \
    AN_KERNEL_INSTANCE(name, run, body, f32, AN_F32, avx2, AN_TARGET_AVX2)                         \
    AN_KERNEL_INSTANCE(name, run, body, f32, AN_F32, avx512, AN_TARGET_AVX512)                     \
    AN_KERNEL_INSTANCE(name, run, body, bf16, AN_BF16, avx512, AN_TARGET_AVX512)
#define AN_KERNEL_PAIRS_INSTANCE(name, run, body)                                                  \
    AN_TARGET_PAIRS void an_cpu_##name##_bf16_avx512_bf16(const run *run_)                         \
    {                                                                                              \
        body(run_);                                                                                \
    }

#define AN_KERNEL(name, run)                                                                       \
    void an_cpu_##name##_f32_baseline(const run *run_);                                            \
    void an_cpu_##name##_f32_avx2(const run *run_);                                                \
    void an_cpu_##name##_f32_avx512(const run *run_);                                              \
    void an_cpu_##name##_bf16_avx512(const run *run_);
#define AN_KERNEL_PAIRS(name, run) void an_cpu_##name##_bf16_avx512_bf16(const run *run_);
#define AN_KERNEL_TILES(name, run) void an_cpu_##name##_bf16_amx(const run *run_);

#else

#define AN_KERNEL_INSTANCES(name, run, body)                                                       \
    AN_KERNEL_INSTANCE(name, run, body, f32, AN_F32, baseline, )

#define AN_KERNEL(name, run) void an_cpu_##name##_f32_baseline(const run *run_);
#define AN_KERNEL_PAIRS(name, run)
#define AN_KERNEL_TILES(name, run)

#endif

#include "backend/cpu/kernels/kernels.def"
#undef AN_KERNEL
#undef AN_KERNEL_PAIRS
#undef AN_KERNEL_TILES

#endif
