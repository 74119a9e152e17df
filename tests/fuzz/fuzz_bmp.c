/* Any bytes as a BMP file. */
#include "fuzz/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    try_decoder(an_bmp_decode, bytes, length);
    return 0;
}
