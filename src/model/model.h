/*
 * A model: a network with weights and class names, as a file holds them, ready for use.
 */
#ifndef AN_MODEL_MODEL_H
#define AN_MODEL_MODEL_H

#include <pthread.h>
#include <stdatomic.h>

#include "model/model_file.h"
#include "model/program/net.h"

struct alexnet_model {
    atomic_int references;
    alexnet_ctx *ctx;
    an_net *net;
    an_classes classes;
    const char *format;   /* format of the file that it was read from */
    const char *version;  /* of the file's metadata; "" if it has none */
    char *provenance;     /* "" if the file does not say */
    pthread_mutex_t lock; /* guards the host copies */
    float **host;         /* per parameter: a copy for alexnet_model_tensor(), made on demand */
};

/** Read a model; takes ownership of the reader. @param options NULL: none */
alexnet_status an_model_load(alexnet_model **out, alexnet_ctx *ctx, an_reader *reader,
                             const an_model_options *options);
alexnet_model *an_model_retain(alexnet_model *model);
void an_model_release(alexnet_model *model); /* NULL allowed */
/** A hash of the network's text and of all parameter values: what its outputs depend on. */
alexnet_status an_model_hash(const alexnet_model *model, uint64_t *out);
/** The same, also of the weights of LPIPS if it has any: what distances depend on. */
alexnet_status an_model_fingerprint(const alexnet_model *model, uint64_t *out);
/** A parameter's values in host memory, borrowed. */
alexnet_status an_model_values(alexnet_model *model, int param, const float **data);

#endif
