/*
 * Drive a trainer with progress, signals and a final report: the loop of `train` and of `demo`.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TRAINING_H
#define CLI_TRAINING_H

#include "train_data.h"

/** The result of a run. Free it with training_result_free(), also after a failure. */
typedef struct training_result {
    char *run; /* its folder */
    int classes;
    int epochs;      /* that it has made */
    int64_t skipped; /* how often a bad picture was met */
    int best_epoch;  /* of the whole run, also before a resume; 0: none */
    alexnet_metrics best;
} training_result;

/** What to train: the options of `train`. NULL and 0 where they were not given. */
typedef struct training_request {
    const char *data, *val, *net, *recipe, *init_from, *names;
    const char *out;     /* run folder; NULL: runs/NAME-N after the data, the first that is free */
    const char *machine; /* as machine_text(), for the report */
    const char *machine_arguments; /* as machine_arguments(), for the command */
    int split;
    int64_t wait;                /* minutes, for a full disk and the like (retry.h) */
    bool advise;                 /* which recipes suit few pictures */
    const string_list *settings; /* recipe keys and values in turn */
} training_request;

/**
 * Open the recipe and the pictures of a request.
 * @param val  out, as from train_data_val()
 * @return CLI_DONE, or the exit code of a reported failure; the caller frees all three in any case
 */
int training_open(alexnet_ctx *ctx, const training_request *request, alexnet_recipe **recipe,
                  train_data *data, char **val);

/**
 * Start a run and train to the end; first print the full command. SIGINT, SIGTERM and SIGXCPU save
 * and stop; SIGHUP, SIGUSR1 and SIGUSR2 save and continue, also while the
 * pictures are looked for.
 * @return CLI_DONE, or the exit code of a reported failure or of the signal
 */
int training_start(alexnet_ctx *ctx, const training_request *request, training_result *result);

/** The options of a run that is resumed. NULL where they were not given. */
typedef struct training_again {
    const char *run;
    const char *data, *val;        /* where its pictures are now */
    const char *machine;           /* as above */
    const char *machine_arguments; /* as machine_arguments_given(), for the command */
    bool accept_changes;
    int64_t wait;                /* as above */
    const string_list *settings; /* as above */
} training_again;

/** Resume a run and train to the end; as training_start(). */
int training_resume(alexnet_ctx *ctx, const training_again *again, training_result *result);

void training_result_free(training_result *result);

#endif
