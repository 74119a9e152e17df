/*
 * Any bytes as an archive of NumPy arrays.
 */
#include "fuzz/tensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    fuzz_tensors(bytes, length);
    return 0;
}
