/*
 * Everything that the command writes to stderr while it works: lines, and below them a bar if
 * stderr is a terminal. Otherwise progress is plain lines, at most one every ten seconds. The state
 * is global, because there is one stderr. Lines may come from any thread.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <alexnet/alexnet.h>

#include "alloc.h"

/** Leave out notes and progress; errors and warnings are still printed. */
void progress_set_quiet(bool quiet);

/** Print a line in any case: an error or a warning. */
void progress_say(const char *format, ...) CLI_PRINTF(1, 2);
/** Print a line unless --quiet was given. */
void progress_note(const char *format, ...) CLI_PRINTF(1, 2);

/**
 * Show progress. Cheap to call often: most calls print nothing.
 * @param fraction  of the work that is done; limited to 1; not NAN. Below 0: not known, and only
 * the text is shown
 */
void progress_show(double fraction, const char *format, ...) CLI_PRINTF(2, 3);
/**
 * Show how many pictures are done, how fast, and how long the others will take: "read 12/340  48
 * images/s  7 s left".
 * @param began  progress_clock() when the first of them was begun
 */
void progress_pictures(const char *verb, int64_t done, int64_t total, double began);
/** The same at a known speed, images a second; 0: not known. */
void progress_at_speed(const char *verb, int64_t done, int64_t total, double speed);
/**
 * Show how far a call of the library has come, once it has taken a second: "checked 12/340  48
 * files/s  7 s left" or, if nobody knows how much there is, "found 12  48 files/s". Removes the bar
 * when the work is over.
 */
void progress_work(const alexnet_work *work);
/** Remove the bar: the work is over, or results go to the same terminal. */
void progress_clear(void);

/** Seconds since some fixed moment; never runs backwards. */
double progress_clock(void);

#endif
