/* Any bytes as a BMP file. */
#include "fuzz/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const an_encoded file = {bytes, length, "fuzz", NULL};
    try_decoder(an_bmp_decode, "a BMP", &file);
    return 0;
}
