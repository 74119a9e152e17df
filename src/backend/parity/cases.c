#include <assert.h>
#include <string.h>

#include "backend/parity/parity.h"
#include "base/status.h"

/* The first operator of a case, with one input. */
#define FIRST(KIND, N, C, H, W) .kind = AN_OP_##KIND, .n = (N), .n_inputs = 1, .in = {{C, H, W}}
#define RELU                                                                                       \
    {                                                                                              \
        .kind = AN_OP_NEURON, .u.neuron = {.kind = AN_RELU }                                       \
    }
/* Filters K of R x R. */
#define CONV(K, R, STRIDE, GROUPS, PAD, CEIL)                                                      \
    .u.conv = {K, R, R, STRIDE, GROUPS, PAD, PAD, PAD, PAD, CEIL}

const an_parity_case an_parity_cases[] = {
    {"augment",
     1,
     true,
     {{.kind = AN_OP_AUGMENT,
       .n = 3,
       .u.augment = {2, 256, 224, AN_MEAN_IMAGE_CENTRE, AN_CHANNELS_RGB, {1, 1, 1}}}}},
    {"augment to grey",
     1,
     true,
     {{.kind = AN_OP_AUGMENT,
       .n = 3,
       .u.augment = {2, 31, 28, AN_MEAN_IMAGE_ALIGNED, AN_CHANNELS_GREY, {1, 1, 1}}}}},
    {"conv1 + relu", 2, true, {{FIRST(CONV, 1, 3, 224, 224), CONV(96, 11, 4, 1, 0, true)}, RELU}},
    {"lrn1", 1, true, {{FIRST(LRN, 1, 96, 55, 55), .u.lrn = {5, 2, 2, 1e-4, 0.75}}}},
    {"pool1", 1, true, {{FIRST(POOL, 1, 96, 55, 55), .u.pool = {AN_POOL_MAX, 3, 2, 0, true}}}},
    {"conv2 + relu", 2, true, {{FIRST(CONV, 1, 96, 27, 27), CONV(64, 5, 1, 2, 2, true)}, RELU}},
    {"lrn2 within a map",
     1,
     true,
     {{FIRST(LRN_WITHIN, 1, 256, 27, 27), .u.lrn = {5, 1, 1, 4e-5, 0.75}}}},
    {"conv3 + relu", 2, true, {{FIRST(CONV, 1, 256, 13, 13), CONV(96, 3, 1, 1, 1, true)}, RELU}},
    {"conv4 + relu", 2, true, {{FIRST(CONV, 1, 384, 13, 13), CONV(96, 3, 1, 2, 1, true)}, RELU}},
    {"conv5 + relu + pool5",
     3,
     true,
     {{FIRST(CONV, 1, 384, 13, 13), CONV(64, 3, 1, 2, 1, true)},
      RELU,
      {.kind = AN_OP_POOL, .u.pool = {AN_POOL_MAX, 3, 2, 0, true}}}},
    {"average pool",
     1,
     true,
     {{FIRST(POOL, 2, 64, 13, 13), .u.pool = {AN_POOL_AVG, 3, 2, 1, true}}}},
    {"fc6 + relu", 2, true, {{FIRST(FC, 2, 256, 6, 6), .u.fc = {128}}, RELU}},
    {"fc8", 1, true, {{FIRST(FC, 2, 4096, 1, 1), .u.fc = {500}}}},
    {"dropout, mask",
     1,
     true,
     {{FIRST(DROPOUT, 2, 4096, 1, 1), .u.dropout = {AN_DROPOUT_MASK, 0.5, 1}}}},
    {"dropout, mask, inference",
     1,
     false,
     {{FIRST(DROPOUT, 2, 4096, 1, 1), .u.dropout = {AN_DROPOUT_MASK, 0.5, 1}}}},
    {"dropout, inverted",
     1,
     true,
     {{FIRST(DROPOUT, 2, 4096, 1, 1), .u.dropout = {AN_DROPOUT_INVERTED, 0.75, 2}}}},
    {"tanh", 1, true, {{FIRST(NEURON, 2, 64, 13, 13), .u.neuron = {AN_TANH, 1.7159, 0.6666}}}},
    {"logistic", 1, true, {{FIRST(NEURON, 2, 64, 13, 13), .u.neuron.kind = AN_LOGISTIC}}},
    {"concat",
     1,
     true,
     {{.kind = AN_OP_CONCAT, .n = 2, .n_inputs = 2, .in = {{48, 13, 13}, {80, 13, 13}}}}},
    {"eltsum",
     1,
     true,
     {{.kind = AN_OP_ELTSUM,
       .n = 2,
       .n_inputs = 3,
       .in = {{48, 13, 13}, {48, 13, 13}, {48, 13, 13}}}}},
    {"softmax", 1, true, {{FIRST(SOFTMAX, 4, 1000, 1, 1)}}},
};
const int an_parity_case_count = (int)(sizeof an_parity_cases / sizeof an_parity_cases[0]);

alexnet_status an_parity_case_run(an_backend *backend, an_backend *ref, const an_parity_case *which,
                                  uint64_t seed, an_parity *out)
{
    enum { MAX = sizeof which->ops / sizeof which->ops[0] };
    an_op_desc ops[MAX];
    const an_op_desc *pointers[MAX];
    assert(which->n_ops >= 1 && which->n_ops <= MAX);
    memcpy(ops, which->ops, sizeof ops);
    for (int i = 0; i < which->n_ops; i++) {
        if (i > 0) {
            ops[i].n = ops[0].n;
            ops[i].n_inputs = 1;
            ops[i].in[0] = ops[i - 1].out;
        }
        AN_CHECK(an_op_resolve(&ops[i]));
        pointers[i] = &ops[i];
    }
    an_parity_options options = {.training = which->training,
                                 .gradients = true,
                                 .first = ops[0].kind == AN_OP_CONV && ops[0].in[0].c <= 4,
                                 .split = 1,
                                 .seed = seed};
    return an_parity_run(backend, ref, pointers, which->n_ops, &options, out);
}
