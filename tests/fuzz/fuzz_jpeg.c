/* Any bytes as a JPEG file, decoded whole and at an eighth of the size. */
#include "fuzz/decoder.h"

static int an_eighth(void *user, an_size size)
{
    (void)user;
    (void)size;
    return 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const an_shrink shrink = {an_eighth, NULL};
    try_decoder(an_jpeg_decode, bytes, length);
    if (length)
        try_upright(an_jpeg_decode, &(an_encoded){bytes, length, "fuzz", &shrink});
    return 0;
}
