/* Any bytes as a WebP file. */
#include "fuzz/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    try_decoder(decoder_of("libwebp"), bytes, length);
    return 0;
}
