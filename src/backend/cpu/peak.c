/*
 * The peak rate of this processor: chains of multiply-and-add whose operands stay in registers.
 * There are enough independent chains to cover the latency of the instruction, and few enough that
 * none is spilled.
 *
 * With AMX, tiles are measured if the process may use them: a backend opened in bf16 asks for that.
 */
#include <string.h>

#include "backend/cpu/cpu.h"
#include "backend/cpu/isa.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/team.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "backend/cpu/kernels/tiles.h"
#endif

/** A loop, and the number of operations in a round. */
typedef struct peak_loop {
    const char *with;
    double operations;            /* per round */
    float (*run)(int64_t rounds); /* returns its result, so that the loop is not optimised away */
} peak_loop;

static const double LEAST_SECONDS = 0.01; /* of a run: far longer than starting threads takes */
static const double ALL_SECONDS = 0.3;

/*
 * A loop over CHAINS vectors x[i], each replaced by STEP. Its operands a and b are 0.5 in every
 * lane: x * a + b converges to 1, without overflow or denormal numbers. No chain starts at 1, where
 * a compiler could see that it never changes.
 */
#define AN_PEAK_LOOP(NAME, TARGET, VECTOR, CHAINS, STEP)                                           \
    TARGET static float NAME(int64_t rounds)                                                       \
    {                                                                                              \
        VECTOR x[CHAINS], a = {0}, b;                                                              \
        a += 0.5f;                                                                                 \
        b = a;                                                                                     \
        float lanes[sizeof a / sizeof(float)], sum = 0;                                            \
        for (int i = 0; i < (CHAINS); i++)                                                         \
            x[i] = a * (float)(i + 3);                                                             \
        for (int64_t round = 0; round < rounds; round++) {                                         \
            _Pragma("GCC unroll 32") for (int i = 0; i < (CHAINS); i++) x[i] = STEP;               \
        }                                                                                          \
        for (int i = 1; i < (CHAINS); i++)                                                         \
            x[0] += x[i];                                                                          \
        memcpy(lanes, &x[0], sizeof lanes);                                                        \
        for (size_t i = 0; i < sizeof lanes / sizeof *lanes; i++)                                  \
            sum += lanes[i];                                                                       \
        return sum;                                                                                \
    }
#define AN_PEAK_OPERATIONS(chains, lanes) (2.0 * (chains) * (lanes))

/* 16 registers: 12 chains, a and b. */
typedef float peak_float4 __attribute__((vector_size(16)));
AN_PEAK_LOOP(run_float4, , peak_float4, 12, x[i] * a + b)
static const peak_loop multiply_and_add = {"multiply, add (128 bit)", AN_PEAK_OPERATIONS(12, 4),
                                           run_float4};

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f")))
#define AVX512_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))

AN_PEAK_LOOP(run_fma256, AVX2, __m256, 12, _mm256_fmadd_ps(x[i], a, b))
AN_PEAK_LOOP(run_fma512, AVX512, __m512, 24, _mm512_fmadd_ps(x[i], a, b))
/* Read as a pair of bf16, 0.5f is (0, 0.5): a chain grows by a quarter in each round, up to 2^22,
 * where float32 has no quarters left. */
AN_PEAK_LOOP(run_dpbf16, AVX512_BF16, __m512, 24, _mm512_dpbf16_ps(x[i], (__m512bh)a, (__m512bh)b))

static const peak_loop fma256 = {"vfmadd (256 bit)", AN_PEAK_OPERATIONS(12, 8), run_fma256};
static const peak_loop fma512 = {"vfmadd (512 bit)", AN_PEAK_OPERATIONS(24, 16), run_fma512};
static const peak_loop dpbf16 = {"vdpbf16ps (512 bit)", AN_PEAK_OPERATIONS(24, 32), run_dpbf16};

/* Tiles 0 to 3 are chains, 4 and 6 operands. */
AN_TARGET_TILES static float run_tiles(int64_t rounds)
{
    const an_tile_config config = an_tile_config_of(AN_TILE_ROWS);
    uint16_t halves[16 * 32]; /* bf16 */
    float sums[16 * 16];
    for (int i = 0; i < 16 * 32; i++)
        halves[i] = 0x3f00;
    AN_TILES_BEGIN(&config);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    AN_TILE_LOAD(4, halves, AN_TILE_BYTES);
    AN_TILE_LOAD(6, halves, AN_TILE_BYTES);
    for (int64_t round = 0; round < rounds; round++) {
        AN_TILE_MULTIPLY(0, 4, 6);
        AN_TILE_MULTIPLY(1, 4, 6);
        AN_TILE_MULTIPLY(2, 4, 6);
        AN_TILE_MULTIPLY(3, 4, 6);
    }
    AN_TILE_STORE(0, sums, AN_TILE_BYTES);
    AN_TILES_END();
    return sums[0];
}
static const peak_loop tiles = {"tdpbf16ps (tiles)", 4 * 2.0 * 16 * 16 * 32, run_tiles};

static const peak_loop *choose(alexnet_isa isa, bool bf16)
{
    if (bf16)
        return isa >= ALEXNET_ISA_AMX && an_cpu_may_use_tiles() ? &tiles : &dpbf16;
    if (isa >= ALEXNET_ISA_AVX512)
        return &fma512;
    return isa >= ALEXNET_ISA_AVX2 ? &fma256 : &multiply_and_add;
}

#else

static const peak_loop *choose(alexnet_isa isa, bool bf16)
{
    (void)isa;
    (void)bf16; /* read on x86-64 only */
    return &multiply_and_add;
}

#endif

/* Seconds that `rounds` take when all threads run them at once. */
static double run_threads(const peak_loop *loop, int64_t rounds)
{
    float sum = 0;
    double began = an_clock();
#pragma omp parallel reduction(+ : sum)
    sum += loop->run(rounds);
    double seconds = an_clock() - began;
    volatile float kept = sum;
    (void)kept;
    return seconds;
}

static double measure(const peak_loop *loop, int threads)
{
    int64_t rounds = 1 << 14;
    while (run_threads(loop, rounds) < LEAST_SECONDS && rounds < INT64_MAX / 2)
        rounds *= 2;
    double best = 0, began = an_clock();
    do {
        double rate = (double)rounds * loop->operations * threads / run_threads(loop, rounds);
        best = rate > best ? rate : best;
    } while (an_clock() - began < ALL_SECONDS);
    return best;
}

alexnet_status an_cpu_peak(an_backend *backend, alexnet_precision precision, an_peak *out)
{
    alexnet_isa isa = an_cpu_isa(backend->ctx->max_isa);
    bool bf16 = precision == ALEXNET_PRECISION_BF16;
    if (precision == ALEXNET_PRECISION_TF32 || (bf16 && isa < ALEXNET_ISA_AVX512_BF16))
        return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE, "this processor has no %s",
                       alexnet_precision_name(precision));
    const peak_loop *loop = choose(isa, bf16);
    an_threads saved;
    AN_CHECK(an_threads_begin(&saved, backend->ctx->threads));
    *out = (an_peak){.flops = measure(loop, backend->ctx->threads), .with = loop->with};
    an_threads_restore(saved);
    return ALEXNET_OK;
}
