/*
 * A run folder: its files, and the lock by which only one process at a time trains in it.
 * docs/runs.md describes the files for users.
 *
 *     last.safetensors   checkpoint
 *     best.safetensors   the best model so far
 *     recipe.ini         the recipe as resolved, and where the data is, for people
 *     log.jsonl          a line per report and per epoch (run_log.c)
 *     skipped.txt        a line per picture that could not be read (run_skipped.c)
 *     lock               empty; locked by whoever trains
 *
 * A folder may come from anybody. Models and recipe are replaced as a whole (base/writer.h), log
 * and lock are opened only where they are plain files of one name: nothing is written through a
 * link.
 */
#ifndef AN_TRAIN_RUN_H
#define AN_TRAIN_RUN_H

#include <stdint.h>

#include "alexnet/alexnet.h"

typedef struct an_run {
    char *folder, *last, *best, *recipe, *log, *lock, *skipped;
    int folder_file, lock_file; /* locked while the run is claimed; else -1 */
    int log_file;               /* open for appending */
    int64_t log_lines;          /* whole ones */
    char *held;                 /* lines that could not be written yet */
    size_t held_length;
    int skipped_file; /* open for appending, or -1: none is named yet */
    char *named;      /* what it held when it was opened */
} an_run;
#define AN_RUN_CLOSED                                                                              \
    ((an_run){.folder_file = -1, .lock_file = -1, .log_file = -1, .skipped_file = -1})

/** What recipe.ini begins with, so that one left by a run without a checkpoint is known as ours. */
#define AN_RUN_RECIPE_HEAD "; written at the start of the run"

/** Make the folder and claim it. One that holds such files already is refused, whoever wrote
 * them. */
alexnet_status an_run_create(an_run *run, const char *folder);
/** Names of an existing run's files. */
alexnet_status an_run_open(an_run *run, const char *folder);
/**
 * Claim the folder for this process: check its files, lock it, open the log. A run gets its owner
 * here and nowhere else; of several ranks only the first would call it.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT if another process trains there; ALEXNET_ERROR_FORMAT if
 *         a link, pipe, device or folder has the name of one of its files; ALEXNET_ERROR_IO
 */
alexnet_status an_run_claim(an_run *run);
void an_run_close(an_run *run);

/** Append a line and its newline to the log. What a full disk does not take is held back. */
alexnet_status an_run_log(an_run *run, const char *line);
/**
 * Name a picture that could not be read, and why, on a line of skipped.txt, unless an earlier
 * process of the run has. The log said it already: that the file cannot be written is no failure.
 */
void an_run_skipped(an_run *run, const char *text);
/** Write what is held back, and flush the log to the disk; before a checkpoint, which counts on its
 *  lines. */
alexnet_status an_run_flush_log(an_run *run);
/**
 * Cut the log of a claimed run back to its first `lines`, of those that end within `bytes`: what
 * was logged after the checkpoint will be logged again. If there are fewer, they are kept;
 * run->log_lines says how many. What follows the last whole line is cut off.
 * @return ALEXNET_ERROR_FORMAT if a line is longer than a MiB; ALEXNET_ERROR_IO
 */
alexnet_status an_run_cut_log(an_run *run, int64_t lines, int64_t bytes);

#endif
