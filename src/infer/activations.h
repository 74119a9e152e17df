/*
 * The outputs of every layer for one picture: features of all layers.
 */
#ifndef AN_INFER_ACTIVATIONS_H
#define AN_INFER_ACTIVATIONS_H

#include "infer/features.h"

struct alexnet_activations {
    an_features *features; /* of all layers, in their order */
    uint8_t *stored;       /* [side][side][3] */
    float *values;         /* of all layers */
};
typedef struct alexnet_activations an_activations;

alexnet_status an_activations_new(an_activations **out, alexnet_model *model);
/** @param crop  see centre.h */
alexnet_status an_activations_compute(an_activations *activations, const uint8_t *crop);
/** A layer's output, [channels][rows][columns]; NULL if out of range. */
const float *an_activations_layer(const an_activations *activations, int layer);
void an_activations_free(an_activations *activations); /* NULL allowed */

#endif
