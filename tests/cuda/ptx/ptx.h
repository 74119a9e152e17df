/*
 * The host's side of kernels that ptx_to_c.py has translated from PTX.
 *
 * A kernel's blocks run one after the other, and so do the threads of a block between two barriers,
 * in the order of backend/cuda/kernels/body.h. What a GPU would punish or leave undefined ends the
 * program: accesses that are not aligned to their size, or outside the parameters or the shared
 * memory; races in shared memory, and reading what was not written there; threads that wait at
 * different barriers. AddressSanitizer finds accesses outside the memory that a kernel was given.
 */
#ifndef AN_TESTS_CUDA_PTX_PTX_H
#define AN_TESTS_CUDA_PTX_PTX_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PTX_THREADS = 256, PTX_ENDED = -1 };

typedef struct ptx_kernel ptx_kernel;

/** Who used a byte of shared memory since the last barrier: threads, or NOBODY or SEVERAL. */
typedef struct ptx_use {
    int16_t writer, reader;
    bool written; /* ever, by this block */
} ptx_use;

/** Which thread of which block this is, and what it shares with the others. */
typedef struct ptx_thread {
    const ptx_kernel *kernel;
    int thread, block, blocks;
    unsigned char *run;    /* the kernel's parameter */
    unsigned char *shared; /* of the block */
    ptx_use *uses;         /* of each byte of shared memory */
} ptx_thread;

/** Runs a thread from the start, or from a barrier. @param own  what it keeps at barriers
 * @return the barrier where it waits, > 0, or PTX_ENDED */
typedef int ptx_body(ptx_thread t, void *own, int from);

struct ptx_kernel {
    const char *name;
    ptx_body *body;
    size_t own, run, shared; /* bytes */
};

/** Run a kernel. @return 0 */
int ptx_launch(const ptx_kernel *kernel, const void *run, int64_t blocks);
/** End the program with a message that names the kernel and a line of its file. */
_Noreturn void ptx_fault(const ptx_thread *t, int line, const char *what);
/** End the program as skipped: the instruction is not translated. */
_Noreturn void ptx_unknown(const char *instruction);

/* ---- Memory ---------------------------------------------------------------------------------- */

/** A place in global or local memory. */
static inline unsigned char *ptx_at(const ptx_thread *t, uint64_t address, int64_t offset,
                                    size_t bytes, int line)
{
    address += (uint64_t)offset;
    if (address % bytes != 0)
        ptx_fault(t, line, "an access that is not aligned");
    return (unsigned char *)(uintptr_t)address; // NOLINT(performance-no-int-to-ptr)
}

/** A place in shared memory. The program ends if the bytes are read before they were written, or if
 * two threads use them between two barriers, and not both only read. */
unsigned char *ptx_shared(const ptx_thread *t, uint64_t address, int64_t offset, size_t bytes,
                          bool write, int line);

static inline unsigned char *ptx_param(const ptx_thread *t, uint64_t address, int64_t offset,
                                       size_t bytes, int line)
{
    uint64_t at = address + (uint64_t)offset - (uint64_t)(uintptr_t)t->run;
    if (at % bytes != 0 || at > t->kernel->run || bytes > t->kernel->run - at)
        ptx_fault(t, line, "an access to parameters that is not aligned, or outside them");
    return t->run + at;
}

/* ---- Values ---------------------------------------------------------------------------------- */

