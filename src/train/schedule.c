#include "train/schedule.h"

#include <math.h>

#include "train/init.h"

static double warmup_factor(const alexnet_recipe *recipe, int64_t step, int64_t steps_per_epoch)
{
    double steps = an_recipe_number(recipe, AN_KEY_WARMUP, NULL, 0) * (double)steps_per_epoch;
    return (double)(step + 1) < steps ? (double)(step + 1) / steps : 1;
}

static double cosine_factor(const alexnet_recipe *recipe, int64_t step, int64_t steps_per_epoch)
{
    const double pi = 3.14159265358979323846;
    double all = (double)(an_recipe_integer(recipe, AN_KEY_EPOCHS) * steps_per_epoch);
    double rise = an_recipe_number(recipe, AN_KEY_WARMUP, NULL, 0) * (double)steps_per_epoch;
    if ((double)step <= rise || all <= rise)
        return 1;
    return 0.5 * (1 + cos(pi * ((double)step - rise) / (all - rise)));
}

double an_schedule_factor(const alexnet_recipe *recipe, int64_t step, int64_t steps_per_epoch)
{
    double factor = warmup_factor(recipe, step, steps_per_epoch);
    switch (an_recipe_choice(recipe, AN_KEY_SCHEDULE)) {
    case AN_SCHEDULE_STEP: {
        int64_t every = an_recipe_integer(recipe, AN_KEY_STEP_EPOCHS);
        int64_t times = step / steps_per_epoch / every;
        return factor * pow(an_recipe_number(recipe, AN_KEY_STEP_FACTOR, NULL, 0), (double)times);
    }
    case AN_SCHEDULE_COSINE: return factor * cosine_factor(recipe, step, steps_per_epoch);
    default: return factor;
    }
}

/* The rate of a parameter before the schedule's factor. */
static double base_rate(const an_net *net, const alexnet_recipe *recipe, const an_param *param,
                        double epoch)
{
    const char *layer = net->network->layers[param->layer].name;
    an_key key = param->which == 1 ? AN_KEY_RATE_BIAS : AN_KEY_RATE;
    if (an_recipe_frozen(recipe, layer))
        return 0;
    double rate = an_recipe_number(recipe, key, layer, epoch);
    bool safe = an_recipe_choice(recipe, AN_KEY_INIT) == AN_RECIPE_INIT_SAFE;
    if (param->which == 1 || !safe)
        return rate;
    double spread = an_pixel_spread(net->network, param->layer);
    return rate / (spread * spread);
}

void an_schedule_rates(an_rates *rates, const an_net *net, const alexnet_recipe *recipe,
                       int64_t step, int64_t steps_per_epoch)
{
    double factor = an_schedule_factor(recipe, step, steps_per_epoch);
    double epoch = (double)(step / steps_per_epoch + 1);
    int n = 0;
    for (int i = 0; i < net->count; i++) {
        const an_param *param = &net->params[i];
        if (!param->learned)
            continue;
        const char *layer = net->network->layers[param->layer].name;
        an_key decay = param->which == 1 ? AN_KEY_DECAY_BIAS : AN_KEY_DECAY;
        rates[n++] = (an_rates){factor * base_rate(net, recipe, param, epoch),
                                an_recipe_number(recipe, decay, layer, epoch),
                                an_recipe_number(recipe, AN_KEY_MOMENTUM, layer, epoch), 1};
    }
}
