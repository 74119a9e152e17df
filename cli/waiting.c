#include "waiting.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "paths.h"

/* About the time it takes to wake a sleeping thread, and what libgomp itself uses when it has more
 * threads than CPUs. KMP_BLOCKTIME is for clang's runtime, in milliseconds. */
static const char *const bounds[][2] = {{"GOMP_SPINCOUNT", "1000"}, {"KMP_BLOCKTIME", "1"}};

/* Find the file of this program, unless a loader or an emulator was told to run it. */
static bool find_program(char *path, size_t size, const char *called)
{
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length <= 0 || !called)
        return false;
    path[length] = '\0';
    return strcmp(path_last(path), path_last(called)) == 0;
}

void waiting_bound(char **argv)
{
    char path[4096];
    if (getenv("OMP_WAIT_POLICY"))
        return;
    for (size_t i = 0; i < COUNT_OF(bounds); i++)
        if (getenv(bounds[i][0]))
            return;
    if (!find_program(path, sizeof path, argv[0]))
        return;
    for (size_t i = 0; i < COUNT_OF(bounds); i++)
        if (setenv(bounds[i][0], bounds[i][1], 1) != 0)
            return;
    execv(path, argv); /* returns only on failure; then continue as we are */
}
