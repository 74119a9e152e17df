/*
 * Initial weights.
 */
#ifndef AN_TRAIN_INIT_H
#define AN_TRAIN_INIT_H

#include "model/program/net.h"
#include "train/recipe.h"

/**
 * Draw the initial weights of a net. Its momentum is already zero.
 *
 *     init = net    as the network file says (initW, initB)
 *     init = safe   weights N(0, 2 / fan-in) (He et al. 2015), in the layer before the softmax
 *                   N(0, 0.01^2); zero biases. In a layer that reads pixels, weights are divided by
 *                   the spread of the pixels, and the rate by its square (an_pixel_spread()), with
 *                   Adam by the spread itself
 *
 * Depends only on the seed and the order of the parameters. The mean is written only if the network
 * file fixes it.
 */
alexnet_status an_init_weights(an_net *net, const alexnet_recipe *recipe);

/**
 * The divisor of `init = safe` for a layer that reads pixels: the standard deviation of natural
 * pixels around their mean, 58 grey levels, times the network's `scale`; 1 for other layers. Of
 * three scales it takes the root mean square, which makes the variance of the layer's outputs
 * right. Dividing initial weights by s and the rate by s^2 is equivalent to training on pixels
 * divided by s, so that a rate means the same in every layer (except for decay, which is lowered by
 * s^2).
 */
double an_pixel_spread(const alexnet_network *network, int layer);

#endif
