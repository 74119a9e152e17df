#include "train/init.h"

#include <math.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/status.h"
#include "base/team.h"

/* Standard deviation of the pixels of natural pictures around their mean, in grey levels. */
static const double PIXEL_SPREAD = 58;

double an_pixel_spread(const alexnet_network *network, int layer)
{
    const double *scale = network->input.scale;
    double green = scale[1] / scale[0], blue = scale[2] / scale[0];
    for (int i = 0; i < network->layers[layer].n_inputs; i++)
        if (network->layers[layer].inputs[i] < 0)
            return PIXEL_SPREAD * fabs(scale[0]) * sqrt((1 + green * green + blue * blue) / 3);
    return 1;
}

/* The distribution of a parameter; the fan-in is already folded into its value. */
static an_init drawn_from(const an_net *net, const an_param *param, int how)
{
    const alexnet_network *network = net->network;
    const an_layer *layer = &network->layers[param->layer];
    const double fan_in = (double)param->fan_in;
    an_init init = param->is_bias ? layer->init_b : layer->init_w;
    if (how == AN_RECIPE_INIT_SAFE) {
        if (param->is_bias)
            return (an_init){AN_INIT_NORMAL, 0};
        if (param->layer == an_network_scores_layer(network))
            return (an_init){AN_INIT_NORMAL, 0.01};
        double spread = an_pixel_spread(network, param->layer);
        return (an_init){AN_INIT_NORMAL, sqrt(2 / fan_in) / spread};
    }
    if (init.kind == AN_INIT_HE)
        return (an_init){AN_INIT_NORMAL, sqrt(2 / fan_in)};
    if (init.kind == AN_INIT_UNIFORM)
        return (an_init){AN_INIT_UNIFORM, 1 / sqrt(fan_in)};
    return init;
}

/* Values that are drawn before they are written: fc6 as a whole would take 288 MiB. */
enum { PIECE = 1 << 18 };

/* What the values of a parameter are a function of, besides their places. */
typedef struct source {
    an_init init;
    bool bias;
    uint64_t seed;
    uint32_t param;
} source;

/* Values 4 i .. 4 i + 3. */
static void draw(const source *s, int64_t i, double drawn[4])
{
    an_random4 r = an_random(s->seed, AN_PURPOSE_WEIGHTS, 0, (uint64_t)i, s->param);
    if (s->init.kind == AN_INIT_UNIFORM) {
        for (int j = 0; j < 4; j++)
            drawn[j] = s->init.value * (2 * an_uniform(r.v[j]) - 1);
    } else if (s->bias) {
        drawn[0] = drawn[1] = drawn[2] = drawn[3] = s->init.value;
    } else {
        an_normal2(r.v[0], r.v[1], drawn);
        an_normal2(r.v[2], r.v[3], drawn + 2);
        for (int j = 0; j < 4; j++)
            drawn[j] *= s->init.value;
    }
}

/* @param values  room for PIECE */
static alexnet_status init_param(an_net *net, int index, const alexnet_recipe *recipe,
                                 double *values)
{
    const an_param *param = &net->params[index];
    const source from = {drawn_from(net, param, an_recipe_choice(recipe, AN_KEY_INIT)),
                         param->is_bias, (uint64_t)an_recipe_integer(recipe, AN_KEY_SEED),
                         (uint32_t)index};
    for (int64_t done = 0; done < param->count; done += PIECE) {
        const int64_t count = param->count - done < PIECE ? param->count - done : PIECE;
#pragma omp parallel for schedule(static)
        for (int64_t i = 0; i < (count + 3) / 4; i++)
            draw(&from, done / 4 + i, values + 4 * i);
        AN_CHECK(an_net_write_part(net, AN_VALUES, index, done, count, values, AN_F64));
    }
    return ALEXNET_OK;
}

alexnet_status an_init_weights(an_net *net, const alexnet_recipe *recipe)
{
    an_threads saved;
    alexnet_status rc = ALEXNET_OK;
    double *values = an_malloc(PIECE * sizeof *values);
    if (!values)
        return AN_FAIL_MEMORY(PIECE * sizeof *values, "random weights");
    AN_TRY(an_threads_begin(&saved, net->ctx->threads));
    for (int i = 0; i < net->count && rc == ALEXNET_OK; i++)
        if (net->params[i].learned)
            rc = init_param(net, i, recipe, values);
    an_threads_restore(saved);
    AN_TRY(rc);
    rc = an_net_write_mean(net);
cleanup:
    an_free(values);
    return rc;
}
