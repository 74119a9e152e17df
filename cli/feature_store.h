/*
 * The features of many pictures while they are computed: a file of rows for each layer, and a file
 * of the pictures' names. The files grow picture by picture, so that memory does not depend on the
 * number of pictures, and a run can be resumed however it was stopped.
 *
 *     STEM.LAYER.partial   a header of 192 bytes, then rows of float32
 *     STEM.names.partial   a name on each line (feature_name_escape())
 *
 * The name is written after the rows of all layers; a row is valid once the line of its name is
 * complete. When all pictures are done, feature_write.c makes the files that the user asked for.
 * With .npy files it leaves STEM.names.txt, and STEM.options.txt (feature_options.c) so that they
 * can be added to: feature_open.c continues a store that was stopped, or whose arrays are complete.
 * The other formats hold the names themselves; those that are too many for the metadata of
 * FILE.safetensors are in FILE.safetensors.names.txt.
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
    bool names_inside; /* the files that the user asked for hold the names: there is no other */
    char *options;     /* path of the file that says with what complete .npy files were computed */
    FILE *names;
    char about[64]; /* identifies model and options; a resumed run must have the same */
    bool ready;     /* it was opened without failure */
    int64_t rows;
    string_list done;    /* names of the pictures that it had when it was opened */
    string_list pending; /* lines not yet written to the file of names */
} feature_store;

/**
 * Begin a store, or with `resume` continue what an earlier run left.
 * @param out    the path that the user gave: its ending chooses the format
 * @param about  identifies model and options
 * @return CLI_DONE, or the code of a reported failure; call feature_store_close() in any case
 */
int feature_store_open(feature_store *store, const char *out, const alexnet_features *features,
                       const char *about, bool resume);
/** Add a picture. @param values  as alexnet_feature_result has them */
int feature_store_add(feature_store *store, const char *name, const float *values);
/** Write what was added to the files. */
int feature_store_flush(feature_store *store);
/** Close and free. The files of an empty store are removed. */
void feature_store_close(feature_store *store);

/** The line, ended by zeros, that says with what the rows of a layer are computed. */
void feature_options_line(const feature_store *store, const feature_layer *layer,
                          char out[FEATURE_HEADER]);
/** Write the lines of all layers to store->options. */
int feature_options_write(const feature_store *store);
/**
 * Check that complete .npy files were computed as this store computes.
 * @param array  one of them, for the message
 * @return CLI_DONE; CLI_BAD_INPUT, reported, if not, or if nothing says so
 */
int feature_options_check(const feature_store *store, const char *array);

/** Choose the layers of a store and the names of its files. */
void feature_name_files(feature_store *store, const alexnet_features *features);
/** Report that a file of a store cannot be written, for the reason in errno. @return CLI_FAILED */
int feature_cannot_write(const char *path);

/** Make the files that the user asked for, and remove the partial ones. */
int feature_write(feature_store *store);

/** The format for the ending of a path. @return false if there is none */
bool feature_format_of(const char *path, feature_format *format);
/**
 * A name as a line: newline, carriage return and backslash become "\n", "\r", "\\". Owned by the
 * caller.
 */
char *feature_name_escape(const char *name);
/** Undo feature_name_escape(), in place. */
void feature_name_unescape(char *line);

#endif
