/*
 * A step of training that the system refuses: the disk or a quota is full, a network share is away,
 * others have the memory. Mostly that passes, by itself or because somebody makes room. If the user
 * asks for it, the run waits, and tries the same step again.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_RETRY_H
#define CLI_RETRY_H

#include "cli.h"

typedef struct retry {
    int64_t minutes; /* to wait at most for one trouble to pass; 0: it is not waited for */
    double began;    /* progress_clock() at its first failure */
    double pause;    /* the latest, in seconds; 0: there is no trouble */
} retry;

/**
 * Print the library's error as a warning, and when the next attempt follows; wait until then. The
 * first pause is of 10 seconds, each later one twice as long, up to five minutes. A request to stop
 * or to save ends it.
 * @return false if the time is over: nothing was printed
 */
bool retry_wait(retry *trouble);
/** An attempt was successful: say so, unless there was no trouble. */
void retry_passed(retry *trouble);

#endif
