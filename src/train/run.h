/*
 * A run folder: its files, and the lock by which only one process at a time trains in it.
 * docs/runs.md describes the files for users.
 *
 *     last.safetensors   checkpoint
 *     epoch-N.safetensors   with the recipe's key keep: checkpoints of epochs
 *     best.safetensors   the best model so far
 *     recipe.ini         the recipe as resolved, and where the data is, for people
 *     log.jsonl          a line per report and per epoch (run_lines.h)
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
#include "train/run_lines.h"

typedef struct an_run {
    char *folder; /* as the caller names it, for errors */
    char *place;  /* its absolute path, as the following: the host may change its folder, and the
                     folder of the run may be moved */
    char *last, *best, *recipe, *log, *lock, *skipped;
    int folder_file, lock_file; /* locked while the run is claimed; else -1 */
    bool locked;                /* at least one of them is; false where files cannot be locked */
    an_run_lines logged;        /* the log, open while the run is claimed; `count`: all its lines */
    an_run_lines listed;        /* skipped.txt, open once this process has met a bad picture */
    char *named;                /* its content when it was opened */
} an_run;
#define AN_RUN_CLOSED                                                                              \
    ((an_run){.folder_file = -1, .lock_file = -1, .logged.file = -1, .listed.file = -1})

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
/** The path of the checkpoint of an epoch, epoch-N.safetensors; owned. NULL: memory is short. */
char *an_run_epoch_path(const an_run *run, int64_t epoch);
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

/**
 * Add the name of an unreadable picture and the reason to skipped.txt, unless an earlier process of
 * the run has. What cannot be written is held back.
 */
void an_run_skipped(an_run *run, const char *text);
/** Write what is held back, and flush skipped.txt, if there is any. @param anew  out: the file was
 * removed or replaced, and is written anew */
alexnet_status an_run_flush_skipped(an_run *run, bool *anew);
/**
 * Cut the log of a claimed run back to its first `lines` lines, as far as these end within `bytes`:
 * what was logged after the checkpoint will be logged again. run->logged.count is set to the number
 * of lines that are left, which is less if the log was shorter. An incomplete last line is cut off.
 * @return ALEXNET_ERROR_FORMAT if a line is longer than a MiB; ALEXNET_ERROR_IO
 */
alexnet_status an_run_cut_log(an_run *run, int64_t lines, int64_t bytes);

#endif
