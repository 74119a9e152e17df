/*
 * A run folder: its files, and the lock by which only one process at a time trains in it.
 * docs/runs.md describes the files for users.
 *
 *     last.safetensors   checkpoint
 *     epoch-N.safetensors   with the recipe's key keep: checkpoints of epochs
 *     best.safetensors   the best model so far
 *     recipe.ini         the recipe as resolved, and where the data is, for people
 *     log.jsonl          a line per report and per epoch (run_log.c)
 *     skipped.txt        a line per picture that could not be read (run_skipped.c)
 *     lock               empty; locked by whoever trains
 *
 * A folder may come from anybody. Models and recipe are replaced as a whole (base/writer.h). The
 * other files are opened only if they are regular files without a second hard link, so that nothing
 * is written through a link.
 */
#ifndef AN_TRAIN_RUN_H
#define AN_TRAIN_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

typedef struct an_run {
    char *folder; /* as the caller names it, for errors */
    char *place;  /* its absolute path, as the following: the host may change its folder, and the
                     folder of the run may be moved */
    char *last, *best, *recipe, *log, *lock, *skipped;
    int folder_file, lock_file; /* locked while the run is claimed; else -1 */
    bool locked;                /* at least one of them is; false where files cannot be locked */
    int log_file;               /* open for appending */
    bool log_in_doubt;          /* flushing it failed: what it has may not reach the disk */
    int64_t log_lines;          /* complete lines in it */
    char *held;                 /* lines that could not be written yet */
    size_t held_length;
    int skipped_file; /* open for appending, or -1: no picture is listed yet */
    char *named;      /* its content when it was opened */
} an_run;
#define AN_RUN_CLOSED                                                                              \
    ((an_run){.folder_file = -1, .lock_file = -1, .log_file = -1, .skipped_file = -1})

/** The beginning of recipe.ini. It identifies the file that a run without a checkpoint has left. */
#define AN_RUN_RECIPE_HEAD "; written at the start of the run"

/** Only make the check of an_run_create(), that the folder is free, before a run is made. */
alexnet_status an_run_check_free(const char *folder);
/** Make the folder and claim it. A folder with anything in it is refused, except what a run leaves
 * that was stopped before its first checkpoint. */
alexnet_status an_run_create(an_run *run, const char *folder);
/** Fill in the names of an existing run's files; fails if it has no checkpoint. */
alexnet_status an_run_open(an_run *run, const char *folder);
/** Tells the contents of best.safetensors apart, by its checksums. 0: it is not there, has none, or
 * is damaged. @return ALEXNET_ERROR_IO if it is there and cannot be read; ALEXNET_ERROR_NO_MEMORY
 */
alexnet_status an_run_best_id(const an_run *run, uint64_t *id);
/** The path of the checkpoint of the latest epoch in a folder, epoch-N.safetensors; owned. NULL:
 * there is none, or the folder cannot be read. */
char *an_run_newest_epoch(const char *folder);
/**
 * Claim the folder for this process: check its files, lock it, open the log. This is the only place
 * where a run gets its owner; of several ranks only the first would call it. May be tried again
 * after a failure.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT if another process trains there; ALEXNET_ERROR_FORMAT if
 *         a link, pipe, device or folder has the name of one of its files; ALEXNET_ERROR_IO
 */
alexnet_status an_run_claim(an_run *run);
void an_run_close(an_run *run);
/**
 * Call this before writing to a claimed folder by a name: if the folder has been renamed or moved,
 * the names become those that its files have now. Does nothing for a run that is not claimed.
 * @return ALEXNET_ERROR_IO if the folder was removed, or moved to where it cannot be reached
 */
alexnet_status an_run_follow(an_run *run, bool *moved);

/** Append a line and its newline to the log. What cannot be written, as on a full disk, is held
 * back. */
alexnet_status an_run_log(an_run *run, const char *line);
/**
 * Add the name of an unreadable picture and the reason to skipped.txt, unless an earlier process of
 * the run has. Failures to write are ignored, because the log has already named the picture.
 */
void an_run_skipped(an_run *run, const char *text);
/**
 * Write the lines that are held back, and flush the log to the disk. Must come before a checkpoint,
 * which records how many lines the log has. If log.jsonl was removed, or is another file by now,
 * the whole log is written anew, in the place of such a file.
 * @param anew  out: it was
 */
alexnet_status an_run_flush_log(an_run *run, bool *anew);
/**
 * Cut the log of a claimed run back to its first `lines` lines, as far as these end within `bytes`:
 * what was logged after the checkpoint will be logged again. run->log_lines is set to the number of
 * lines that are left, which is less if the log was shorter. An incomplete last line is cut off.
 * @return ALEXNET_ERROR_FORMAT if a line is longer than a MiB; ALEXNET_ERROR_IO
 */
alexnet_status an_run_cut_log(an_run *run, int64_t lines, int64_t bytes);

#endif
