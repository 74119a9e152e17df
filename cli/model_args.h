/*
 * The command line of a command that computes with a MODEL: its own options, those of MODEL, the
 * common ones; what it names, opened; and options that several of these commands share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_MODEL_ARGS_H
#define CLI_MODEL_ARGS_H

#include "machine.h"
#include "model.h"

typedef struct model_args {
    opt_args args;
    model_options how; /* to read MODEL */
    machine_options machine;
    /* once opened */
    alexnet_ctx *ctx;
    alexnet_model *model;
    alexnet_dataset *pictures;
} model_args;

/** What a command does with its line. @param options  the target of its own options */
typedef int (*model_args_fn)(model_args *line, const void *options);

/**
 * Parse a command line, run the command, and close what it opened.
 * @param own  the group of the command's own options
 * @return the exit code
 */
int model_args_run(const opt_page *page, opt_group own, model_args_fn run, int argc, char **argv);

/** Make the context and load MODEL, the first file. @return CLI_DONE, or the code of a reported
 *  failure, as the next */
int model_args_open(model_args *line);
/** The same, and open the pictures that the other files name: pictures_gather(). */
int model_args_open_pictures(model_args *line);

/** Report a MODEL that is missing, or that is a picture. @return CLI_DONE or CLI_USAGE */
int model_args_check(const opt_args *args);
/** The same for MODEL PICTURE..., of which one PICTURE must be there. */
int model_args_check_pictures(const opt_args *args);

/* Rows of options; `options` is the command's struct, whose member has the option's name. */

/* clang-format off: one member on each line, as in the tables that these stand in */
#define MODEL_ARGS_BATCH(options, by_default)                                                      \
    {                                                                                              \
        .name = "batch", .type = OPT_INTEGER, .also = {"batch-size", "bs", "b"}, .arg = "N",       \
        .low = 1, .high = 65536, .standard = by_default,                                           \
        .help = "pictures per pass, if there are as many", .offset = offsetof(options, batch)      \
    }

/* position in "1|10" */
#define MODEL_ARGS_VIEWS(options)                                                                  \
    {                                                                                              \
        .name = "views", .type = OPT_CHOICE, .also = {"crops", "ten-crop", "tta"}, .arg = "1|10",  \
        .standard = "1",                                                                           \
        .help = "1: the centre of each picture; 10: corners, centre and their mirrors, averaged",  \
        .offset = offsetof(options, views)                                                         \
    }

/* an alexnet_pooling */
#define MODEL_ARGS_POOL(options)                                                                   \
    {                                                                                              \
        .name = "pool", .type = OPT_CHOICE, .also = {"pooling", "global-pool"},                    \
        .arg = "none|avg|max", .standard = "none",                                                 \
        .help = "for layers with rows and columns: the mean or the largest value of each channel", \
        .offset = offsetof(options, pool)                                                          \
    }
/* clang-format on */

#endif
