/* Any bytes as a PNG file, as they are and with the checksums of its chunks put right. */
#include "fuzz/decoder.h"
#include "fuzz/png_sums.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    uint8_t *mended = with_right_sums(bytes, length);
    try_decoder(an_png_decode, bytes, length);
    if (mended)
        try_decoder(an_png_decode, mended, length);
    free(mended);
    return 0;
}
