/*
 * Errors: a status code that travels by return value, and one line of text per thread.
 *
 * A function that can fail returns alexnet_status. AN_FAIL creates an error with its text where it
 * is detected; AN_CHECK and AN_TRY forward one. A function with something to release keeps its
 * result in a local `alexnet_status rc`, has one label `cleanup:` and forwards with AN_TRY.
 */
#ifndef AN_BASE_STATUS_H
#define AN_BASE_STATUS_H

#include <stdbool.h>

#include "alexnet/alexnet.h"

enum { AN_ERROR_TEXT_MAX = 8192 }; /* room for two paths of PATH_MAX bytes */

/** Record the text of a new error of this thread and return `status`. Allocates nothing. */
alexnet_status an_fail(alexnet_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Put `prefix: ` before this thread's error text; returns `status`. For callers that know where
 *  the error occurred. */
alexnet_status an_fail_within(alexnet_status status, const char *prefix);

/** This thread's text; "" before its first failure. alexnet_error_text() is this. */
const char *an_error_text(void);

/* Returns its first argument. Inline, so that the compiler knows that the result is not OK. */
static inline alexnet_status an_status_known(alexnet_status status, alexnet_status recorded)
{
    (void)recorded;
    return status;
}

#define AN_FAIL(status, ...) an_status_known((status), an_fail((status), __VA_ARGS__))

/** Out of memory, naming what did not fit. */
#define AN_FAIL_MEMORY(bytes, what)                                                                \
    AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory: %.1f MiB for %s",                             \
            (double)(bytes) / 1048576.0, (what))

/**
 * Check a number that a caller gives.
 * @param high  INT64_MAX: there is no limit
 * @return ALEXNET_ERROR_INVALID_ARGUMENT, with "NAME = VALUE: expected LOW to HIGH"
 */
alexnet_status an_check_number(const char *name, int64_t value, int64_t low, int64_t high);

/** Whether nothing else is to be tried after an attempt that failed with this status. */
static inline bool an_status_ends_all(alexnet_status status)
{
    return status == ALEXNET_ERROR_NO_MEMORY || status == ALEXNET_ERROR_CANCELLED;
}

/** Forward an error from a function that has nothing to release. */
#define AN_CHECK(call)                                                                             \
    do {                                                                                           \
        alexnet_status an_status_ = (call);                                                        \
        if (an_status_ != ALEXNET_OK)                                                              \
            return an_status_;                                                                     \
    } while (0)

/** Forward an error through `cleanup:`. */
#define AN_TRY(call)                                                                               \
    do {                                                                                           \
        rc = (call);                                                                               \
        if (rc != ALEXNET_OK)                                                                      \
            goto cleanup;                                                                          \
    } while (0)

#endif
