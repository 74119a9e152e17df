/*
 * Distances of pairs of pictures, each written as soon as it is computed.
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

/** The caller sets the first six members; the others start as zero. */
typedef struct distance_job {
    alexnet_ctx *ctx;
    alexnet_distance *distance;
    bool csv, json;
    bool single; /* there is only one pair: its names are not printed */
    FILE *to;    /* results */
    double *parts;
    int64_t pairs, bad; /* compared so far; pictures and pairs that failed */
    double sum;
} distance_job;

/** Called once `distance` is open: allocates `parts` and writes the heading of a CSV. */
void distance_begin(distance_job *job);
/** Read a picture. @return CLI_DONE, or the exit code of a reported failure */
int distance_look(alexnet_distance_picture **out, distance_job *job, const char *path);
/**
 * Get the next picture of a stream, which must have one. A picture that cannot be read is not a
 * failure here: see `result->status` and distance_bad(). @return as distance_look()
 */
int distance_next(alexnet_distance_stream *stream, alexnet_distance_result *result);
/** Report why a picture could not be read. @return CLI_BAD_INPUT */
int distance_bad(const alexnet_distance_result *result);
/** Compute and print the distance of a pair. @return as distance_look() */
int distance_compare(distance_job *job, const alexnet_distance_picture *a,
                     const alexnet_distance_picture *b, const char *name_a, const char *name_b);
/** Show progress. */
void distance_show(const distance_job *job, double done, double all);
/** Print the mean, after the last of many pairs. */
void distance_end(const distance_job *job);

/**
 * Compare two pictures, those of equal names in two folders, or all pairs of one folder.
 * @param paths  MODEL, and what is compared: two paths, or one with `all_pairs`
 * @return CLI_DONE, or the exit code of a reported failure
 */
int distance_compare_paths(distance_job *job, char **paths, bool all_pairs);

#endif
