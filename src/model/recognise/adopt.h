/*
 * Making a model from a file that another program wrote. The file is recognised as a network. What
 * it does not contain comes from that network's own file (preprocessing, mean) or is assumed (class
 * names).
 */
#ifndef AN_MODEL_RECOGNISE_ADOPT_H
#define AN_MODEL_RECOGNISE_ADOPT_H

#include "model/model_file.h"

/**
 * Fill in an an_model_file in which only `tensors` is set. The log receives what was assumed.
 * @param ctx  may be NULL
 */
alexnet_status an_adopt(an_model_file *file, alexnet_ctx *ctx, const an_model_options *options);

#endif
