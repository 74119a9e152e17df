/*
 * Shared by the files of `alexnet similar`.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_SIMILAR_H
#define CLI_SIMILAR_H

#include <stdio.h>

#include "cli.h"

typedef struct similar_options {
    const char *in, *layer, *index, *html;
    int metric; /* position in "euclidean|cosine" */
    int views;  /* position in "1|10" */
    int pool;   /* position in "none|avg|max" */
    bool all_pairs, csv;
    int64_t top, limit, batch;
    double within;
} similar_options;

/**
 * A page of pictures in rows, as in figure 4 of the paper. It links to the files and does not copy
 * them.
 */
typedef struct similar_page {
    FILE *file; /* NULL: none is wanted, and the functions below do nothing */
    const char *path;
} similar_page;

void similar_page_begin(const similar_page *page, const char *title);
/** A row: the first picture, a gap, then the others. */
void similar_page_row_begin(const similar_page *page);
void similar_page_row_end(const similar_page *page);
/** @param distance  shown under the picture, before its path; < 0: none */
void similar_page_picture(const similar_page *page, const char *path, double distance);
void similar_page_end(const similar_page *page);

/** A search under way. */
typedef struct similar_search {
    const similar_options *options;
    alexnet_ctx *ctx;
    alexnet_features *features;
    alexnet_index *index;
    similar_page sheet;
    bool json;
    int64_t bad; /* queries that could not be read */
} similar_search;

/* Each returns CLI_DONE, or the code of a reported failure. */

int similar_open_features(similar_search *search, alexnet_model *model);
/** Bring the index up to date. What is computed is kept if the work is interrupted. */
int similar_refresh(similar_search *search);
/** Find the neighbours of every query, and report them. */
int similar_find(similar_search *search, const alexnet_dataset *queries);
/** Find the nearest pairs, and report them. */
int similar_find_pairs(similar_search *search);

#endif
