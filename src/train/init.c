#include "train/init.h"

#include <math.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/status.h"

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

static void fill(double *values, int64_t count, an_init init, bool bias, uint64_t seed, int param)
{
    for (int64_t i = 0; i < count; i += 4) {
        an_random4 r = an_random(seed, AN_PURPOSE_WEIGHTS, 0, (uint64_t)i / 4, (uint32_t)param);
        double drawn[4];
        if (init.kind == AN_INIT_UNIFORM) {
            for (int j = 0; j < 4; j++)
                drawn[j] = init.value * (2 * an_uniform(r.v[j]) - 1);
        } else if (bias) {
            drawn[0] = drawn[1] = drawn[2] = drawn[3] = init.value;
        } else {
            an_normal2(r.v[0], r.v[1], drawn);
            an_normal2(r.v[2], r.v[3], drawn + 2);
            for (int j = 0; j < 4; j++)
                drawn[j] *= init.value;
        }
        for (int64_t j = 0; j < 4 && i + j < count; j++)
            values[i + j] = drawn[j];
    }
}

static alexnet_status init_param(an_net *net, int index, const alexnet_recipe *recipe)
{
    const an_param *param = &net->params[index];
    size_t bytes = (size_t)param->count * sizeof(double);
    double *values = an_malloc(bytes);
    if (!values)
        return AN_FAIL_MEMORY(bytes, param->name);
    fill(values, param->count, drawn_from(net, param, an_recipe_choice(recipe, AN_KEY_INIT)),
         param->is_bias, (uint64_t)an_recipe_integer(recipe, AN_KEY_SEED), index);
    alexnet_status rc = an_net_write(net, AN_VALUES, index, values, AN_F64);
    an_free(values);
    return rc;
}

alexnet_status an_init_weights(an_net *net, const alexnet_recipe *recipe)
{
    for (int i = 0; i < net->count; i++)
        if (net->params[i].learned)
            AN_CHECK(init_param(net, i, recipe));
    return an_net_write_mean(net);
}
