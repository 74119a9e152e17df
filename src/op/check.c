#include "op/check.h"

#include <limits.h>
#include <math.h>

#include "base/status.h"

alexnet_status an_check_range(const char *quantity, int value, int low, int high)
{
    if (value < low || value > high)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s is %d, but must be %d to %d", quantity,
                       value, low, high);
    return ALEXNET_OK;
}

alexnet_status an_check_positive(const char *quantity, double value)
{
    if (!(value > 0) || !isfinite(value))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s is %g, but must be above 0", quantity,
                       value);
    return ALEXNET_OK;
}

alexnet_status an_check_not_negative(const char *quantity, double value)
{
    if (!(value >= 0) || !isfinite(value))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s is %g, but must be 0 or more", quantity,
                       value);
    return ALEXNET_OK;
}

alexnet_status an_check_groups(int groups, int channels)
{
    AN_CHECK(an_check_range("groups", groups, 1, AN_MAX_WINDOW));
    if (channels % groups)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "groups %d does not divide %d channels",
                       groups, channels);
    return ALEXNET_OK;
}

alexnet_status an_check_window(const char *name, an_window w, int *out)
{
    AN_CHECK(an_check_range(name, w.size, 1, AN_MAX_WINDOW));
    AN_CHECK(an_check_range("stride", w.stride, 1, AN_MAX_WINDOW));
    AN_CHECK(an_check_range("padding", w.pad_low, 0, AN_MAX_WINDOW));
    AN_CHECK(an_check_range("padding", w.pad_high, 0, AN_MAX_WINDOW));
    *out = an_window_count(w.in, w.pad_low, w.pad_high, w.size, w.stride, w.ceil);
    if (*out == 0)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s %d is larger than the padded input %lld",
                       name, w.size, (long long)w.in + w.pad_low + w.pad_high);
    return ALEXNET_OK;
}

int an_window_count(int in, int pad_low, int pad_high, int window, int stride, bool ceil)
{
    int64_t room = (int64_t)in + pad_low + pad_high - window;
    if (room < 0)
        return 0;
    int64_t count = 1 + (room + (ceil ? stride - 1 : 0)) / stride;
    if (ceil && (count - 1) * stride >= (int64_t)in + pad_low)
        count--;
    return count > INT_MAX ? INT_MAX : (int)count; /* check_count() refuses a tensor of this size */
}
