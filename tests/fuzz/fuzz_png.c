/* Any bytes as a PNG file, as they are and with the checksums of its chunks corrected. */
#include "fuzz/decoder.h"
#include "fuzz/png_sums.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    uint8_t *mended = with_right_sums(bytes, length);
    const an_encoded file = {bytes, length, "fuzz", NULL}, right = {mended, length, "fuzz", NULL};
    try_decoder(an_png_decode, "a PNG", &file);
    if (mended)
        try_decoder(an_png_decode, "a PNG", &right);
    free(mended);
    return 0;
}
