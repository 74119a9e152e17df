#include "infer/rdm.h"

#include "api/options.h"
#include "base/status.h"

/* Pairs of the n(n-1)/2 pairs can be counted in 63 bits. */
enum { COUNT_MAX = 60000 };

static alexnet_status check_count(int64_t count)
{
    if (count < 3 || count > COUNT_MAX)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "count = %lld: expected 3 to %d",
                       (long long)count, COUNT_MAX);
    return ALEXNET_OK;
}

alexnet_status alexnet_rdm(double *rdm, alexnet_ctx *ctx, const float *features, int64_t count,
                           int64_t length, alexnet_dissimilarity measure)
{
    AN_NEED(rdm);
    AN_NEED(ctx);
    AN_NEED(features);
    AN_CHECK(check_count(count));
    if (length < 1)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "length = %lld: expected 1 or more",
                       (long long)length);
    if (measure < ALEXNET_DISSIMILARITY_CORRELATION || measure > ALEXNET_DISSIMILARITY_COSINE)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "measure = %d: expected 0 to 2",
                       (int)measure);
    return an_rdm(rdm, ctx, features, count, length, measure);
}

alexnet_status alexnet_rsa(double *similarity, alexnet_ctx *ctx, const double *a, const double *b,
                           int64_t count, alexnet_rank rank)
{
    AN_NEED(similarity);
    AN_NEED(ctx);
    AN_NEED(a);
    AN_NEED(b);
    AN_CHECK(check_count(count));
    if (rank != ALEXNET_RANK_SPEARMAN && rank != ALEXNET_RANK_KENDALL)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "rank = %d: expected 0 or 1", (int)rank);
    return an_rsa(similarity, ctx, a, b, count, rank);
}

alexnet_status alexnet_rdm_read(const char *path, int64_t *count, double *rdm)
{
    AN_NEED(path);
    AN_NEED(count);
    return an_rdm_read(path, count, rdm);
}
