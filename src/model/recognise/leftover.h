/*
 * The tensors of a file that the network does not use. They may be weights of layers that the
 * network does not have, so its results may not be those of the program that wrote them.
 */
#ifndef AN_MODEL_RECOGNISE_LEFTOVER_H
#define AN_MODEL_RECOGNISE_LEFTOVER_H

#include "model/model_file.h"

/** Whether a name is one of a tensor that belongs to no layer and is no loss if it is not used: the
 * mean, or what LPIPS keeps beside its network. */
bool an_leftover_is_known(const char *name);
/**
 * Refuse batch normalisation, without which the weights of the layers before it would be used,
 * parametrised weights, which are not in the file themselves, and scales beside weights in float8,
 * which are not the weights without them. Names show all of these, wherever in the file.
 */
alexnet_status an_leftover_check(const an_tensor_file *file);
/** Of these, refuse the scales only, as for weights that are copied one by one. */
alexnet_status an_leftover_check_scales(const an_tensor_file *file);
/** Warn of other copies of the weights, of positions or layers that are not the network's, and of
 * the floating tensors that no parameter is read from, in a few lines. Of a file that lists its
 * layers, only layers that are not the network's are warned of: its other tensors are constants. */
void an_leftover_warn(const an_model_file *file, alexnet_ctx *ctx);

#endif
