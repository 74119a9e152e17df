/*
 * Any bytes as a picture file, as EXIF data and as EXIF text: an error, or an upright picture of
 * the size it says, which can be fitted. The corpus besides corpus/picture is golden/pictures.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "data/codec.h"
#include "data/resize.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { SIDE = 8 };

static void check_orientation(int orientation)
{
    if (orientation < 0 || orientation > 8)
        abort();
}

static void try_exif(const uint8_t *bytes, size_t length)
{
    char *text = malloc(length + 1);
    if (!text)
        return;
    if (length)
        memcpy(text, bytes, length);
    text[length] = '\0';
    check_orientation(an_exif_orientation(bytes, length));
    check_orientation(an_exif_text_orientation(text));
    check_orientation(an_xmp_orientation(bytes, length));
    free(text);
}

static void try_picture(const uint8_t *bytes, size_t length)
{
    an_picture picture;
    uint8_t square[SIDE * SIDE * 3];
    if (an_picture_decode(&picture, bytes, length, "fuzz") != ALEXNET_OK) {
        if (picture.rgb || !strstr(an_error_text(), "fuzz"))
            abort();
        return;
    }
    /* Every byte is the caller's and was written: a sanitizer sees one that is not. */
    volatile uint8_t last = picture.rgb[(size_t)picture.width * (size_t)picture.height * 3 - 1];
    (void)last;
    if (an_fit_picture(square, (an_fit){AN_FIT_SHORT, SIDE, false}, &picture) != ALEXNET_OK)
        abort();
    an_picture_free(&picture);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    try_exif(bytes, length);
    try_picture(bytes, length);
    return 0;
}
