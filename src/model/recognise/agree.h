/*
 * Whether a file that describes itself as a network of this program also computes that network.
 *
 * ONNX files hold a graph besides our metadata, and other programs change the graph and keep the
 * metadata. The graph is what such a file computes, so it must be the one that the network is
 * written as, or, if it is another, a chain of layers that computes the same.
 */
#ifndef AN_MODEL_RECOGNISE_AGREE_H
#define AN_MODEL_RECOGNISE_AGREE_H

#include "model/recognise/match.h"

/** Whether files of a format hold a graph. In all others, names alone bind tensors to layers. */
bool an_agree_is_needed(const an_tensor_file *file);
/**
 * Find the tensors of the network in a file's metadata by the file's graph.
 * @param match  out, with `pairs` for all layers; freed by the caller, after a failure too
 * @param mean   out, the tensor of input.mean
 * @return ALEXNET_ERROR_FORMAT if the graph is not the network's: the text names the first node
 *         that differs, what was expected and what was found
 */
alexnet_status an_agree(an_match *match, an_binding *mean, const alexnet_network *network,
                        an_tensor_file *file);

#endif
