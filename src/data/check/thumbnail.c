/* Small versions of pictures, for people to look at. */
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/check/check.h"
#include "data/picture/jpeg_write.h"

static int shorten(int length, int longest, int side)
{
    const int shorter = (int)((int64_t)length * side / longest);
    return longest <= side ? length : shorter > 0 ? shorter : 1;
}

static alexnet_status shrunk_axes(void *user, an_size size, an_axis *across, an_axis *down)
{
    const int side = *(const int *)user;
    const int longest = size.width > size.height ? size.width : size.height;
    const int width = shorten(size.width, longest, side);
    const int height = shorten(size.height, longest, side);
    *across = (an_axis){0, size.width, width, 0, width};
    *down = (an_axis){0, size.height, height, 0, height};
    return ALEXNET_OK;
}

alexnet_status an_thumbnail(const alexnet_dataset *dataset, int64_t index, int side, void *out,
                            size_t room, size_t *length)
{
    enum { QUALITY = 80 };
    const an_target target = {.axes = shrunk_axes, .user = &side};
    an_picture small;
    unsigned char *bytes = NULL;
    AN_CHECK(
        an_data_source_picture_for(dataset->source, dataset->samples[index].item, &target, &small));
    alexnet_status rc;
    AN_TRY(an_jpeg_encode(&bytes, length, &small, QUALITY));
    if (*length > room)
        rc = AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "a small picture takes %zu bytes, not %zu",
                     *length, room);
    else
        memcpy(out, bytes, *length);
cleanup:
    an_free(bytes);
    an_picture_free(&small);
    return rc;
}
