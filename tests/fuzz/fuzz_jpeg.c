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
    static const an_target eighth = {.factor = an_eighth};
    const an_encoded whole = {bytes, length, "fuzz", NULL},
                     small = {bytes, length, "fuzz", &eighth};
    try_decoder(an_jpeg_decode, "a JPEG", &whole);
    try_decoder(an_jpeg_decode, "a JPEG", &small);
    return 0;
}
