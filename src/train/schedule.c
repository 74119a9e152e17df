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
        bool bias = param->which == 1;
        rates[n++] = (an_rates){
            factor * an_recipe_number(recipe, bias ? AN_KEY_RATE_BIAS : AN_KEY_RATE, layer, epoch),
            an_recipe_number(recipe, bias ? AN_KEY_DECAY_BIAS : AN_KEY_DECAY, layer, epoch),
            an_recipe_number(recipe, AN_KEY_MOMENTUM, layer, epoch)};
    }
}
