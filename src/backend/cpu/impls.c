/*
 * The implementations of each operator, best first. The first one that accepts the operator
 * computes it, or ref if none does. Reports also give the kernel's name (an_prepared.impl).
 */
#include "backend/cpu/cpu.h"

const an_cpu_impl an_cpu_impls[AN_OP_COUNT][AN_CPU_IMPLS] = {
    [AN_OP_AUGMENT] = {{"native", an_cpu_augment_prepare}},
    [AN_OP_CONV] = {{"pixels", an_cpu_pixels_prepare}, {"onednn", an_cpu_conv_prepare}},
    [AN_OP_FC] = {{"onednn", an_cpu_fc_prepare}}, /* some directions may be native */
    [AN_OP_NEURON] = {{"relu+pool", an_cpu_relu_pool_prepare}, {"native", an_cpu_neuron_prepare}},
    [AN_OP_POOL] = {{"native", an_cpu_pool_prepare}},
    [AN_OP_LRN] = {{"native", an_cpu_lrn_prepare}},
    [AN_OP_LRN_WITHIN] = {{"native", an_cpu_lrn_within_prepare}},
    [AN_OP_DROPOUT] = {{"native", an_cpu_dropout_prepare}},
    [AN_OP_CONCAT] = {{"native", an_cpu_concat_prepare}},
    [AN_OP_ELTSUM] = {{"native", an_cpu_eltsum_prepare}},
    [AN_OP_SOFTMAX] = {{"native", an_cpu_softmax_prepare}},
};
