#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"
#include "infer/metrics.h"
#include "infer/session.h"

alexnet_status an_session_new(alexnet_session **out, alexnet_model *model, int batch, int views)
{
    *out = an_calloc(1, sizeof **out);
    if (!*out)
        return AN_FAIL_MEMORY(sizeof **out, "a session");
    (*out)->model = an_model_retain(model);
    alexnet_status rc = an_runner_new(&(*out)->runner, model->net, batch, views);
    if (rc != ALEXNET_OK) {
        an_session_free(*out);
        *out = NULL;
    }
    return rc;
}

void an_session_free(alexnet_session *session)
{
    if (!session)
        return;
    an_runner_free(session->runner);
    an_model_release(session->model);
    an_free(session);
}

void an_session_rank(const alexnet_session *session, const float *probabilities, int top,
                     alexnet_prediction *best)
{
    int *indices = session->runner->order, classes = session->runner->classes;
    int found = top < classes ? top : classes;
    an_best_classes(probabilities, classes, found, indices);
    for (int i = 0; i < found; i++)
        best[i] = (alexnet_prediction){indices[i], probabilities[indices[i]],
                                       session->model->classes.names[indices[i]]};
    for (int i = found; i < top; i++)
        best[i] = (alexnet_prediction){-1, 0, ""};
}

static alexnet_status check_top(int top)
{
    if (top < 1)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "top = %d: expected 1 or more", top);
    return ALEXNET_OK;
}

alexnet_status an_session_classify(alexnet_session *session, const an_picture *picture,
                                   const char *name, int top, alexnet_prediction *best)
{
    an_runner *runner = session->runner;
    AN_CHECK(an_compute_check(session->model->ctx));
    AN_CHECK(check_top(top));
    AN_CHECK(an_fit_picture(runner->pixels, runner->fit, picture));
    AN_CHECK(an_runner_compute(runner, runner->pixels, NULL, 1, true));
    AN_CHECK(an_check_probabilities(runner->probabilities, runner->classes, name));
    an_session_rank(session, runner->probabilities, top, best);
    return ALEXNET_OK;
}

alexnet_status an_stream_new(alexnet_stream **out, alexnet_session *session,
                             const alexnet_dataset *dataset, int top)
{
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    AN_CHECK(check_top(top));
    alexnet_stream *stream = an_calloc(1, sizeof *stream);
    if (!stream)
        return AN_FAIL_MEMORY(sizeof *stream, "a stream");
    stream->session = session;
    stream->top = top;
    stream->best = an_calloc((size_t)top, sizeof *stream->best);
    stream->probabilities =
        an_calloc((size_t)session->runner->batch,
                  (size_t)session->runner->classes * sizeof *stream->probabilities);
    if (!stream->best || !stream->probabilities) {
        rc = AN_FAIL_MEMORY((size_t)session->runner->batch * (size_t)session->runner->classes *
                                    sizeof *stream->probabilities +
                                (size_t)top * sizeof *stream->best,
                            "a stream");
        goto cleanup;
    }
    stream->dataset = an_dataset_retain((alexnet_dataset *)dataset);
    AN_TRY(an_loader_new(&stream->loader, stream->dataset, session->runner->fit,
                         session->runner->batch, session->model->ctx->threads,
                         &session->runner->memory));
    AN_TRY(an_loader_start(stream->loader, NULL, 0, 0));
    *out = stream;
    stream = NULL;
cleanup:
    an_stream_free(stream);
    return rc;
}

/* Load and compute the next batch; one that an earlier call has loaded and could not compute is not
 * loaded again. */
static alexnet_status next_batch(alexnet_stream *stream, bool *more)
{
    an_runner *runner = stream->session->runner;
    an_batch *batch = &stream->batch;
    AN_CHECK(an_compute_check(stream->session->model->ctx));
    if (stream->next == batch->count) {
        stream->next = stream->computed = 0;
        AN_CHECK(an_loader_next(stream->loader, stream->session->model->ctx, batch, more));
    }
    if (!*more)
        return ALEXNET_OK;
    AN_CHECK(an_runner_compute(runner, batch->pixels, NULL, batch->count, true));
    memcpy(stream->probabilities, runner->probabilities,
           (size_t)batch->count * (size_t)runner->classes * sizeof(float));
    stream->computed = batch->count;
    return ALEXNET_OK;
}

alexnet_status an_stream_next(alexnet_stream *stream, alexnet_stream_result *result, bool *more)
{
    *more = true;
    if (stream->next == stream->computed)
        AN_CHECK(next_batch(stream, more));
    if (!*more)
        return ALEXNET_OK;
    const an_runner *runner = stream->session->runner;
    int i = stream->next++;
    const an_loaded *picture = &stream->batch.pictures[i];
    const char *path = stream->dataset->samples[picture->sample].name;
    const float *probabilities = stream->probabilities + (size_t)i * (size_t)runner->classes;
    bool good = picture->status == ALEXNET_OK;
    if (good) {
        AN_CHECK(an_check_probabilities(probabilities, runner->classes, path));
        an_session_rank(stream->session, probabilities, stream->top, stream->best);
    }
    *result =
        (alexnet_stream_result){path, picture->status, picture->error, good ? stream->best : NULL};
    return ALEXNET_OK;
}

void an_stream_free(alexnet_stream *stream)
{
    if (!stream)
        return;
    an_loader_free(stream->loader);
    an_dataset_release(stream->dataset);
    an_free(stream->best);
    an_free(stream->probabilities);
    an_free(stream);
}
