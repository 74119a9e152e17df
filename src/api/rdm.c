#include "infer/rdm.h"

#include "api/options.h"
#include "base/status.h"

/* Pairs of the n(n-1)/2 pairs can be counted in 63 bits. */
enum { COUNT_MAX = 60000 };

alexnet_status alexnet_rdm(double *rdm, alexnet_ctx *ctx, const float *features, int64_t count,
                           int64_t length, alexnet_dissimilarity measure)
{
    AN_NEED(rdm);
    AN_NEED(ctx);
    AN_NEED(features);
    AN_CHECK(an_check_number("count", count, 3, COUNT_MAX));
    AN_CHECK(an_check_number("length", length, 1, INT64_MAX));
    AN_CHECK(an_check_number("measure", (int)measure, ALEXNET_DISSIMILARITY_CORRELATION,
                             ALEXNET_DISSIMILARITY_COSINE));
    return an_rdm(rdm, ctx, features, count, length, measure);
}

alexnet_status alexnet_rsa(double *similarity, alexnet_ctx *ctx, const double *a, const double *b,
                           int64_t count, alexnet_rank rank)
{
    AN_NEED(similarity);
    AN_NEED(ctx);
    AN_NEED(a);
    AN_NEED(b);
    AN_CHECK(an_check_number("count", count, 3, COUNT_MAX));
    AN_CHECK(an_check_number("rank", (int)rank, ALEXNET_RANK_SPEARMAN, ALEXNET_RANK_KENDALL));
    return an_rsa(similarity, ctx, a, b, count, rank);
}

alexnet_status alexnet_rdm_read(const char *path, int64_t *count, double *rdm)
{
    AN_NEED(path);
    AN_NEED(count);
    return an_rdm_read(path, count, rdm);
}
