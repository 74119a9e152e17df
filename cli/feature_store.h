/*
 * The features of many pictures while they are computed: for each layer a file of rows, and one of
 * the pictures' names. They grow picture by picture, so that memory does not depend on how many
 * there are, and a run that was stopped, however, can go on.
 *
 *     STEM.LAYER.partial   192 bytes that say what the rows are, then rows of float32
 *     STEM.names.partial   a name on each line (feature_name_escape())
 *
 * A row counts when its name's line is complete; the name is written behind the rows of all layers.
 * When all pictures are done, feature_write.c makes of them what the user asked for.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_FEATURE_STORE_H
#define CLI_FEATURE_STORE_H

#include <stdio.h>

#include "cli.h"

enum { FEATURE_HEADER = 192, FEATURE_LAYERS = 64 };

typedef enum feature_format { FEATURE_NPY, FEATURE_CSV, FEATURE_SAFETENSORS } feature_format;

typedef struct feature_layer {
    alexnet_feature_info info;
    char *partial, *final; /* paths */
    FILE *file;
} feature_layer;

typedef struct feature_store {
    const char *out; /* as the user gave it */
    feature_format format;
    int count;
    feature_layer layers[FEATURE_LAYERS];
    char *names_partial, *names_final;
    FILE *names;
    char about[64]; /* the model and how it is used; the same in a run that goes on */
    bool ready;     /* it was opened without fault */
    int64_t rows;
    string_list done;    /* names of pictures that were there when it was opened */
    string_list pending; /* lines that are still to be written to the names */
} feature_store;

/**
 * Open, or go on with what an earlier run left.
 * @param out    the path that the user gave: its ending is the format
 * @param about  identifies model and options
 * @return CLI_DONE, or the code of a reported failure; feature_store_close() is called in any case
 */
int feature_store_open(feature_store *store, const char *out, const alexnet_features *features,
                       const char *about, bool resume);
/** Add a picture. @param values  as alexnet_feature_result has them */
int feature_store_add(feature_store *store, const char *name, const float *values);
/** Let what was added reach the files. */
int feature_store_flush(feature_store *store);
/** Close and free; of an empty store the files are removed. */
void feature_store_close(feature_store *store);

/** Make the files that the user asked for, and remove the partial ones. */
int feature_write(feature_store *store);

/** The format that a path's ending means. @return false if it is another one */
bool feature_format_of(const char *path, feature_format *format);
/** A name as a line: newline, carriage return and backslash as "\n", "\r", "\\". Owned. */
char *feature_name_escape(const char *name);
/** The name of such a line, in place. */
void feature_name_unescape(char *line);

#endif
