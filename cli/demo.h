/*
 * The parts of `alexnet demo` around its training.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include "cli.h"

/** The network that the demo trains, and its recipe: pairs of key and value, ended by NULL. */
extern const char demo_network[];
extern const char *const demo_recipe[][2];

/** The folders of a demo, each owned. */
typedef struct demo_folders {
    char *out;      /* holds the others, filters.png and curve.png */
    char *pictures; /* train/ and val/, a folder per class in each */
    char *unseen;   /* a folder per class; never used in training */
    char *run;
} demo_folders;

demo_folders demo_folders_in(const char *out);
void demo_folders_free(demo_folders *folders);

/**
 * Draw the pictures: `count` of each class for training, fewer for validation and unseen ones.
 * @return CLI_DONE, or the exit code of a reported failure
 */
int demo_draw(const demo_folders *folders, uint64_t seed, int count);

/**
 * Measure the best model on the unseen pictures, classify one of each class, draw filters and
 * curve, and say what to do next; as text or as one JSON document.
 * @param start  when the demo began, by progress_clock()
 */
int demo_show(alexnet_ctx *ctx, const demo_folders *folders, bool json, double start);

#endif
