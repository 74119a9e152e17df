/* Any text as a tuning: an error, or variants that exist. */
#include "backend/tuning.h"
#include "base/alloc.h"
#include "fuzz/require.h"

static void try_tuning(const char *text)
{
    an_tuning *tuning;
    an_op_desc op = {.kind = AN_OP_CONV,
                     .n = 1,
                     .n_inputs = 1,
                     .in = {{256, 13, 13}},
                     .u.conv = {384, 3, 3, 1, 1, 1, 1, 1, 1, false}};
    static const char *const names[] = {"direct",  "channels_last", "blocked", "winograd",
                                        "flipped", "padded",        "native",  NULL};
    const an_tuning_place place = {"avx512", "Chip, 8 GiB", "lib 1.2.3", names, true};
    an_tuning_query query = {place, "fp32", false, true, &op, NULL};
    an_variants variants = {{0}};
    require(an_op_resolve(&op) == ALEXNET_OK);
    if (an_tuning_parse(&tuning, text, "fuzz", &place) != ALEXNET_OK) {
        require(tuning == NULL);
        return;
    }
    an_tuning_apply(tuning, &query, &variants);
    for (int d = 0; d < AN_DIRECTIONS; d++)
        require(variants.of[d] >= 0 && variants.of[d] < an_variant_count(names));
    an_tuning_free(tuning);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *text = an_strndup((const char *)bytes, length);
    require(text);
    try_tuning(text);
    an_free(text);
    return 0;
}
