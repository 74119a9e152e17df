/*
 * Where files say how a picture is turned: any bytes as EXIF data, as the text by which PNG files
 * stored it before there was a chunk for it, as XMP, and as the chunks of a PNG file.
 */
#include "data/picture/codec.h"
#include "fuzz/png_sums.h"
#include "fuzz/require.h"

static void check_orientation(int orientation)
{
    require(orientation >= 0 && orientation <= 8);
}

static void try_text(const uint8_t *bytes, size_t length)
{
    char *text = text_of(bytes, length);
    if (!text)
        return;
    check_orientation(an_exif_text_orientation(text));
    free(text);
}

static void try_chunks(const uint8_t *bytes, size_t length)
{
    int orientation;
    uint8_t *mended = with_right_sums(bytes, length);
    if (mended &&
        an_png_orientation(&orientation, &(an_encoded){mended, length, "fuzz", NULL}) == ALEXNET_OK)
        check_orientation(orientation);
    free(mended);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    check_orientation(an_exif_orientation(bytes, length));
    check_orientation(an_xmp_orientation(bytes, length));
    try_text(bytes, length);
    try_chunks(bytes, length);
    return 0;
}
