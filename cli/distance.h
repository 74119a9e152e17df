/*
 * Distances of pairs of pictures, computed and written as they come.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_DISTANCE_H
#define CLI_DISTANCE_H

#include <stdio.h>

#include "opt.h"

typedef struct distance_options {
    const char *lpips, *out;
    int64_t side;
    bool all_pairs, csv;
} distance_options;

/** Set the first five; the others begin as zero. */
typedef struct distance_job {
    alexnet_ctx *ctx;
    alexnet_distance *distance;
    bool csv, json;
    bool single; /* there is one pair, which needs no names */
    FILE *to;    /* results */
    double *parts;
    int64_t pairs, bad; /* so far; bad counts pictures */
    double sum;
} distance_job;

/** Once `distance` is there: the first line, where there is one. */
void distance_begin(distance_job *job);
/** Read a picture. @return CLI_DONE, or the exit code of what was reported */
int distance_look(alexnet_distance_picture **out, distance_job *job, const char *path);
/** The next picture of a stream that has one. @return as above, of what is no picture's own fault
 */
int distance_next(alexnet_distance_stream *stream, alexnet_distance_result *result);
/** Report the fault of a picture. @return CLI_BAD_INPUT */
int distance_bad(const alexnet_distance_result *result);
/** Compute and print the distance of a pair. @return as distance_look() */
int distance_compare(distance_job *job, const alexnet_distance_picture *a,
                     const alexnet_distance_picture *b, const char *name_a, const char *name_b);
/** Show how far the work is. */
void distance_show(const distance_job *job, double done, double all);
/** The mean, after the last of many pairs. */
void distance_end(const distance_job *job);

#endif
