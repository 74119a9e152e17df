/* Any bytes as a GIF file. */
#include "fuzz/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    try_decoder(decoder_of("giflib"), bytes, length);
    return 0;
}
