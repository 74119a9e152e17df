/*
 * Any bytes as a PyTorch file, of either form.
 */
#include "fuzz/tensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    fuzz_tensors(bytes, length);
    return 0;
}
