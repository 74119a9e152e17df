/* Random operands for trials and for the peak speed. */
#include <math.h>
#include <string.h>

#include "backend/cuda/trial.h"
#include "base/alloc.h"
#include "base/random.h"

double *an_cuda_noise(int64_t count, an_dtype dtype, bool tf32, uint32_t unit)
{
    const int bits = dtype == AN_BF16 ? 8 : tf32 ? 11 : 24;
    const double step = ldexp(1, -bits);
    double *noise = an_malloc(AN_CUDA_NOISE * sizeof *noise);
    for (int64_t i = 0; noise && i < count && i < AN_CUDA_NOISE; i += 4) {
        const an_random4 r = an_random(1, AN_PURPOSE_TEST, 0, (uint64_t)i / 4, unit);
        for (int j = 0; j < 4; j++)
            noise[i + j] = (r.v[j] >> (32 - bits)) * step - 0.5;
    }
    return noise;
}

/* In the given type, which holds the numbers exactly. A bfloat16 is the upper half of a float32. */
static void store(void *dst, an_dtype dtype, const double *noise, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const float value = (float)noise[i];
        uint32_t word;
        memcpy(&word, &value, sizeof word);
        if (dtype == AN_BF16)
            ((uint16_t *)dst)[i] = (uint16_t)(word >> 16);
        else
            ((uint32_t *)dst)[i] = word;
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

alexnet_status an_cuda_fill(an_cuda *cuda, void *dst, size_t bytes, an_dtype dtype,
                            const double *noise)
{
    const size_t each = an_dtype_bytes(dtype), block = AN_CUDA_NOISE * each;
    const size_t first = bytes < block ? bytes : block;
    void *numbers = an_malloc(first);
    if (!numbers)
        return AN_FAIL_MEMORY(first, "random numbers");
    store(numbers, dtype, noise, first / each);
    alexnet_status rc = an_cuda_write(&cuda->base, dst, numbers, first);
    an_free(numbers);
    return rc == ALEXNET_OK ? repeat(cuda, dst, block, bytes) : rc;
}
