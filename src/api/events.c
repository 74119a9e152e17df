#include "train/events.h"

#include "api/options.h"
#include "base/status.h"
#include "base/utf8.h"

alexnet_status alexnet_events_open(alexnet_events **out, const char *folder, int64_t step)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(folder);
    if (step < 0 || step == INT64_MAX) /* the next one is written */
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "no run has made %lld updates",
                       (long long)step);
    return an_events_open(out, folder, step);
}

static alexnet_status check_tag(const char *tag)
{
    if (!an_is_utf8(tag))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "the tag %s is not UTF-8 text", tag);
    return ALEXNET_OK;
}

alexnet_status alexnet_events_scalar(alexnet_events *events, int64_t step, const char *tag,
                                     double value)
{
    AN_NEED(events);
    AN_NEED(tag);
    AN_CHECK(check_tag(tag));
    return an_events_scalar(events, step, tag, value);
}

alexnet_status alexnet_events_histogram(alexnet_events *events, int64_t step, const char *tag,
                                        const float *values, int64_t count)
{
    AN_NEED(events);
    AN_NEED(tag);
    AN_NEED(values);
    AN_CHECK(check_tag(tag));
    AN_CHECK(an_check_number("count", count, 0, INT64_MAX));
    return an_events_histogram(events, step, tag, values, count);
}

alexnet_status alexnet_events_picture(alexnet_events *events, int64_t step, const char *tag,
                                      const void *png, size_t length)
{
    AN_NEED(events);
    AN_NEED(tag);
    AN_NEED(png);
    AN_CHECK(check_tag(tag));
    return an_events_picture(events, step, tag, png, length);
}

void alexnet_events_free(alexnet_events *events)
{
    an_events_free(events);
}
