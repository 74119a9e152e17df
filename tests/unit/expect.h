/*
 * Expectations on the library's status and error text. Includes cmocka.
 */
#ifndef TESTS_UNIT_EXPECT_H
#define TESTS_UNIT_EXPECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alexnet/alexnet.h"
#include "base/status.h"

static inline void expect_ok(alexnet_status status)
{
    if (status != ALEXNET_OK)
        fail_msg("%s: %s", alexnet_status_name(status), an_error_text());
}

/** Fail unless the call returned `expected` and its error text contains `part`. */
static inline void expect_failure(alexnet_status status, alexnet_status expected, const char *part)
{
    if (status != expected)
        fail_msg("%s instead of %s, for \"%s\": %s", alexnet_status_name(status),
                 alexnet_status_name(expected), part, an_error_text());
    if (!strstr(an_error_text(), part))
        fail_msg("\"%s\" does not say \"%s\"", an_error_text(), part);
}

#endif
