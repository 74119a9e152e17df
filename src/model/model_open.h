/*
 * Opening a file as a model, whichever program wrote it.
 */
#ifndef AN_MODEL_MODEL_OPEN_H
#define AN_MODEL_MODEL_OPEN_H

#include "model/model_file.h"

/** Open the file of a model: `path`, or best.safetensors in it if it is a run folder. */
alexnet_status an_model_file_reader(an_reader **out, const char *path);
/**
 * Open a model file. Its metadata describes it; if there is none, the file is recognised by its
 * layers.
 * @param ctx     for the log, which receives what was assumed; may be NULL
 * @param reader  ownership is taken, also on failure
 * @param options NULL: none
 */
alexnet_status an_model_file_open(an_model_file *out, alexnet_ctx *ctx, an_reader *reader,
                                  const an_model_options *options);

#endif
