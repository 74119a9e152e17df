#include "infer/distance.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"

/* Pictures in a batch of the loader: three batches are in flight, with up to 48 MiB a picture. */
enum { BATCH = 4 };

alexnet_status an_distance_stream_new(an_distance_stream **out, an_distance *distance,
                                      const alexnet_dataset *dataset, const uint32_t *order,
                                      int64_t count)
{
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    an_distance_stream *s = an_calloc(1, sizeof *s);
    if (!s)
        return AN_FAIL_MEMORY(sizeof *s, "a stream");
    s->distance = distance;
    s->dataset = an_dataset_retain((alexnet_dataset *)dataset);
    AN_TRY(an_loader_new(&s->loader, s->dataset, distance->fit, BATCH, distance->net->ctx->threads,
                         NULL));
    AN_TRY(an_loader_start(s->loader, order, count, 0));
    *out = s;
    s = NULL;
cleanup:
    an_distance_stream_free(s);
    return rc;
}

/* The picture at an index of the batch, as it is to be compared; borrowed. */
static an_picture picture_at(const an_distance_stream *s, int index)
{
    const int side = s->distance->fit.side;
    if (s->distance->fit.rule == AN_FIT_KEEP)
        return s->batch.pictures[index].picture;
    const size_t bytes = (size_t)side * (size_t)side * 3;
    return (an_picture){side, side, (uint8_t *)s->batch.pixels + (size_t)index * bytes};
}

/* Compute a picture that could be read. One that has too few pixels, or too many, is a bad picture;
 * any other failure ends the call. */
static alexnet_status compute(an_distance_stream *s, int index, alexnet_distance_result *result)
{
    const an_picture picture = picture_at(s, index);
    alexnet_status rc = an_distance_look_at(&result->picture, s->distance, &picture, result->path);
    if (rc != ALEXNET_ERROR_INVALID_ARGUMENT && rc != ALEXNET_ERROR_UNSUPPORTED)
        return rc;
    s->error = an_strdup(an_error_text());
    if (!s->error)
        return AN_FAIL_MEMORY(strlen(an_error_text()) + 1, "an error text");
    result->status = rc;
    result->error = s->error;
    return ALEXNET_OK;
}

alexnet_status an_distance_stream_next(an_distance_stream *s, alexnet_distance_result *result,
                                       bool *more)
{
    *more = true;
    AN_CHECK(an_compute_check(s->distance->net->ctx));
    if (s->next == s->batch.count) {
        s->next = 0;
        AN_CHECK(an_loader_next(s->loader, s->distance->net->ctx, &s->batch, more));
        if (!*more)
            return ALEXNET_OK;
    }
    const an_loaded *loaded = &s->batch.pictures[s->next];
    an_free(s->error);
    s->error = NULL;
    *result = (alexnet_distance_result){.index = loaded->sample,
                                        .path = s->dataset->samples[loaded->sample].name,
                                        .status = loaded->status,
                                        .error = loaded->error};
    const alexnet_status rc =
        loaded->status == ALEXNET_OK ? compute(s, s->next, result) : ALEXNET_OK;
    s->next +=
        rc == ALEXNET_OK || rc == ALEXNET_ERROR_BAD_MODEL; /* else the call can be repeated */
    return rc;
}

void an_distance_stream_free(an_distance_stream *s)
{
    if (!s)
        return;
    an_loader_free(s->loader);
    an_dataset_release(s->dataset);
    an_free(s->error);
    an_free(s);
}
