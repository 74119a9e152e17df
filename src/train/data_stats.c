#include "train/data_stats.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"
#include "infer/runner.h"

enum { BATCH = 32 };

alexnet_status an_data_stats_new(alexnet_data_stats **out, alexnet_ctx *ctx,
                                 const alexnet_dataset *data, const alexnet_network *network)
{
    alexnet_data_stats *s = an_calloc(1, sizeof *s);
    *out = s;
    if (!s)
        return AN_FAIL_MEMORY(sizeof *s, "statistics");
    s->ctx = an_ctx_retain(ctx);
    s->data = an_dataset_retain((alexnet_dataset *)data);
    s->fit = network ? an_fit_of(network) : (an_fit){.rule = AN_FIT_SHORT, .side = 256};
    const size_t side = (size_t)s->fit.side, count = (size_t)data->count;
    s->by_class = an_calloc((size_t)data->classes, sizeof *s->by_class);
    s->sizes[0] = an_calloc(count, sizeof **s->sizes);
    s->sizes[1] = an_calloc(count, sizeof **s->sizes);
    s->mean_image = an_calloc(side * side * 3, sizeof *s->mean_image);
    alexnet_status rc;
    if (!s->by_class || !s->sizes[0] || !s->sizes[1] || !s->mean_image)
        AN_TRY(AN_FAIL_MEMORY(side * side * 24 + count * 8, "statistics"));
    AN_TRY(an_moments_new(&s->moments, s->fit.side));
    AN_TRY(an_loader_new(&s->loader, s->data, s->fit, BATCH, ctx->threads, NULL));
    AN_TRY(an_loader_start(s->loader, NULL, 0, 0));
    return ALEXNET_OK;
cleanup:
    an_data_stats_free(s);
    *out = NULL;
    return rc;
}

void an_data_stats_free(alexnet_data_stats *s)
{
    if (!s)
        return;
    an_loader_free(s->loader);
    an_moments_free(&s->moments);
    an_free(s->by_class);
    an_free(s->sizes[0]);
    an_free(s->sizes[1]);
    an_free(s->mean_image);
    an_dataset_release(s->data);
    an_ctx_release(s->ctx);
    an_free(s);
}

/* ---- Counting ---- */

static void count_pictures(alexnet_data_stats *s, const an_batch *batch)
{
    for (int i = 0; i < batch->count; i++) {
        const an_loaded *picture = &batch->pictures[i];
        if (picture->status != ALEXNET_OK) {
            s->left_out++;
            an_log(s->ctx, ALEXNET_LOG_WARNING, "left out: %s", picture->error);
            continue;
        }
        const int64_t n = batch->position + i - s->left_out;
        s->sizes[0][n] = picture->width;
        s->sizes[1][n] = picture->height;
        if (picture->label >= 0)
            s->by_class[picture->label]++;
    }
}

static int compare(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x < y ? -1 : x > y;
}

static alexnet_size_range range_of(int32_t *sizes, int64_t count)
{
    qsort(sizes, (size_t)count, sizeof *sizes, compare);
    return (alexnet_size_range){sizes[0], sizes[(count - 1) / 2], sizes[count - 1]};
}

static void finish(alexnet_data_stats *s)
{
    const int64_t n = s->moments.pictures;
    const size_t area = (size_t)s->fit.side * (size_t)s->fit.side;
    alexnet_data_stats_result *r = &s->result;
    an_moments_colours(&s->colours, &s->moments);
    for (size_t i = 0; i < 3 * area; i++)
        s->mean_image[i] = (double)s->moments.sums[i] / (double)n;
    *r = (alexnet_data_stats_result){.pictures = n,
                                     .left_out = s->left_out,
                                     .classes = s->data->classes,
                                     .class_pictures = s->by_class,
                                     .side = s->fit.side,
                                     .mean_image = s->mean_image};
    for (int64_t i = 0; i < n; i++) {
        const int32_t width = s->sizes[0][i], height = s->sizes[1][i];
        r->enlarged += (width < height ? width : height) < s->fit.side;
    }
    r->width = range_of(s->sizes[0], n);
    r->height = range_of(s->sizes[1], n);
    for (int i = 0; i < 3; i++) {
        r->mean[i] = s->colours.mean[i];
        r->eigenvalues[i] = s->colours.eigenvalues[i];
        for (int j = 0; j < 3; j++) {
            r->covariance[i][j] = s->colours.covariance[i][j];
            r->eigenvectors[i][j] = s->colours.eigenvectors[i][j];
        }
    }
}

alexnet_status an_data_stats_step(alexnet_data_stats *s, int64_t *done, bool *more)
{
    an_batch batch;
    *more = false;
    *done = s->data->count;
    if (s->done)
        return ALEXNET_OK;
    AN_CHECK(an_ctx_check(s->ctx));
    AN_CHECK(an_loader_next(s->loader, s->ctx, &batch, more));
    if (*more) {
        count_pictures(s, &batch);
        an_moments_add(&s->moments, &batch);
        *done = batch.position + batch.count;
        return ALEXNET_OK;
    }
    if (s->moments.pictures == 0)
        return an_fail_none_read(s->data, "");
    finish(s);
    s->done = true;
    return ALEXNET_OK;
}
