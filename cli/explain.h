/*
 * What `explain` computes and draws.
 *
 *     cmd_explain.c        options
 *     explain_picture.c    gradient and occlusion of a class; drawn by draw_maps.c
 *     explain_class.c      the answer of the network, and the class that --class means
 *     explain_layers.c     activations; drawn by draw_layers.c
 *     explain_filter.c     patches of a filter; drawn by draw_patches.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "draw.h"
#include "machine.h"

typedef struct explain_options {
    const char *out, *class_name, *filter, *in;
    int map; /* an explain_maps */
    int64_t square, stride, batch;
    bool activations, filters;
} explain_options;

/** Which maps of a class: the positions in "both|gradient|occlusion". */
enum explain_maps { EXPLAIN_BOTH, EXPLAIN_GRADIENT, EXPLAIN_OCCLUSION };

/** A parsed command line, with its model. */
typedef struct explain_job {
    const explain_options *options;
    alexnet_ctx *ctx;
    alexnet_model *model;
    const char *model_path;
    const char *picture; /* a path, or NULL */
    const char *out;     /* the PNG file */
    bool json;
} explain_job;

/** Each computes, draws to `out`, and prints. @return the exit code; failures are reported */
int explain_picture(const explain_job *job);
int explain_layers(const explain_job *job);
int explain_filter(const explain_job *job);

enum { EXPLAIN_TOP = 5 };

/** What was computed for a picture and a class. */
typedef struct explanation {
    const char *picture;
    int side;      /* of the crop */
    uint8_t *crop; /* [side][side][3] */
    int top;
    alexnet_prediction best[EXPLAIN_TOP];
    int class_index;
    const char *class_name;
    float probability, score; /* of the class; `score` is set only with a gradient */
    float *gradient;          /* [side][side], or NULL */
    float *drops;             /* [cells][cells], or NULL */
    int cells, square, stride;
} explanation;

/**
 * Crop and classify the picture of a job, and choose the class. Call explain_forget() in any case.
 * @return as explain_picture()
 */
int explain_look(explanation *found, const explain_job *job);
void explain_forget(explanation *found);

/* ---- Drawings ---- */

int draw_maps(const explanation *found, const char *path);
/** The outputs of every layer for a picture. */
int draw_layers(const explanation *found, const alexnet_network *network,
                const alexnet_activations *activations, const char *path);
/** The patches of a channel; `title` says which. */
int draw_patches(const char *title, const alexnet_patch *patches, int count, int side,
                 const char *path);

#endif
