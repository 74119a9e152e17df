#include "infer/session.h"

#include "api/options.h"
#include "base/alloc.h"
#include "base/status.h"

static const char in_memory[] = "picture in memory";

alexnet_status alexnet_session_new(alexnet_session **out, alexnet_model *model,
                                   const alexnet_session_options *options)
{
    AN_NEED(out);
    alexnet_session_options o = ALEXNET_SESSION_OPTIONS_INIT;
    *out = NULL;
    AN_NEED(model);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    AN_CHECK(an_check_number("batch", o.batch, 1, AN_BATCH_MAX));
    if (o.views != 1 && o.views != 10)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "views = %d: expected 1 or 10", o.views);
    return an_session_new(out, model, o.batch, o.views);
}

void alexnet_session_free(alexnet_session *session)
{
    an_session_free(session);
}

/* Classify a picture and free it. */
static alexnet_status classify(alexnet_session *session, alexnet_status read, an_picture *picture,
                               const char *name, int top, alexnet_prediction *best)
{
    AN_CHECK(read);
    alexnet_status rc = an_session_classify(session, picture, name, top, best);
    an_picture_free(picture);
    return rc;
}

alexnet_status alexnet_classify_file(alexnet_session *session, const char *path, int top,
                                     alexnet_prediction *best)
{
    AN_NEED(session);
    AN_NEED(path);
    AN_NEED(best);
    an_picture picture;
    alexnet_status read = an_fit_read(&picture, session->runner->fit, session->model->ctx, path);
    return classify(session, read, &picture, path, top, best);
}

alexnet_status alexnet_classify_bytes(alexnet_session *session, const void *bytes, size_t length,
                                      int top, alexnet_prediction *best)
{
    AN_NEED(session);
    AN_NEED(bytes);
    AN_NEED(best);
    an_picture picture;
    alexnet_status read = an_fit_decode(&picture, session->runner->fit, session->model->ctx, bytes,
                                        length, in_memory);
    return classify(session, read, &picture, in_memory, top, best);
}

alexnet_status alexnet_classify_pixels(alexnet_session *session, const alexnet_pixels *pixels,
                                       int top, alexnet_prediction *best)
{
    AN_NEED(session);
    AN_NEED(pixels);
    AN_NEED(best);
    an_picture picture;
    alexnet_status read = an_picture_from_pixels(&picture, pixels);
    return classify(session, read, &picture, in_memory, top, best);
}

alexnet_status alexnet_stream_open(alexnet_stream **out, alexnet_session *session,
                                   const alexnet_dataset *dataset, int top)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(session);
    AN_NEED(dataset);
    return an_stream_new(out, session, dataset, top);
}

alexnet_status alexnet_stream_new(alexnet_stream **out, alexnet_session *session,
                                  const char *const *paths, int64_t count, int top)
{
    alexnet_dataset *pictures;
    AN_NEED(out);
    *out = NULL;
    AN_NEED(session);
    AN_CHECK(alexnet_dataset_open_files(&pictures, session->model->ctx, paths, count));
    alexnet_status rc = alexnet_stream_open(out, session, pictures, top);
    alexnet_dataset_free(pictures);
    return rc;
}

alexnet_status alexnet_stream_next(alexnet_stream *stream, alexnet_stream_result *result,
                                   bool *more)
{
    AN_NEED(stream);
    AN_NEED(result);
    AN_NEED(more);
    return an_stream_next(stream, result, more);
}

void alexnet_stream_free(alexnet_stream *stream)
{
    an_stream_free(stream);
}
