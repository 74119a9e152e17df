/*
 * Products of matrices by tiles (AMX). A tile is a register of up to 16 rows of 64 bytes:
 *
 *     C[rows][16] += A[rows][32] B[32][16]
 *
 * C is float32, A and B are bfloat16, and B has its rows in pairs: [16][16][2]. Tiles are numbered;
 * the numbers must be constants: 0 to 3 are C, 4 and 5 A, 6 and 7 B.
 *
 * Include it only within defined(__x86_64__); callers are marked AN_TARGET_TILES. For processors
 * without tiles, tests define AN_TILES_EMULATED as the name of a header that has the operations in
 * plain C.
 */
#ifndef AN_BACKEND_CPU_KERNELS_TILES_H
#define AN_BACKEND_CPU_KERNELS_TILES_H

#include <immintrin.h>
#include <stdint.h>

#include "backend/cpu/kernels/kernels.h"

enum {
    AN_TILE_ROWS = 16,
    AN_TILE_BYTES = 64, /* of a row */
    AN_TILE_COLUMNS = 16,
    AN_TILE_DEPTH = 32 /* of a product: columns of A, rows of B */
};

/** What ldtilecfg reads: bytes of a row and rows of each tile. There are eight. */
typedef struct an_tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} an_tile_config;

/** @param rows  of C and A; B has 16 */
static inline an_tile_config an_tile_config_of(int rows)
{
    an_tile_config config = {.palette = 1};
    for (int tile = 0; tile < 8; tile++) {
        config.row_bytes[tile] = AN_TILE_BYTES;
        config.rows[tile] = (uint8_t)(tile < 6 ? rows : AN_TILE_ROWS);
    }
    return config;
}

#if defined(AN_TILES_EMULATED)

#include AN_TILES_EMULATED

#else

#define AN_TARGET_TILES                                                                            \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,amx-tile,amx-bf16")))

/* gcc's intrinsics do not tell the compiler that they read memory. */
#define AN_TILES_FENCE() __asm__ volatile("" ::: "memory")

#define AN_TILES_BEGIN(config)                                                                     \
    do {                                                                                           \
        AN_TILES_FENCE();                                                                          \
        _tile_loadconfig(config);                                                                  \
    } while (0)
#define AN_TILES_END() _tile_release()
/** Rows are `distance` bytes apart. */
#define AN_TILE_LOAD(tile, from, distance)                                                         \
    do {                                                                                           \
        AN_TILES_FENCE();                                                                          \
        _tile_loadd(tile, from, distance);                                                         \
    } while (0)
#define AN_TILE_STORE(tile, to, distance)                                                          \
    do {                                                                                           \
        _tile_stored(tile, to, distance);                                                          \
        AN_TILES_FENCE();                                                                          \
    } while (0)
#define AN_TILE_MULTIPLY(c, a, b) _tile_dpbf16ps(c, a, b)

#endif

#define TILES_INLINE static inline AN_TARGET_TILES __attribute__((always_inline))

/**
 * c[i][j] += the sum of products a[i] b[j] over `outer` times `inner` steps, for i and j of 0 and
 * 1, or of 0 only. Strides are in elements.
 */
typedef struct an_tiles_sum {
    const uint16_t *a[2], *b[2];
    float *c[2][2];
    bool two_a, two_b;
    int64_t a_row; /* stride of the rows of a tile */
    int outer, inner;
    int64_t a_outer, a_inner, b_inner; /* strides of the steps; b advances with every inner step */
} an_tiles_sum;

enum { AN_TILE_B = AN_TILE_ROWS * AN_TILE_DEPTH }; /* elements of a tile B */

TILES_INLINE void an_tiles_add(const an_tiles_sum *s)
{
    int64_t row = s->a_row * (int64_t)sizeof(uint16_t), b = 0;
    AN_TILE_LOAD(0, s->c[0][0], AN_TILE_BYTES);
    if (s->two_b)
        AN_TILE_LOAD(1, s->c[0][1], AN_TILE_BYTES);
    if (s->two_a)
        AN_TILE_LOAD(2, s->c[1][0], AN_TILE_BYTES);
    if (s->two_a && s->two_b)
        AN_TILE_LOAD(3, s->c[1][1], AN_TILE_BYTES);
    for (int i = 0; i < s->outer; i++)
        for (int j = 0; j < s->inner; j++, b += s->b_inner) {
            int64_t a = i * s->a_outer + j * s->a_inner;
            AN_TILE_LOAD(4, s->a[0] + a, row);
            AN_TILE_LOAD(6, s->b[0] + b, AN_TILE_BYTES);
            AN_TILE_MULTIPLY(0, 4, 6);
            if (s->two_b) {
                AN_TILE_LOAD(7, s->b[1] + b, AN_TILE_BYTES);
                AN_TILE_MULTIPLY(1, 4, 7);
            }
            if (s->two_a) {
                AN_TILE_LOAD(5, s->a[1] + a, row);
                AN_TILE_MULTIPLY(2, 5, 6);
            }
            if (s->two_a && s->two_b)
                AN_TILE_MULTIPLY(3, 5, 7);
        }
    AN_TILE_STORE(0, s->c[0][0], AN_TILE_BYTES);
    if (s->two_b)
        AN_TILE_STORE(1, s->c[0][1], AN_TILE_BYTES);
    if (s->two_a)
        AN_TILE_STORE(2, s->c[1][0], AN_TILE_BYTES);
    if (s->two_a && s->two_b)
        AN_TILE_STORE(3, s->c[1][1], AN_TILE_BYTES);
}

/** The instance of a body(run). */
#if defined(AN_TILES_EMULATED)
#define AN_KERNEL_TILES_INSTANCE(name, run, body)                                                  \
    AN_TARGET_TILES static void an_cpu_##name##_bf16_emulated(const run *run_)                     \
    {                                                                                              \
        body(run_);                                                                                \
    }
#else
#define AN_KERNEL_TILES_INSTANCE(name, run, body)                                                  \
    AN_TARGET_TILES void an_cpu_##name##_bf16_amx(const run *run_)                                 \
    {                                                                                              \
        body(run_);                                                                                \
    }
#endif

#endif
