/*
 * The use of a model: sessions, which classify pictures, and streams of pictures.
 */
#ifndef AN_INFER_SESSION_H
#define AN_INFER_SESSION_H

#include "infer/row_pass.h"
#include "infer/runner.h"
#include "model/model.h"

struct alexnet_session {
    alexnet_model *model;
    an_runner *runner;
};

/** @param views 1 or 10 */
alexnet_status an_session_new(alexnet_session **out, alexnet_model *model, int batch, int views);
void an_session_free(alexnet_session *session); /* NULL allowed */
/** Classify one picture; frees nothing. @param name  of the picture, for error texts */
alexnet_status an_session_classify(alexnet_session *session, const an_picture *picture,
                                   const char *name, int top, alexnet_prediction *best);

/** The `top` best of one row of probabilities, best first; past the last class {-1, 0, ""}. */
void an_session_rank(const alexnet_session *session, const float *probabilities, int top,
                     alexnet_prediction *best);

struct alexnet_stream {
    alexnet_session *session;
    an_row_pass pass; /* of probabilities */
    int top;
    alexnet_prediction *best;
};

alexnet_status an_stream_new(alexnet_stream **out, alexnet_session *session,
                             const alexnet_dataset *dataset, int top);
alexnet_status an_stream_next(alexnet_stream *stream, alexnet_stream_result *result, bool *more);
void an_stream_free(alexnet_stream *stream); /* NULL allowed */

#endif
