/*
 * A run folder: where it keeps what.
 *
 *     last.safetensors   checkpoint
 *     best.safetensors   the best model so far
 *     recipe.ini         the recipe as resolved, and where the data is, for people
 *     log.jsonl          a line per report and per epoch
 */
#ifndef AN_TRAIN_RUN_H
#define AN_TRAIN_RUN_H

#include <stdint.h>

#include "alexnet/alexnet.h"

typedef struct an_run {
    char *folder, *last, *best, *recipe, *log;
    int log_file;       /* open for appending */
    int64_t log_length; /* bytes */
    char *held;         /* lines that could not be written yet */
    size_t held_length;
} an_run;

/** Make the folder and claim it. One that holds such files already is refused, whoever wrote them. */
alexnet_status an_run_create(an_run *run, const char *folder);
/** Names of an existing run's files. */
alexnet_status an_run_open(an_run *run, const char *folder);
/** Open the log and hold a lock on it, so that no other process trains in this folder. */
alexnet_status an_run_claim(an_run *run);
void an_run_close(an_run *run);

/** Append a line and its newline to the log. What a full disk does not take is held back. */
alexnet_status an_run_log(an_run *run, const char *line);
/** Write what is held back; before a checkpoint, which counts on the log's length. */
alexnet_status an_run_flush_log(an_run *run);
/** Cut the log of a claimed run back to a length: what came after the checkpoint is going to come again. */
alexnet_status an_run_cut_log(an_run *run, int64_t length);

#endif
