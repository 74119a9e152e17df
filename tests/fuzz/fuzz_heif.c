/* Any bytes as a HEIC or AVIF file. */
#include "fuzz/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    try_decoder(decoder_of("libheif"), bytes, length);
    return 0;
}
