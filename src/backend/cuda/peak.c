/*
 * The peak speed of the chip: a large matrix product by cuBLASLt, and a large copy within its
 * memory. Operands are random, because a chip multiplies zeros faster.
 */
#include "backend/cuda/matmul.h"
#include "backend/cuda/trial.h"
#include "base/alloc.h"
#include "base/status.h"

enum { SIDE = 8192, SIDE_FP32 = 4096, RUNS = 8 };

typedef struct bench {
    an_cuda *cuda;
    int side;
    size_t bytes; /* of a float32 matrix, and of the copy */
    void *a, *b, *c, *work;
    an_cuda_matmul *product;
} bench;

static alexnet_status fill(bench *t, void *matrix, an_dtype dtype, uint32_t unit)
{
    double *noise = an_cuda_noise(SIDE * SIDE, dtype, false, unit);
    if (!noise)
        return AN_FAIL_MEMORY(AN_CUDA_NOISE * sizeof *noise, "random numbers");
    alexnet_status rc = an_cuda_fill(t->cuda, matrix, t->bytes, dtype, noise);
    an_free(noise);
    return rc;
}

static alexnet_status prepare(bench *t, an_dtype dtype)
{
    an_backend *backend = &t->cuda->base;
    const an_cuda_matmul_shape shape = {.m = t->side,
                                        .n = t->side,
                                        .k = t->side,
                                        .a_transposed = true,
                                        .in = dtype,
                                        .out = dtype,
                                        .batch = AN_CUDA_TRIAL_BATCH};
    t->bytes = (size_t)SIDE * SIDE * sizeof(float);
    AN_CHECK(an_cuda_alloc(backend, t->bytes, &t->a));
    AN_CHECK(an_cuda_alloc(backend, t->bytes, &t->b));
    AN_CHECK(an_cuda_alloc(backend, t->bytes, &t->c));
    AN_CHECK(fill(t, t->a, dtype, 0));
    AN_CHECK(fill(t, t->b, dtype, 1));
    an_variant variant = AN_CUDA_AUTO;
    AN_CHECK(an_cuda_matmul_new(&t->product, t->cuda, &shape, &variant));
    return an_cuda_alloc(backend, an_cuda_matmul_workspace(t->product), &t->work);
}

static void end(bench *t)
{
    an_backend *backend = &t->cuda->base;
    void *blocks[] = {t->a, t->b, t->c, t->work};
    an_cuda_matmul_free(t->product);
    for (int i = 0; i < 4; i++)
        an_cuda_free(backend, blocks[i], 0);
}

static alexnet_status multiply(bench *t)
{
    return an_cuda_matmul_run(t->product, t->a, t->b, t->c, NULL, t->work);
}

static alexnet_status copy(bench *t)
{
    const an_cuda_libs *libs = t->cuda->libs;
    return an_cuda_check(
        t->cuda,
        libs->cudaMemcpyAsync(t->c, t->a, t->bytes, cudaMemcpyDeviceToDevice, t->cuda->stream),
        "a copy");
}

/* The least time of several runs, after one to warm up. */
static alexnet_status least(bench *t, alexnet_status (*work)(bench *), double *seconds)
{
    an_backend *backend = &t->cuda->base;
    for (int i = 0; i <= RUNS; i++) {
        double s;
        AN_CHECK(an_cuda_mark(backend, 0));
        AN_CHECK(work(t));
        AN_CHECK(an_cuda_mark(backend, 1));
        AN_CHECK(an_cuda_elapsed(backend, 0, 1, &s));
        if (i == 1 || (i > 1 && s < *seconds))
            *seconds = s;
    }
    return ALEXNET_OK;
}

alexnet_status an_cuda_peak(an_backend *backend, alexnet_precision precision, an_peak *out)
{
    bench t = {.side = SIDE};
    double product = 1, copied = 1;
    AN_CHECK(an_cuda_enter(backend, &t.cuda));
    bool fp32 = precision == ALEXNET_PRECISION_FP32, bf16 = precision == ALEXNET_PRECISION_BF16;
    if (!fp32 && t.cuda->chip < AN_CUDA_BF16_CHIP)
        return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE, "%s has no bf16 or tf32",
                       t.cuda->base.info.isa);
    alexnet_precision before = backend->precision;
    backend->precision = precision; /* by which matmul.c tells tf32 from float32 */
    if (fp32)
        t.side = SIDE_FP32;
    alexnet_status rc = prepare(&t, bf16 ? AN_BF16 : AN_F32);
    if (rc == ALEXNET_OK)
        rc = least(&t, multiply, &product);
    if (rc == ALEXNET_OK)
        rc = least(&t, copy, &copied);
    backend->precision = before;
    end(&t);
    *out = (an_peak){.flops = 2.0 * t.side * t.side * t.side / product,
                     .with = "a matrix product by cuBLASLt",
                     .copied = 2.0 * (double)t.bytes / copied};
    return rc;
}
