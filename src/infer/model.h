/*
 * alexnet_model and what works with it: sessions and streams.
 */
#ifndef AN_INFER_MODEL_H
#define AN_INFER_MODEL_H

#include <pthread.h>

#include "data/loader.h"
#include "infer/runner.h"
#include "model/model_file.h"

struct alexnet_model {
    atomic_int references;
    alexnet_ctx *ctx;
    an_net *net;
    an_classes classes;
    char *provenance;     /* "" if the file does not say */
    pthread_mutex_t lock; /* of host copies */
    float **host; /* per parameter: a copy for alexnet_model_tensor(), made when asked for */
};

/** Read a model; the source is taken over. */
alexnet_status an_model_load(alexnet_model **out, alexnet_ctx *ctx, an_source *source);
alexnet_model *an_model_retain(alexnet_model *model);
void an_model_release(alexnet_model *model); /* NULL allowed */
/** A parameter's values in host memory, borrowed. */
alexnet_status an_model_values(alexnet_model *model, int param, const float **data);

struct alexnet_session {
    alexnet_model *model;
    an_runner *runner;
};

/** @param views 1 or 10 */
alexnet_status an_session_new(alexnet_session **out, alexnet_model *model, int batch, int views);
void an_session_free(alexnet_session *session); /* NULL allowed */
/** Classify one picture; frees nothing. */
alexnet_status an_session_classify(alexnet_session *session, const an_picture *picture, int top,
                                   alexnet_prediction *best);
/** The `top` best of one row of probabilities. */
void an_session_best(const alexnet_session *session, const float *probabilities, int top,
                     alexnet_prediction *best);

struct alexnet_stream {
    alexnet_session *session;
    alexnet_dataset *files;
    an_loader *loader;
    int top;
    an_batch batch;       /* results of its pictures are being given */
    int next;             /* the next of them */
    float *probabilities; /* [batch][classes], our own: the session may compute others meanwhile */
    alexnet_prediction *best;
};

alexnet_status an_stream_new(alexnet_stream **out, alexnet_session *session,
                             const char *const *paths, int64_t count, int top);
alexnet_status an_stream_next(alexnet_stream *stream, alexnet_stream_result *result, bool *more);
void an_stream_free(alexnet_stream *stream); /* NULL allowed */

#endif
