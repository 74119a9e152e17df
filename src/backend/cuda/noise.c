/* Random operands for trials and for the peak speed. */
#include <math.h>
#include <string.h>

#include "backend/cuda/trial.h"
#include "base/alloc.h"
#include "base/random.h"

enum { NOISE = 1 << 18 };

/* Numbers with no more bits than the type holds, so that only sums of their products are rounded. A
 * bfloat16 is the upper half of a float32. */
static void draw(void *noise, an_dtype dtype, int bits, uint32_t unit)
{
    for (uint64_t i = 0; i < NOISE / 4; i++) {
        an_random4 r = an_random(1, AN_PURPOSE_TEST, 0, i, unit);
        for (uint64_t j = 0; j < 4; j++) {
            float value = (float)(ldexp(r.v[j] >> (32 - bits), -bits) - 0.5);
            uint32_t word;
            memcpy(&word, &value, sizeof word);
            if (dtype == AN_BF16)
                ((uint16_t *)noise)[4 * i + j] = (uint16_t)(word >> 16);
            else
                ((uint32_t *)noise)[4 * i + j] = word;
        }
    }
}

/* Repeat the first `done` bytes until `bytes` are filled. */
static alexnet_status repeat(an_cuda *cuda, char *dst, size_t done, size_t bytes)
{
    for (size_t at = done; at < bytes; at += done) {
        size_t n = bytes - at < done ? bytes - at : done;
        AN_CHECK(an_cuda_check(
            cuda,
            cuda->libs->cudaMemcpyAsync(dst + at, dst, n, cudaMemcpyDeviceToDevice, cuda->stream),
            "a copy"));
    }
    return ALEXNET_OK;
}

alexnet_status an_cuda_fill(an_cuda *cuda, void *dst, size_t bytes, an_dtype dtype, bool tf32,
                            uint32_t unit)
{
    const int bits = dtype == AN_BF16 ? 8 : tf32 ? 11 : 24;
    const size_t block = NOISE * an_dtype_bytes(dtype), first = bytes < block ? bytes : block;
    void *noise = an_malloc(block);
    if (!noise)
        return AN_FAIL_MEMORY(block, "random numbers");
    draw(noise, dtype, bits, unit);
    alexnet_status rc = an_cuda_write(&cuda->base, dst, noise, first);
    an_free(noise);
    return rc == ALEXNET_OK ? repeat(cuda, dst, block, bytes) : rc;
}
