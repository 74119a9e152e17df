/*
 * A net that classifies batches of pictures. Sessions, evaluations and a trainer's validation share
 * this code.
 */
#ifndef AN_INFER_RUNNER_H
#define AN_INFER_RUNNER_H

#include "data/loader/loader.h"
#include "model/program/program.h"

typedef struct an_runner {
    an_program *program;
    int batch, views, classes;
    int side, crop;
    an_fit fit;              /* how pictures are brought to the stored square */
    an_loader_memory memory; /* for the batches of a loader that ends before the runner */
    an_slot *slots;
    float *all;           /* softmax outputs of every slot; NULL with one view */
    float *probabilities; /* [batch][classes], averaged over the views */
    an_score *scores;     /* [batch]; for one view, as the operator computes them */
    int *order;           /* [classes], for ranking */
    uint8_t *pixels;      /* [batch][side][side][3], for callers without pixels of their own */
} an_runner;

/** @param views 1 or 10 */
alexnet_status an_runner_new(an_runner **out, an_net *net, int batch, int views);
/** The same with the learned parameters of an arena, such as their average. */
alexnet_status an_runner_new_of(an_runner **out, an_net *net, an_arena values, int batch,
                                int views);
void an_runner_free(an_runner *runner); /* NULL allowed */

/** To be called when weights have changed. */
alexnet_status an_runner_refresh(an_runner *runner);

/**
 * Compute pictures 0 .. count-1 into `scores`, and into `probabilities` where these are wanted.
 * @param pixels  uint8 [batch][side][side][3]
 * @param labels  [count]; -1: none; NULL: none at all, and no scores
 */
alexnet_status an_runner_compute(an_runner *runner, const uint8_t *pixels, const int *labels,
                                 int count, bool probabilities);

/** How pictures are brought to the stored square for a network. */
an_fit an_fit_of(const alexnet_network *network);

#endif
