#include "speed/loader_bench.h"

#include <string.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/status.h"
#include "infer/runner.h"

/* Bytes of files to keep for libjpeg-turbo alone; its rounds omit the pictures beyond. */
#define KEPT_MAX ((double)(1 << 30))

/* ---- Making ---- */

/* Choose pictures at random, so that files are read in random order, as in training. */
static alexnet_status choose_pictures(alexnet_loader_bench *b, int64_t wanted)
{
    const int64_t all = b->data->count;
    b->count = wanted < all ? wanted : all;
    b->order = an_calloc((size_t)all, sizeof *b->order);
    if (!b->order)
        return AN_FAIL_MEMORY((size_t)all * sizeof *b->order, "the order of a pass");
    an_shuffle(b->order, (uint32_t)all, 1, AN_PURPOSE_SHUFFLE, 0);
    return ALEXNET_OK;
}

/* Read the files of the pictures: sizes are summed, and JPEGs kept for libjpeg-turbo. The loader
 * counts those that cannot be read. */
static alexnet_status keep_files(alexnet_loader_bench *b)
{
    double kept = 0;
    b->jpegs = an_calloc((size_t)b->count, sizeof *b->jpegs);
    if (!b->jpegs)
        return AN_FAIL_MEMORY((size_t)b->count * sizeof *b->jpegs, "a list of pictures");
    for (int64_t i = 0; i < b->count; i++) {
        const an_data_source *source = b->data->source;
        an_item_data data;
        AN_CHECK(an_ctx_check(b->ctx));
        alexnet_status rc = source->kind->read(source, b->data->samples[b->order[i]].item, &data);
        if (rc == ALEXNET_ERROR_NO_MEMORY)
            return rc;
        if (rc != ALEXNET_OK)
            continue;
        an_picture_free(&data.pixels);
        b->bytes += (double)data.length;
        if (data.bytes && an_is_jpeg(data.bytes, data.length) &&
            kept + (double)data.length <= KEPT_MAX) {
            kept += (double)data.length;
            b->jpegs[b->n_jpegs++] = (an_jpeg_file){data.bytes, data.length};
        } else {
            an_free(data.bytes);
        }
    }
    return ALEXNET_OK;
}

static alexnet_status make(alexnet_loader_bench *b, const alexnet_loader_bench_options *options)
{
    const size_t rounds = (size_t)b->rounds;
    AN_CHECK(an_network_load(&b->network, options->net, b->data->classes));
    if (options->recipe)
        AN_CHECK(an_recipe_copy(&b->recipe, options->recipe));
    else
        AN_CHECK(an_recipe_load(&b->recipe, "paper"));
    an_draws_make(&b->draws, b->recipe, &b->network->input);
    AN_CHECK(
        an_loader_new(&b->loader, b->data, an_fit_of(b->network), b->batch, b->ctx->threads, NULL));
    b->seconds = an_calloc(rounds, sizeof *b->seconds);
    b->decoding = an_calloc(rounds, sizeof *b->decoding);
    for (int i = 0; i < 2; i++)
        b->work[i] = an_calloc(rounds, sizeof *b->work[i]);
    if (!b->seconds || !b->decoding || !b->work[0] || !b->work[1])
        return AN_FAIL_MEMORY(rounds * 4 * sizeof *b->seconds, "measurements");
    AN_CHECK(choose_pictures(b, options->pictures));
    return keep_files(b);
}

alexnet_status an_loader_bench_new(alexnet_loader_bench **out, alexnet_ctx *ctx,
                                   const alexnet_dataset *data,
                                   const alexnet_loader_bench_options *options)
{
    *out = NULL;
    if (data->count < 1)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s has no pictures", data->root);
    alexnet_loader_bench *b = an_calloc(1, sizeof *b);
    if (!b)
        return AN_FAIL_MEMORY(sizeof *b, "a measurement of speed");
    b->ctx = an_ctx_retain(ctx);
    b->data = an_dataset_retain((alexnet_dataset *)data);
    b->batch = options->batch;
    b->rounds = options->rounds;
    b->done = -1;
    alexnet_status rc = make(b, options);
    if (rc != ALEXNET_OK)
        an_loader_bench_free(b);
    else
        *out = b;
    return rc;
}

