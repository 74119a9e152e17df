/*
 * Any bytes as a picture file of any format, recognised by its first bytes, at full size or
 * reduced: an error that names the file, or an upright picture of the size it says, which can be
 * fitted. The decoders have targets of their own.
 */
#include <string.h>

#include "base/status.h"
#include "data/picture/picture.h"
#include "data/picture/resize.h"
#include "fuzz/require.h"

static int a_half(void *user, an_size size)
{
    (void)user;
    (void)size;
    return 2;
}

static void try_picture(const uint8_t *bytes, size_t length, const an_shrink *shrink)
{
    enum { SIDE = 8 };
    an_picture picture;
    uint8_t square[SIDE * SIDE * 3];
    if (an_picture_decode_smaller(&picture, bytes, length, "fuzz", shrink) != ALEXNET_OK) {
        require(!picture.rgb && strstr(an_error_text(), "fuzz"));
        return;
    }
    require(an_picture_format(bytes, length));
    require(an_fit_picture(square, (an_fit){AN_FIT_SHORT, SIDE, false}, &picture) == ALEXNET_OK);
    an_picture_free(&picture);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const an_shrink half = {a_half, NULL};
    try_picture(bytes, length, NULL);
    try_picture(bytes, length, &half);
    return 0;
}
