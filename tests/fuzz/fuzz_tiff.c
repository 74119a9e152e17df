/* Any bytes as a TIFF file. */
#include "fuzz/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    try_decoder(decoder_of("libtiff"), bytes, length);
    return 0;
}
