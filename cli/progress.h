/*
 * Everything that the command writes to stderr while it works: lines, and under them a bar if
 * stderr is a terminal. Where it is not, progress comes as plain lines, at most one in ten seconds.
 * There is one stderr, so this is one object. Lines may come from any thread.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli.h"

/** Leave out notes and progress; errors and warnings are still said. */
void progress_set_quiet(bool quiet);

/** A line that is always said: an error or a warning. */
void progress_say(const char *format, ...) CLI_PRINTF(1, 2);
/** A line that --quiet leaves out. */
void progress_note(const char *format, ...) CLI_PRINTF(1, 2);

/**
 * Show how far the work is. May be called as often as liked.
 * @param fraction done, 0 to 1
 */
void progress_show(double fraction, const char *format, ...) CLI_PRINTF(2, 3);
/** Take the bar away: the work is over, or results go to the same terminal. */
void progress_clear(void);

/** Seconds since some moment in the past; never runs backwards. */
double progress_clock(void);

#endif
