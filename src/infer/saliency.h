/*
 * The gradient of a class's score with respect to the pixels of a picture (Simonyan, Vedaldi,
 * Zisserman: Deep Inside Convolutional Networks, 2014, section 3). The score is the input of the
 * softmax, not the probability, which also rises when the scores of other classes fall.
 */
#ifndef AN_INFER_SALIENCY_H
#define AN_INFER_SALIENCY_H

#include "model/program/program.h"

struct alexnet_saliency {
    an_net *net;
    an_program *program;
    int scores_layer; /* the layer before the softmax */
    uint8_t *stored;  /* [side][side][3] */
    float *scores;    /* [classes] */
    float *seed;      /* [classes] */
    float *gradient;  /* [3][size][size], of the network's input */
};
typedef struct alexnet_saliency an_saliency;

/** @return ALEXNET_ERROR_INVALID_ARGUMENT for a network whose softmax is its only layer */
alexnet_status an_saliency_new(an_saliency **out, an_net *net);
/** The arguments of alexnet_saliency_compute(); the class is in range. */
alexnet_status an_saliency_compute(an_saliency *saliency, const uint8_t *crop, int class_index,
                                   float *score, float *gradient, float *map);
void an_saliency_free(an_saliency *saliency); /* NULL allowed */

#endif
