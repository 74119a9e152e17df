/*
 * A model made of a file that another program wrote: the network it is recognised as, and what the
 * file does not carry, from that network's own record: preprocessing, mean, class names.
 */
#ifndef AN_MODEL_ADOPT_H
#define AN_MODEL_ADOPT_H

#include "model/model_file.h"

/**
 * Fill in what is open of a file but for its tensors. The log receives what was assumed.
 * @param ctx  may be NULL
 */
alexnet_status an_adopt(an_model_file *file, alexnet_ctx *ctx, const an_model_options *options);

#endif
