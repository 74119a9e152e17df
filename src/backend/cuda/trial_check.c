/*
 * Whether a candidate of a trial computes the same as the first proposal. Both compute sums of the
 * same products, which are exact; the bound of each is that of backend/parity:
 *
 *     8 u sqrt(n) s + b |y|        u = 2^-24; n terms, whose sums have a root mean square of s;
 *                                  b: roundoff of the stored result, 2^-8 for bf16
 *     u n / 8 s                    more on tensor cores: their sums of 8 or 16 products are
 *                                  rounded towards zero
 */
#include <math.h>

#include "backend/cuda/trial.h"
#include "base/alloc.h"
#include "tensor/tensor.h"

/* Samples are read in pieces spread over the whole output. */
enum { PIECES = 64, PIECE = 64, SAMPLES = PIECES * PIECE };

static int64_t samples_of(const an_cuda_outcome *out)
{
    return out->count < SAMPLES ? out->count : SAMPLES;
}

static alexnet_status read_piece(const an_cuda_trial *t, int64_t at, int64_t count, double *dst)
{
    const an_cuda_outcome *out = &t->out;
    const size_t each = an_dtype_bytes(out->dtype);
    float raw[PIECE];
    AN_CHECK(an_cuda_read(&t->cuda->base, raw, (char *)t->block[out->block] + (size_t)at * each,
                          (size_t)count * each));
    an_convert(dst, AN_F64, raw, out->dtype, count);
    return ALEXNET_OK;
}

static alexnet_status read_samples(const an_cuda_trial *t, double *samples)
{
    const int64_t count = samples_of(&t->out), spare = t->out.count - count;
    for (int64_t at = 0; at < count; at += PIECE) {
        const int64_t n = count - at < PIECE ? count - at : PIECE;
        const int64_t skipped = spare * (at / PIECE) / (PIECES - 1);
        AN_CHECK(read_piece(t, at + skipped, n, samples + at));
    }
    return ALEXNET_OK;
}

static double root_mean_square(const double *values, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += values[i] * values[i];
    return sqrt(sum / (double)count);
}

/* The largest difference, as a fraction of that allowed between two results. */
static double largest_deviation(const an_cuda_outcome *out, const double *got,
                                const double *expected)
{
    const double u = 0x1p-24, store = out->dtype == AN_BF16 ? 0x1p-8 : u, n = (double)out->terms;
    const double size = root_mean_square(expected, samples_of(out));
    const double sum = (8 * u * sqrt(n) + (out->tensor_cores ? u * n / 8 : 0)) * size;
    double worst = 0;
    for (int64_t i = 0; i < samples_of(out); i++) {
        double by = fabs(got[i] - expected[i]) / (2 * (sum + store * fabs(expected[i])));
        if (got[i] != expected[i] && !(by <= worst))
            worst = isfinite(by) ? by : INFINITY;
    }
    return worst;
}

alexnet_status an_cuda_trial_compare(an_cuda_trial *t, double *deviation)
{
    *deviation = 0;
    double *got = an_calloc(SAMPLES, sizeof *got);
    if (!got)
        return AN_FAIL_MEMORY(SAMPLES * sizeof *got, "the results of a trial");
    alexnet_status rc = read_samples(t, got);
    if (rc == ALEXNET_OK && t->expected)
        *deviation = largest_deviation(&t->out, got, t->expected);
    else if (rc == ALEXNET_OK && !isfinite(root_mean_square(got, samples_of(&t->out))))
        *deviation = INFINITY;
    if (rc != ALEXNET_OK || t->expected || *deviation > 0) {
        an_free(got);
        return rc;
    }
    t->expected = got;
    return ALEXNET_OK;
}
