/* Any bytes as a HEIC or AVIF file. */
#include "fuzz/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const an_encoded file = {bytes, length, "fuzz", NULL};
    try_decoder(decoder_of("libheif"), "a HEIC picture", &file);
    try_decoder(decoder_of("libheif"), "an AVIF picture", &file);
    return 0;
}
