/*
 * What a network sees of a picture that is classified by one view: the centre of the stored
 * square, as pixels [size][size][3] in R, G, B order, before mean and scale.
 */
#ifndef AN_INFER_CENTRE_H
#define AN_INFER_CENTRE_H

#include "data/picture/picture.h"
#include "model/network/network.h"

/** Bring a picture to the network's stored square, and cut its centre out into `crop`. */
alexnet_status an_centre_cut(uint8_t *crop, const alexnet_network *network,
                             const an_picture *picture);
/** Copy the centre of a stored square [side][side][3]. */
void an_centre_copy(uint8_t *crop, const alexnet_network *network, const uint8_t *stored);
/** Copy a crop into the centre of a stored square, whose border stays as it is. */
void an_centre_lay(uint8_t *stored, const alexnet_network *network, const uint8_t *crop);

#endif
