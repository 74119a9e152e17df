/* Who computes what: for each operator its implementations, best first. */
#include "backend/cpu/cpu.h"

#define FALLBACK                                                                                   \
    {                                                                                              \
        "ref", an_cpu_fallback_prepare                                                             \
    }

#define ROWS(name, first)                                                                          \
    static const an_cpu_impl name##_impls[] = {                                                    \
        {first, an_cpu_##name##_prepare}, FALLBACK, {NULL, NULL}}

ROWS(augment, "own");
ROWS(conv, "onednn");
ROWS(fc, "onednn");
ROWS(neuron, "own");
ROWS(pool, "own");
ROWS(lrn, "own");
ROWS(lrn_within, "own");
ROWS(dropout, "own");
ROWS(concat, "own");
ROWS(eltsum, "own");
ROWS(softmax, "own");

const an_cpu_impl *const an_cpu_impls[AN_OP_COUNT] = {
#define AN_OP(ID, name) [AN_OP_##ID] = name##_impls,
#include "op/ops.def"
#undef AN_OP
};