void an_loader_bench_free(alexnet_loader_bench *b)
{
    if (!b)
        return;
    an_loader_free(b->loader);
    for (int64_t i = 0; i < b->n_jpegs; i++)
        an_free(b->jpegs[i].bytes);
    an_free(b->jpegs);
    an_free(b->order);
    an_free(b->seconds);
    an_free(b->decoding);
    an_free(b->work[0]);
    an_free(b->work[1]);
    an_recipe_free(b->recipe);
    an_network_release(b->network);
    an_dataset_release(b->data);
    an_ctx_release(b->ctx);
    an_free(b);
}

/* ---- Measuring ---- */

/* Processor seconds of this process so far. */
static double worked(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* There is no speed to measure. */
static alexnet_status fail_none_read(const alexnet_loader_bench *b)
{
    an_picture picture;
    const bool now = an_data_source_picture(b->data->source, b->data->samples[b->order[0]].item,
                                            &picture) == ALEXNET_OK;
    if (now)
        an_picture_free(&picture);
    return AN_FAIL(ALEXNET_ERROR_BAD_DATA, "none of %lld pictures drawn from %s can be read%s%s",
                   (long long)b->count, b->data->root,
                   now ? "" : "; the first: ", now ? "" : an_error_text());
}

static alexnet_status load_all(alexnet_loader_bench *b, double *seconds)
{
    an_batch batch;
    bool more = true;
    const double began = an_clock();
    b->bad = 0;
    const an_pass pass = {.order = b->order,
                          .count = b->count,
                          .regions = an_draws_regions(&b->draws),
                          .epoch = (uint64_t)(b->done + 1)};
    AN_CHECK(an_loader_start_pass(b->loader, &pass));
    while (more) {
        AN_CHECK(an_ctx_check(b->ctx));
        AN_CHECK(an_loader_next(b->loader, b->ctx, &batch, &more));
        for (int i = 0; i < batch.count; i++)
            b->bad += batch.pictures[i].status != ALEXNET_OK;
    }
    *seconds = an_clock() - began;
    return b->bad < b->count ? ALEXNET_OK : fail_none_read(b);
}

alexnet_status an_loader_bench_step(alexnet_loader_bench *b, bool *more)
{
    *more = b->done < b->rounds;
    if (!*more)
        return ALEXNET_OK;
    const int round = b->done < 0 ? 0 : b->done; /* the first measured round overwrites this one */
    const double before = worked();
    AN_CHECK(load_all(b, &b->seconds[round]));
    const double between = worked();
    if (b->n_jpegs > 0)
        AN_CHECK(an_jpeg_alone(b->jpegs, b->n_jpegs, b->ctx->threads, &b->decoding[round]));
    b->work[0][round] = between - before;
    b->work[1][round] = worked() - between;
    b->done++;
    *more = b->done < b->rounds;
    return ALEXNET_OK;
}

/* ---- Results ---- */

/* The median, from a sorted copy, to keep the order of the rounds. 0 if memory is short. */
static double median_of(const double *values, int count)
{
    double *sorted = an_calloc((size_t)count, sizeof *sorted);
    if (!sorted)
        return 0;
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    const double median = an_median(sorted, count);
    an_free(sorted);
    return median;
}

void an_loader_bench_speed(const alexnet_loader_bench *b, alexnet_loader_speed *out)
{
    *out = (alexnet_loader_speed){.net = b->network->name,
                                  .batch = b->batch,
                                  .threads = b->ctx->threads,
                                  .rounds = b->done > 0 ? b->done : 0,
                                  .pictures = b->count,
                                  .bad = b->bad,
                                  .jpegs = b->n_jpegs,
                                  .bytes = b->bytes};
    if (b->done < 1)
        return;
    out->median = median_of(b->seconds, b->done);
    out->decoder = median_of(b->decoding, b->done);
    out->processor = median_of(b->work[0], b->done);
    out->decoder_processor = b->n_jpegs > 0 ? median_of(b->work[1], b->done) : 0;
    out->least = out->most = b->seconds[0];
    for (int i = 1; i < b->done; i++) {
        out->least = b->seconds[i] < out->least ? b->seconds[i] : out->least;
        out->most = b->seconds[i] > out->most ? b->seconds[i] : out->most;
    }
}