static inline float ptx_f32(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t ptx_bits_f32(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double ptx_f64(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint64_t ptx_bits_f64(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Denormals become zeros. */
static inline float ptx_flushed_f32(float x)
{
    return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x;
}

static inline double ptx_flushed_f64(double x)
{
    return fabs(x) < 0x1p-1022 ? copysign(0, x) : x;
}

static inline float ptx_saturated(float x)
{
    return x > 0 ? fminf(x, 1) : 0;
}

/** a * b + c, rounded down. */
float ptx_fma_down(float a, float b, float c);

/* A conversion of a whole number: beyond the type's range, its limit; 0 for NaN. */
#define PTX_TO(kind, type, low, high)                                                              \
    static inline type ptx_to_##kind(double x)                                                     \
    {                                                                                              \
        if (!(x > (low)))                                                                          \
            return isnan(x) ? 0 : (type)(low);                                                     \
        return x >= 2.0 * ((high) / 2 + 1) ? (high) : (type)x;                                     \
    }
PTX_TO(s32, int32_t, INT32_MIN, INT32_MAX)
PTX_TO(u32, uint32_t, 0, UINT32_MAX)
PTX_TO(s64, int64_t, INT64_MIN, INT64_MAX)

static inline uint32_t ptx_bf16_bits(float x)
{
    uint32_t bits = ptx_bits_f32(x);
    return isnan(x) ? 0x7fff : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
}

static inline uint32_t ptx_bf16x2(float high, float low)
{
    return ptx_bf16_bits(high) << 16 | ptx_bf16_bits(low);
}

static inline float ptx_low(uint32_t pair)
{
    return ptx_f32(pair << 16);
}

static inline float ptx_high(uint32_t pair)
{
    return ptx_f32(pair & 0xffff0000u);
}

/** The larger one, NaN being the largest. */
static inline float ptx_max(float a, float b)
{
    return isnan(a) || isnan(b) ? NAN : fmaxf(a, b);
}

static inline uint32_t ptx_max_pairs(uint32_t a, uint32_t b)
{
    return ptx_bf16x2(ptx_max(ptx_high(a), ptx_high(b)), ptx_max(ptx_low(a), ptx_low(b)));
}

/** Bits set where values are equal or not comparable. */
static inline uint32_t ptx_equal_pairs(uint32_t a, uint32_t b)
{
    return (islessgreater(ptx_low(a), ptx_low(b)) ? 0 : 0xffffu) |
           (islessgreater(ptx_high(a), ptx_high(b)) ? 0 : 0xffff0000u);
}

/* Shifts by more than all bits leave zeros, or the sign. */
#define PTX_SHIFTS(bits)                                                                           \
    static inline uint##bits##_t ptx_shl_b##bits(uint##bits##_t x, uint32_t by)                    \
    {                                                                                              \
        return by < (bits) ? (uint##bits##_t)(x << by) : 0;                                        \
    }                                                                                              \
    static inline uint##bits##_t ptx_shr_u##bits(uint##bits##_t x, uint32_t by)                    \
    {                                                                                              \
        return by < (bits) ? (uint##bits##_t)(x >> by) : 0;                                        \
    }                                                                                              \
    static inline int##bits##_t ptx_shr_s##bits(int##bits##_t x, uint32_t by)                      \
    {                                                                                              \
        return x >> (by < (bits) ? by : (bits)-1);                                                 \
    }
PTX_SHIFTS(16)
PTX_SHIFTS(32)
PTX_SHIFTS(64)

/** Four bytes of a and b, chosen by the digits of `which`; the eighth bit spreads a byte's sign. */
static inline uint32_t ptx_prmt_b32(uint32_t a, uint32_t b, uint32_t which)
{
    uint64_t both = (uint64_t)b << 32 | a;
    uint32_t out = 0;
    for (int i = 0; i < 4; i++) {
        uint32_t digit = which >> (4 * i) & 15;
        uint32_t byte = (uint32_t)(both >> (8 * (digit & 7))) & 255;
        out |= (digit & 8 ? (byte & 128 ? 255u : 0u) : byte) << (8 * i);
    }
    return out;
}

/** b with `length` bits from `at` replaced by the lowest ones of a. */
static inline uint64_t ptx_bfi_b64(uint64_t a, uint64_t b, uint64_t at, uint64_t length)
{
    at &= 255, length &= 255;
    if (at >= 64 || length == 0)
        return b;
    uint64_t mask = (length >= 64 ? UINT64_MAX : (UINT64_C(1) << length) - 1) << at;
    return (b & ~mask) | (a << at & mask);
}

#endif
