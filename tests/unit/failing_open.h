/*
 * Replaces the C library's open(): of the times that a file is opened, one fails.
 */
#ifndef TESTS_UNIT_FAILING_OPEN_H
#define TESTS_UNIT_FAILING_OPEN_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *failing; /* the end of its path; NULL: none */
static atomic_int failing_in;

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (failing && strstr(path, failing) && atomic_fetch_sub(&failing_in, 1) == 1) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

#endif
