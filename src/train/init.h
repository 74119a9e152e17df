/*
 * First weights.
 */
#ifndef AN_TRAIN_INIT_H
#define AN_TRAIN_INIT_H

#include "model/net.h"
#include "train/recipe.h"

/**
 * Draw first weights into a net; momentum is zero already.
 *
 *     init = net    as the network file says (initW, initB)
 *     init = safe   weights N(0, 2 / fan-in) (He et al. 2015), in the layer before the softmax
 *                   N(0, 0.01^2); zero biases. Layers that read pixels count their spread of about
 *                   58 grey levels: N(0, 2 / (fan-in * (58 * scale)^2))
 *
 * Depends on the seed and the order of the parameters alone. The mean is left alone, but for one
 * that the network file fixes.
 */
alexnet_status an_init_weights(an_net *net, const alexnet_recipe *recipe);

/** Whether a layer reads the input, directly or through concat. */
bool an_reads_pixels(const alexnet_network *network, int layer);

#endif
