#include "base/status.h"

#include <stdarg.h>

#include "base/text.h"
#include "base/utf8.h"

static _Thread_local char text[AN_ERROR_TEXT_MAX];

alexnet_status an_fail(alexnet_status status, const char *format, ...)
{
    /* Formatted into a separate buffer: an argument may be this thread's current text. */
    char fresh[AN_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    an_format_in(fresh, sizeof fresh, format, args);
    va_end(args);
    an_text_escape(text, sizeof text, fresh);
    return status;
}

alexnet_status an_fail_within(alexnet_status status, const char *prefix)
{
    return an_fail(status, "%s: %s", prefix, text);
}

alexnet_status an_check_number(const char *name, int64_t value, int64_t low, int64_t high)
{
    const long long found = value, from = low, to = high;
    if (value >= low && value <= high)
        return ALEXNET_OK;
    if (high == INT64_MAX)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s = %lld: expected %lld or more", name,
                       found, from);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s = %lld: expected %lld %s %lld", name, found,
                   from, high == low + 1 ? "or" : "to", to);
}

const char *an_error_text(void)
{
    return text;
}

const char *alexnet_status_name(alexnet_status status)
{
    switch (status) {
    case ALEXNET_OK: return "ALEXNET_OK";
    case ALEXNET_ERROR_INVALID_ARGUMENT: return "ALEXNET_ERROR_INVALID_ARGUMENT";
    case ALEXNET_ERROR_NO_MEMORY: return "ALEXNET_ERROR_NO_MEMORY";
    case ALEXNET_ERROR_IO: return "ALEXNET_ERROR_IO";
    case ALEXNET_ERROR_FORMAT: return "ALEXNET_ERROR_FORMAT";
    case ALEXNET_ERROR_UNSUPPORTED: return "ALEXNET_ERROR_UNSUPPORTED";
    case ALEXNET_ERROR_NOT_AVAILABLE: return "ALEXNET_ERROR_NOT_AVAILABLE";
    case ALEXNET_ERROR_DEVICE: return "ALEXNET_ERROR_DEVICE";
    case ALEXNET_ERROR_DIVERGED: return "ALEXNET_ERROR_DIVERGED";
    case ALEXNET_ERROR_CANCELLED: return "ALEXNET_ERROR_CANCELLED";
    case ALEXNET_ERROR_BAD_DATA: return "ALEXNET_ERROR_BAD_DATA";
    case ALEXNET_ERROR_BAD_MODEL: return "ALEXNET_ERROR_BAD_MODEL";
    }
    return "unknown status";
}
