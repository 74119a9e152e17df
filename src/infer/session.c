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

alexnet_status an_session_classify(alexnet_session *session, const an_picture *picture,
                                   const char *name, int top, alexnet_prediction *best)
{
    an_runner *runner = session->runner;
    AN_CHECK(an_compute_check(session->model->ctx));
    AN_CHECK(an_check_number("top", top, 1, INT64_MAX));
    AN_CHECK(an_fit_picture(runner->pixels, runner->fit, picture));
    AN_CHECK(an_runner_compute(runner, runner->pixels, NULL, 1, true));
    AN_CHECK(an_check_probabilities(runner->probabilities, runner->classes, name));
    an_session_rank(session, runner->probabilities, top, best);
    return ALEXNET_OK;
}

/* ---- Many pictures ---- */

static alexnet_status compute(void *self, const uint8_t *pixels, int count, float *rows)
{
    an_runner *runner = ((alexnet_session *)self)->runner;
    AN_CHECK(an_runner_compute(runner, pixels, NULL, count, true));
    memcpy(rows, runner->probabilities, (size_t)count * (size_t)runner->classes * sizeof *rows);
    return ALEXNET_OK;
}

static alexnet_status check(void *self, const float *row, const char *picture)
{
    return an_check_probabilities(row, ((alexnet_session *)self)->runner->classes, picture);
}

alexnet_status an_stream_new(alexnet_stream **out, alexnet_session *session,
                             const alexnet_dataset *dataset, int top)
{
    const an_runner *runner = session->runner;
    const an_row_maker maker = {.fit = runner->fit,
                                .batch = runner->batch,
                                .length = runner->classes,
                                .compute = compute,
                                .check = check,
                                .self = session};
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    AN_CHECK(an_check_number("top", top, 1, INT64_MAX));
    alexnet_stream *stream = an_calloc(1, sizeof *stream);
    if (!stream)
        return AN_FAIL_MEMORY(sizeof *stream, "a stream");
    stream->session = session;
    stream->top = top;
    stream->best = an_calloc((size_t)top, sizeof *stream->best);
    if (!stream->best) {
        rc = AN_FAIL_MEMORY((size_t)top * sizeof *stream->best, "a stream");
        goto cleanup;
    }
    AN_TRY(an_row_pass_start(&stream->pass, session->model->ctx, dataset, &maker, &runner->memory,
                             &(an_pass){0}));
    *out = stream;
    stream = NULL;
cleanup:
    an_stream_free(stream);
    return rc;
}

alexnet_status an_stream_next(alexnet_stream *stream, alexnet_stream_result *result, bool *more)
{
    an_row_pass *pass = &stream->pass;
    const float *probabilities;
    AN_CHECK(an_row_pass_fill(pass, more));
    if (!*more)
        return ALEXNET_OK;
    const int i = pass->taken++;
    const an_loaded *picture = &pass->batch.pictures[i];
    AN_CHECK(an_row_pass_row(pass, i, &probabilities));
    if (probabilities)
        an_session_rank(stream->session, probabilities, stream->top, stream->best);
    *result =
        (alexnet_stream_result){pass->pictures->samples[picture->sample].name, picture->status,
                                picture->error, probabilities ? stream->best : NULL};
    return ALEXNET_OK;
}

void an_stream_free(alexnet_stream *stream)
{
    if (!stream)
        return;
    an_row_pass_end(&stream->pass);
    an_free(stream->best);
    an_free(stream);
}
