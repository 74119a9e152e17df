/* Who computes what: for each operator its implementations, best first. */
#include "backend/cpu/cpu.h"

#define FALLBACK                                                                                   \
    {                                                                                              \
        "ref", an_cpu_fallback_prepare                                                             \
    }

#define ROWS(name, first)                                                                          \
    static const an_cpu_impl name##_impls[] = {                                                    \
        {first, an_cpu_##name##_prepare}, FALLBACK, {NULL, NULL}}

ROWS(augment, "native");
ROWS(conv, "onednn");
ROWS(fc, "onednn");
ROWS(neuron, "native");
ROWS(pool, "native");
ROWS(lrn, "native");
ROWS(lrn_within, "native");
ROWS(dropout, "native");
ROWS(concat, "native");
ROWS(eltsum, "native");
ROWS(softmax, "native");

const an_cpu_impl *const an_cpu_impls[AN_OP_COUNT] = {
#define AN_OP(ID, name) [AN_OP_##ID] = name##_impls,
#include "op/ops.def"
#undef AN_OP
};
