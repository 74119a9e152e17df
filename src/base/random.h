/*
 * Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011).
 *
 * A number is a pure function of (seed, purpose, epoch, position, unit). It depends on no thread,
 * rank or earlier draw, so that a resumed run draws what an uninterrupted one would draw.
 *
 *     epoch      epoch of the data, from 0; the update step for dropout
 *     position   position of the picture within the epoch; the index / 4 of an element
 *     unit       which of several draws at one position; the layer for dropout and weights
 */
#ifndef AN_BASE_RANDOM_H
#define AN_BASE_RANDOM_H

#include <stdint.h>

/** The purpose of a draw. The numbers are part of the meaning of a seed: never reuse one. */
typedef enum an_purpose {
    AN_PURPOSE_WEIGHTS = 1,  /* initial weights */
    AN_PURPOSE_SHUFFLE = 2,  /* order of an epoch */
    AN_PURPOSE_CROP = 3,     /* crop and mirror of a picture */
    AN_PURPOSE_DROPOUT = 4,  /* masks */
    AN_PURPOSE_SPLIT = 5,    /* which pictures are for validation */
    AN_PURPOSE_COLOUR = 6,   /* colour noise */
    AN_PURPOSE_TEST = 7,     /* operands of tests */
    AN_PURPOSE_JITTER = 8,   /* brightness, contrast, saturation, hue */
    AN_PURPOSE_ERASE = 9,    /* erased rectangles */
    AN_PURPOSE_MIX = 10,     /* mixing of two pictures */
    AN_PURPOSE_REGION = 11,  /* box and rotation of a picture */
    AN_PURPOSE_PACK = 12,    /* order of a packed data set */
    AN_PURPOSE_BALANCE = 13, /* balanced sampling: pictures of each class, and their order */
    AN_PURPOSE_WINDOW = 14,  /* order within a window of shards */
} an_purpose;

typedef struct an_random4 {
    uint32_t v[4];
} an_random4;

/** One Philox block for a key and a counter; it passes the published test vectors. */
static inline an_random4 an_philox(uint64_t key, const uint32_t counter[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        uint32_t n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return (an_random4){{c0, c1, c2, c3}};
}

/**
 * The four numbers at a place. position < 2^40, unit < 2^16, purpose < 2^8.
 * Counter words: position's low 32 bits; epoch's low 32 bits; unit (16 bits), purpose (8) and the
 * next 8 bits of position; epoch's high 32 bits.
 */
static inline an_random4 an_random(uint64_t seed, an_purpose purpose, uint64_t epoch,
                                   uint64_t position, uint32_t unit)
{
    const uint32_t counter[4] = {(uint32_t)position, (uint32_t)epoch,
                                 (unit & 0xffffu) << 16 | ((uint32_t)purpose & 0xffu) << 8 |
                                     (uint32_t)(position >> 32 & 0xffu),
                                 (uint32_t)(epoch >> 32)};
    return an_philox(seed, counter);
}

enum { AN_RANDOM_RUN = 64 };
/** The numbers at consecutive positions: out[4 * i + j] = an_random(.., position + i, unit).v[j]
 * for 0 <= i < AN_RANDOM_RUN. Inlined, so that its loops are vectorised for the caller's
 * instruction set. */
static inline __attribute__((always_inline)) void an_random_run(uint64_t seed, an_purpose purpose,
                                                                uint64_t epoch, uint64_t position,
                                                                uint32_t unit,
                                                                uint32_t out[4 * AN_RANDOM_RUN])
{
    uint32_t c0[AN_RANDOM_RUN], c1[AN_RANDOM_RUN], c2[AN_RANDOM_RUN], c3[AN_RANDOM_RUN];
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (uint32_t i = 0; i < AN_RANDOM_RUN; i++) {
        uint64_t at = position + i;
        c0[i] = (uint32_t)at;
        c1[i] = (uint32_t)epoch;
        c2[i] = (unit & 0xffffu) << 16 | ((uint32_t)purpose & 0xffu) << 8 |
                (uint32_t)(at >> 32 & 0xffu);
        c3[i] = (uint32_t)(epoch >> 32);
    }
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)
        for (int i = 0; i < AN_RANDOM_RUN; i++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * c0[i], p1 = (uint64_t)0xCD9E8D57u * c2[i];
            c0[i] = (uint32_t)(p1 >> 32) ^ c1[i] ^ k0;
            c2[i] = (uint32_t)(p0 >> 32) ^ c3[i] ^ k1;
            c1[i] = (uint32_t)p1;
            c3[i] = (uint32_t)p0;
        }
    for (int i = 0; i < AN_RANDOM_RUN; i++) {
        out[4 * i] = c0[i];
        out[4 * i + 1] = c1[i];
        out[4 * i + 2] = c2[i];
        out[4 * i + 3] = c3[i];
    }
}

/** Uniform in [0, 1), a multiple of 2^-32. */
static inline double an_uniform(uint32_t bits)
{
    return bits * 0x1p-32;
}

/** Uniform integer in [0, n), n >= 1, by multiplication; bias below n / 2^32. */
static inline uint32_t an_below(uint32_t bits, uint32_t n)
{
    return (uint32_t)((uint64_t)bits * n >> 32);
}

/** Two independent standard normal numbers from two words (Box and Muller). */
void an_normal2(uint32_t a, uint32_t b, double out[2]);

/** A permutation of 0 .. n-1 that depends on (seed, purpose, epoch). n < 2^32. */
void an_shuffle(uint32_t *order, uint32_t n, uint64_t seed, an_purpose purpose, uint64_t epoch);

#endif
