/* For targets that try parts of the command, whose output is of no interest. */
#ifndef FUZZ_QUIET_H
#define FUZZ_QUIET_H

#include <stdio.h>

#include "fuzz/require.h"

/** Silence stdout and stderr, once. The fuzzer keeps its stream, so its messages still appear. */
static inline void be_quiet(void)
{
    static FILE *nowhere;
    if (nowhere)
        return;
    nowhere = fopen("/dev/null", "w");
    require(nowhere);
    stdout = stderr = nowhere;
}

#endif
