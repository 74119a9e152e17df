/*
 * A network ready to run, for tests of programs: on a device, with random weights, mean, pictures
 * and slots. Includes cmocka.
 */
#ifndef TESTS_UNIT_NET_RIG_H
#define TESTS_UNIT_NET_RIG_H

#include "unit/ctx_rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/random.h"
#include "model/program/program.h"

enum { RIG_PARAMS = 64, RIG_SLOTS = 8 };

typedef struct net_rig {
    alexnet_ctx *ctx;
    alexnet_network *network;
    an_net *net;
    an_program *program;
    int slots, pictures;
    uint64_t seed;
    uint8_t *pixels;
    an_slot draws[RIG_SLOTS];
} net_rig;

static inline bool rig_has_device(const char *device)
{
    return an_device_find(&(an_device){0}, device, ALEXNET_ISA_ANY) == ALEXNET_OK;
}

/** Uniform in [-1, 1); a function of (seed, what, index). */
static inline double rig_uniform(uint64_t seed, uint32_t what, int64_t index)
{
    an_random4 r = an_random(seed, AN_PURPOSE_TEST, 0, (uint64_t)index / 4, what);
    return 2 * an_uniform(r.v[index % 4]) - 1;
}

/** Weights uniform in +-sqrt(6 / fan_in), which keeps the size of activations; biases in +-1/4; a
 *  mean of about 120. */
static inline void rig_draw_params(net_rig *rig)
{
    for (int i = 0; i < rig->net->count; i++) {
        const an_param *p = &rig->net->params[i];
        double *values = an_calloc((size_t)p->count, sizeof *values);
        assert_non_null(values);
        for (int64_t j = 0; j < p->count; j++) {
            double u = rig_uniform(rig->seed, (uint32_t)i, j);
            values[j] = !p->learned  ? 120 + 30 * u
                        : p->is_bias ? u / 4
                                     : u * sqrt(6 / (double)p->fan_in);
        }
        expect_ok(an_net_write(rig->net, AN_VALUES, i, values, AN_F64));
        an_free(values);
    }
}

/** Random pictures, crops, mirrors and labels; all slots filled. */
static inline void rig_draw_slots(net_rig *rig)
{
    const an_input *input = &rig->network->input;
    int places = input->side - input->size + 1;
    size_t bytes = (size_t)rig->pictures * (size_t)input->side * (size_t)input->side * 3;
    rig->pixels = an_malloc(bytes);
    assert_non_null(rig->pixels);
    for (size_t i = 0; i < bytes; i++)
        rig->pixels[i] = (uint8_t)(128 + 127 * rig_uniform(rig->seed, 100, (int64_t)i));
    for (int i = 0; i < rig->slots; i++) {
        const an_random4 r = an_random(rig->seed, AN_PURPOSE_TEST, 0, (uint64_t)i, 101);
        rig->draws[i] = (an_slot){.picture = i % rig->pictures,
                                  .label = (int32_t)(r.v[0] % (uint32_t)rig->network->classes),
                                  .y = (int32_t)(r.v[1] % (uint32_t)places),
                                  .x = (int32_t)(r.v[2] % (uint32_t)places),
                                  .mirror = (int32_t)(r.v[3] & 1),
                                  .weight = 1,
                                  .gain = 1};
    }
}

/** Open the rig with weights and pictures drawn from `seed`. If the options keep no layer, the
 *  probabilities are kept.
 *  @param network  owned by the rig from here on */
static inline void rig_open(net_rig *rig, alexnet_ctx *ctx, alexnet_network *network,
                            const an_program_options *options, uint64_t seed)
{
    assert_in_range(options->slots, 1, RIG_SLOTS);
    *rig = (net_rig){.ctx = ctx,
                     .network = network,
                     .slots = options->slots,
                     .pictures = options->pictures,
                     .seed = seed};
    an_program_options more = *options;
    const int keep[] = {AN_LAYER_LAST};
    if (!more.n_keep) {
        more.keep = keep;
        more.n_keep = 1;
    }
    expect_ok(an_net_new(&rig->net, ctx, network, options->gradients & AN_OF_PARAMETERS));
    assert_in_range(rig->net->count, 0, RIG_PARAMS);
    expect_ok(an_program_compile(&rig->program, rig->net, &more));
    rig_draw_params(rig);
    rig_draw_slots(rig);
    expect_ok(an_program_pack(rig->program));
}

static inline void rig_close(net_rig *rig)
{
    an_program_free(rig->program);
    an_net_release(rig->net);
    an_network_release(rig->network);
    an_ctx_release(rig->ctx);
    an_free(rig->pixels);
}

static inline alexnet_network *rig_parse(const char *text, int classes)
{
    alexnet_network *network;
    expect_ok(an_network_parse(&network, text, "rig.ini", "rig", classes));
    return network;
}

/** A net alone, with references of its own. @param network  taken over */
static inline an_net *rig_net(const char *device, alexnet_network *network, bool training)
{
    an_net *net;
    alexnet_ctx *ctx = rig_ctx(device, ALEXNET_PRECISION_FP32, 1);
    expect_ok(an_net_new(&net, ctx, network, training));
    an_network_release(network);
    an_ctx_release(ctx);
    return net;
}

static inline an_net *rig_load_net(const char *device, const char *name, int classes, bool training)
{
    alexnet_network *network;
    expect_ok(an_network_load(&network, name, classes));
    return rig_net(device, network, training);
}

/** The same rate, decay and momentum for all parameters. */
static inline void rig_set_rates(net_rig *rig, double rate, double decay, double momentum)
{
    an_rates rates[RIG_PARAMS];
    for (int i = 0; i < RIG_PARAMS; i++)
        rates[i] = (an_rates){.rate = rate, .decay = decay, .momentum = momentum};
    assert_in_range(an_program_learned(rig->program), 0, RIG_PARAMS);
    an_program_set_rates(rig->program, rates);
}

/** Feed the rig's pictures as step number `step`, and run the program. */
static inline void rig_step(net_rig *rig, uint64_t step)
{
    an_step_state state = {.seed = rig->seed, .step = step};
    expect_ok(an_program_feed(rig->program, rig->pixels, rig->draws, &state));
    expect_ok(an_program_run(rig->program));
}

/** Probabilities, [slots][classes], and -log p(label) of the latest run. */
static inline void rig_probabilities(net_rig *rig, float *probabilities, double *losses)
{
    an_score scores[RIG_SLOTS];
    expect_ok(an_program_read(rig->program, AN_LAYER_LAST, probabilities));
    expect_ok(an_program_scores(rig->program, scores));
    for (int i = 0; i < rig->slots; i++)
        losses[i] = scores[i].loss;
}

/** Run a step. @return the mean loss of the labelled slots */
static inline double rig_run(net_rig *rig, uint64_t step)
{
    an_results results;
    rig_step(rig, step);
    expect_ok(an_program_results(rig->program, &results));
    return results.images ? results.loss / (double)results.images : 0;
}

/** The values of a parameter in an arena; the caller frees them with an_free(). */
static inline double *rig_read(const net_rig *rig, an_arena arena, int param)
{
    double *values = an_calloc((size_t)rig->net->params[param].count, sizeof *values);
    assert_non_null(values);
    expect_ok(an_net_read(rig->net, arena, param, values, AN_F64));
    return values;
}

static inline double rig_largest(const double *values, int64_t count)
{
    double largest = 0;
    for (int64_t i = 0; i < count; i++)
        largest = fabs(values[i]) <= largest ? largest : fabs(values[i]); /* NaN is the largest */
    return largest;
}

#endif
