#include "data/picture/resize.h"

#include <stdbool.h>

#include "base/status.h"
#include "data/picture/resizer.h"

void an_box_axes(an_axis *across, an_axis *down, an_rect box, int side)
{
    *across = (an_axis){box.x, box.width, side, 0, side};
    *down = (an_axis){box.y, box.height, side, 0, side};
}

int an_fit_factor(an_fit fit, an_size size)
{
    const int shorter = size.width < size.height ? size.width : size.height;
    return fit.smaller ? shorter / fit.side : 1;
}

static int factor_of_fit(void *fit, an_size size)
{
    return an_fit_factor(*(const an_fit *)fit, size);
}

static alexnet_status axes_of_fit(void *fit, an_size size, an_axis *across, an_axis *down)
{
    return an_fit_axes(across, down, *(const an_fit *)fit, size);
}

an_target an_fit_target(const an_fit *fit, const alexnet_ctx *ctx)
{
    return (an_target){.factor = factor_of_fit,
                       .axes = fit->rule == AN_FIT_KEEP ? NULL : axes_of_fit,
                       .user = (void *)fit,
                       .stop = ctx ? &ctx->cancelled : NULL};
}

alexnet_status an_fit_read(an_picture *out, an_fit fit, const alexnet_ctx *ctx, const char *path)
{
    const an_target target = an_fit_target(&fit, ctx);
    return an_picture_read_for(out, path, &target);
}

alexnet_status an_fit_decode(an_picture *out, an_fit fit, const alexnet_ctx *ctx, const void *bytes,
                             size_t length, const char *name)
{
    const an_target target = an_fit_target(&fit, ctx);
    return an_picture_decode_for(out, bytes, length, name, &target);
}

/* The middle `part` samples of an axis that is resized from `in` to `out`. If an odd number is left
 * over, there are two middles. The one that begins at an even sample is used, as in torchvision's
 * CenterCrop: features of crops one pixel apart differ by a tenth of their size. */
static an_axis centre_of(int in, int out, int part)
{
    const int rest = out - part, half = rest / 2;
    return (an_axis){0, in, out, half + (rest & half & 1), part};
}

/* What WHOLE keeps of a long side. It drops a multiple of four samples, half at each end, so that
 * the centre of the rest is the centre of all. */
static int kept_of(int64_t longer, int side)
{
    const int64_t most = (int64_t)AN_FIT_LONGEST * side;
    return (int)(longer <= most ? longer : most + (longer - most) % 4);
}

/* @return false if the long side would exceed an int */
static bool find_axes(an_axis *across, an_axis *down, an_fit fit, an_size size)
{
    const int width = size.width, height = size.height, side = fit.side;
    if (fit.rule == AN_FIT_WARP) {
        *across = centre_of(width, side, side);
        *down = centre_of(height, side, side);
        return true;
    }
    const int shorter = width < height ? width : height;
    const int64_t longer = (int64_t)side * (width < height ? height : width) / shorter;
    if (longer > INT32_MAX)
        return false;
    const int part = fit.rule == AN_FIT_WHOLE ? kept_of(longer, side) : side;
    *across = width <= height ? centre_of(width, side, side) : centre_of(width, (int)longer, part);
    *down = height <= width ? centre_of(height, side, side) : centre_of(height, (int)longer, part);
    return true;
}

alexnet_status an_fit_axes(an_axis *across, an_axis *down, an_fit fit, an_size size)
{
    const bool sound = fit.side >= 1 && size.width >= 1 && size.height >= 1;
    if (sound && find_axes(across, down, fit, size))
        return ALEXNET_OK;
    return AN_FAIL(sound ? ALEXNET_ERROR_UNSUPPORTED : ALEXNET_ERROR_INVALID_ARGUMENT,
                   "cannot fit %d x %d into %d x %d", size.width, size.height, fit.side, fit.side);
}

alexnet_status an_fit_picture(uint8_t *dst, an_fit fit, const an_picture *picture)
{
    const an_size size = {picture->width, picture->height};
    an_axis across, down;
    an_resizer *resizer;
    AN_CHECK(an_fit_axes(&across, &down, fit, size));
    AN_CHECK(an_resizer_new(&resizer, dst, (size_t)across.part * 3, size, 0, &across, &down));
    an_resizer_take_all(resizer, picture->rgb, size);
    an_resizer_free(resizer);
    return ALEXNET_OK;
}
