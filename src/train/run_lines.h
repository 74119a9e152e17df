/*
 * A file of lines that a run only adds to: its log, its list of bad pictures. What cannot be
 * written, as on a full disk, is held back. If the file loses its name while the run trains, what
 * is open still has every line, and is copied.
 */
#ifndef AN_TRAIN_RUN_LINES_H
#define AN_TRAIN_RUN_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

typedef struct an_run_lines {
    int file;      /* open for reading and appending; -1: it is not open */
    bool in_doubt; /* flushing it failed: what it has may not reach the disk */
    int64_t count; /* complete lines written, on top of what the owner has set */
    char *held;    /* lines that could not be written yet */
    size_t held_length;
} an_run_lines;
#define AN_RUN_LINES_CLOSED ((an_run_lines){.file = -1})

/** Open a file of the run's own, which is made if it is not there; fails as an_file_open_own(). */
alexnet_status an_run_lines_open(an_run_lines *lines, const char *path);
/** Append a line and its newline, or hold it back, as while the file is not open. @return
 * ALEXNET_ERROR_NO_MEMORY */
alexnet_status an_run_lines_add(an_run_lines *lines, const char *line);
/**
 * Write the lines that are held back, and flush the file to the disk. If it was removed, or its
 * name is that of another file by now, it is written anew as a whole, in the place of such a file.
 * @param path  its name now: the folder may have been moved
 * @param anew  out: it was
 */
alexnet_status an_run_lines_flush(an_run_lines *lines, const char *path, bool *anew);
void an_run_lines_close(an_run_lines *lines);

#endif
