/* Small versions of pictures, for people to look at. */
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/check/check.h"
#include "data/picture/jpeg_write.h"
#include "data/picture/resize.h"

static int shorten(int length, int longest, int side)
{
    const int shorter = (int)((int64_t)length * side / longest);
    return longest <= side ? length : shorter > 0 ? shorter : 1;
}

static alexnet_status shrink(an_picture *out, const an_picture *picture, int side)
{
    const int longest = picture->width > picture->height ? picture->width : picture->height;
    out->width = shorten(picture->width, longest, side);
    out->height = shorten(picture->height, longest, side);
    const size_t bytes = (size_t)out->width * (size_t)out->height * 3;
    out->rgb = an_malloc(bytes);
    if (!out->rgb)
        return AN_FAIL_MEMORY(bytes, "a small picture");
    return an_resize(out->rgb, out->width, out->height, picture->rgb, picture->width,
                     picture->height);
}

alexnet_status an_thumbnail(const alexnet_dataset *dataset, int64_t index, int side, void *out,
                            size_t room, size_t *length)
{
    enum { QUALITY = 80 };
    an_picture picture, small = {0};
    unsigned char *bytes = NULL;
    AN_CHECK(an_data_source_picture(dataset->source, dataset->samples[index].item, &picture));
    alexnet_status rc;
    AN_TRY(shrink(&small, &picture, side));
    AN_TRY(an_jpeg_encode(&bytes, length, &small, QUALITY));
    if (*length > room)
        rc = AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "a small picture takes %zu bytes, not %zu",
                     *length, room);
    else
        memcpy(out, bytes, *length);
cleanup:
    an_free(bytes);
    an_picture_free(&small);
    an_picture_free(&picture);
    return rc;
}
