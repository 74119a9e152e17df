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
 *                   N(0, 0.01^2); zero biases. A layer that reads pixels has its weights divided by
 *                   their spread, and learns at a rate divided by its square (an_pixel_spread())
 *
 * Depends on the seed and the order of the parameters alone. The mean is left alone, but for one
 * that the network file fixes.
 */
alexnet_status an_init_weights(an_net *net, const alexnet_recipe *recipe);

/**
 * What `init = safe` divides by for a layer: the standard deviation of natural pixels around their
 * mean, 58 grey levels, times the network's `scale` (of three scales the root mean square, which is
 * what makes the variance of the layer's outputs right); 1 for a layer that does not read pixels.
 * Dividing first weights by s and the rate by s^2 is exactly what training on pixels divided by s
 * does, so that the rates of all layers mean the same (but for decay, which it lowers by s^2).
 */
double an_pixel_spread(const alexnet_network *network, int layer);

#endif
