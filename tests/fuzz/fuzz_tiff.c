/* Any bytes as a TIFF file. */
#include "fuzz/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const an_encoded file = {bytes, length, "fuzz", NULL};
    try_decoder(decoder_of("libtiff"), "a TIFF", &file);
    return 0;
}
