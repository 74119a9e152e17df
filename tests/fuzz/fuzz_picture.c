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

enum { SIDE = 8 };
static const an_fit fit = {AN_FIT_SHORT, SIDE, false};

static void try_picture(const uint8_t *bytes, size_t length, const an_target *target)
{
    an_picture picture;
    uint8_t square[SIDE * SIDE * 3];
    if (an_picture_decode_for(&picture, bytes, length, "fuzz", target) != ALEXNET_OK) {
        require(!picture.rgb && strstr(an_error_text(), "fuzz"));
        return;
    }
    require(an_picture_format(bytes, length));
    require(an_fit_picture(square, fit, &picture) == ALEXNET_OK);
    an_picture_free(&picture);
}

/* A picture that is fitted while it is decoded is the same as one that is fitted afterwards. */
static void try_fitted(const uint8_t *bytes, size_t length)
{
    an_picture whole, fitted;
    uint8_t square[SIDE * SIDE * 3];
    const alexnet_status rc = an_picture_decode(&whole, bytes, length, "fuzz");
    require(an_fit_decode(&fitted, fit, NULL, bytes, length, "fuzz") == rc);
    if (rc != ALEXNET_OK)
        return;
    require(an_fit_picture(square, fit, &whole) == ALEXNET_OK);
    require(fitted.width == SIDE && fitted.height == SIDE);
    require(memcmp(fitted.rgb, square, sizeof square) == 0);
    an_picture_free(&whole);
    an_picture_free(&fitted);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const an_target half = {.factor = a_half};
    try_picture(bytes, length, &half);
    try_fitted(bytes, length);
    return 0;
}
