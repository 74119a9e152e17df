/*
 * What every layer computes of one picture.
 */
#ifndef AN_INFER_ACTIVATIONS_H
#define AN_INFER_ACTIVATIONS_H

#include "model/program.h"

struct alexnet_activations {
    an_net *net;
    an_program *program;
    uint8_t *stored; /* [side][side][3] */
    int *layers;     /* 0, 1, 2, ... */
    float **values;  /* per layer, [channels][rows][columns] */
};
typedef struct alexnet_activations an_activations;

alexnet_status an_activations_new(an_activations **out, an_net *net);
/** @param crop  see centre.h */
alexnet_status an_activations_compute(an_activations *activations, const uint8_t *crop);
void an_activations_free(an_activations *activations); /* NULL allowed */

#endif
