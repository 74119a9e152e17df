/*
 * Any bytes as a pickle: an error that names the file, or consistent values, among which weights
 * can be looked for.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "format/torch/pth.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(const an_value *root, size_t length)
{
    const an_value *weights;
    if (an_pth_weights("fuzz", root, &weights) != ALEXNET_OK) {
        if (!strstr(an_error_text(), "fuzz"))
            abort();
        return;
    }
    int count = 0;
    for (const an_item *item = weights->is.items.first; item; item = item->next)
        count++;
    if (count != weights->count || (size_t)count > length)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    an_reader *reader;
    an_pickle pickle = {0};
    const an_value *root;
    uint64_t at = 0;
    if (an_reader_memory(&reader, "fuzz", bytes, length) != ALEXNET_OK)
        abort();
    const an_section section = an_section_of(reader);
    if (an_pickle_read(&pickle, &section, &at, &root) == ALEXNET_OK) {
        if (at > length)
            abort();
        check(root, length);
        an_pth_blocks(&pickle, &section, at);
    } else if (!strstr(an_error_text(), "fuzz")) {
        abort();
    }
    an_pickle_free(&pickle);
    an_reader_close(reader);
    return 0;
}
