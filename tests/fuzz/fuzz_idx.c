/*
 * Any bytes as a file of MNIST, compressed or not: an error that names the file, or as many
 * elements as it claims.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/source/idx.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void try_file(const uint8_t *bytes, size_t length, int dimensions)
{
    an_idx idx;
    if (an_idx_parse(&idx, bytes, length, dimensions, "fuzz") != ALEXNET_OK) {
        if (idx.bytes || !strstr(an_error_text(), "fuzz"))
            abort();
        return;
    }
    unsigned sum = 0;
    for (int64_t i = 0; i < idx.count * idx.rows * idx.columns; i++)
        sum += idx.bytes[i];
    if (idx.count < 1 || (sum == 0 && !idx.bytes))
        abort();
    an_free(idx.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    try_file(bytes, length, AN_IDX_PICTURES);
    try_file(bytes, length, AN_IDX_LABELS);
    return 0;
}
