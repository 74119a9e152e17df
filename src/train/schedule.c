#include "train/schedule.h"

#include <math.h>

#include "train/init.h"

static double warmup_factor(const alexnet_recipe *recipe, int64_t step, int64_t steps_per_epoch)
{
    double steps = an_recipe_number(recipe, AN_KEY_WARMUP, NULL, 0) * (double)steps_per_epoch;
    return (double)(step + 1) < steps ? (double)(step + 1) / steps : 1;
}

/* The share of the updates after the warm-up that have been made, 0 to 1; 0 if there are none. */
static double progress(const alexnet_recipe *recipe, int64_t step, int64_t steps_per_epoch)
{
    double all = (double)(an_recipe_integer(recipe, AN_KEY_EPOCHS) * steps_per_epoch);
    double rise = an_recipe_number(recipe, AN_KEY_WARMUP, NULL, 0) * (double)steps_per_epoch;
    if ((double)step <= rise || all <= rise)
        return 0;
    return fmin(((double)step - rise) / (all - rise), 1);
}

/* The share of the current period that is over, if the cosine restarts. */
static double period_progress(const alexnet_recipe *recipe, int64_t step, int64_t steps_per_epoch)
{
    double rise = an_recipe_number(recipe, AN_KEY_WARMUP, NULL, 0) * (double)steps_per_epoch;
    double past = fmax((double)step - rise, 0), growth;
    double period = (double)(an_recipe_integer(recipe, AN_KEY_RESTART_EPOCHS) * steps_per_epoch);
    growth = (double)an_recipe_integer(recipe, AN_KEY_RESTART_GROWTH);
    if (growth == 1)
        return fmod(past, period) / period;
    for (; past >= period; period *= growth)
        past -= period;
    return past / period;
}

static double cosine_factor(const alexnet_recipe *recipe, int64_t step, int64_t steps_per_epoch)
{
    const double pi = 3.14159265358979323846;
    double t = an_recipe_integer(recipe, AN_KEY_RESTART_EPOCHS)
                   ? period_progress(recipe, step, steps_per_epoch)
                   : progress(recipe, step, steps_per_epoch);
    return 0.5 * (1 + cos(pi * t));
}

/* `dexp` of lr.cu in 2012's code: n rates in geometric progression, each for an n-th of the run. */
static double exponential_factor(const alexnet_recipe *recipe, int64_t step,
                                 int64_t steps_per_epoch)
{
    double all = (double)(an_recipe_integer(recipe, AN_KEY_EPOCHS) * steps_per_epoch);
    double n = (double)an_recipe_integer(recipe, AN_KEY_FALL_STEPS);
    double part = fmin(floor((double)step * n / all), n - 1);
    return pow(an_recipe_number(recipe, AN_KEY_FALL, NULL, 0), -part / (n - 1));
}

bool an_schedule_has_end(const alexnet_recipe *recipe)
{
    switch (an_recipe_choice(recipe, AN_KEY_SCHEDULE)) {
    case AN_SCHEDULE_EXPONENTIAL:
    case AN_SCHEDULE_POLY: return true;
    case AN_SCHEDULE_COSINE: return an_recipe_integer(recipe, AN_KEY_RESTART_EPOCHS) == 0;
    default: return false;
    }
}

/* How many times the rates have been multiplied by step_factor before an update. */
static double times(const alexnet_recipe *recipe, const an_drops *drops, int64_t epochs_before)
{
    if (an_recipe_choice(recipe, AN_KEY_SCHEDULE) == AN_SCHEDULE_STEP)
        return (double)(epochs_before / an_recipe_integer(recipe, AN_KEY_STEP_EPOCHS));
    return drops && drops->count > 0 ? (double)(drops->count - (epochs_before < drops->after)) : 0;
}

double an_schedule_factor(const alexnet_recipe *recipe, const an_drops *drops, int64_t step,
                          int64_t steps_per_epoch)
{
    double factor = warmup_factor(recipe, step, steps_per_epoch);
    switch (an_recipe_choice(recipe, AN_KEY_SCHEDULE)) {
    case AN_SCHEDULE_STEP:
    case AN_SCHEDULE_PLATEAU:
        return factor * pow(an_recipe_number(recipe, AN_KEY_STEP_FACTOR, NULL, 0),
                            times(recipe, drops, step / steps_per_epoch));
    case AN_SCHEDULE_EXPONENTIAL: return factor * exponential_factor(recipe, step, steps_per_epoch);
    case AN_SCHEDULE_POLY:
        return factor * pow(1 - progress(recipe, step, steps_per_epoch),
                            an_recipe_number(recipe, AN_KEY_POLY_POWER, NULL, 0));
    case AN_SCHEDULE_COSINE: return factor * cosine_factor(recipe, step, steps_per_epoch);
    default: return factor;
    }
}

void an_schedule_rule(an_rule *rule, const alexnet_recipe *recipe, int64_t step,
                      int64_t steps_per_epoch)
{
    const double epoch = (double)(step / steps_per_epoch + 1), t = (double)step;
    const double keep = an_recipe_number(recipe, AN_KEY_AVERAGE, NULL, 0);
    *rule = (an_rule){.kind = an_recipe_choice(recipe, AN_KEY_RULE),
                      .clip = an_recipe_number(recipe, AN_KEY_CLIP, NULL, epoch),
                      .beta2 = an_recipe_number(recipe, AN_KEY_BETA2, NULL, 0),
                      .epsilon = an_recipe_number(recipe, AN_KEY_EPSILON, NULL, 0),
                      .average = 1 - fmin(keep, (1 + t) / (10 + t))};
}

bool an_schedule_is_adam(const alexnet_recipe *recipe)
{
    const int rule = an_recipe_choice(recipe, AN_KEY_RULE);
    return rule == AN_RULE_ADAM || rule == AN_RULE_ADAMW;
}

/* With init = safe, a layer that reads pixels learns as if the pixels had been divided by their
 * spread (init.h). Since they are not, the gradients of its weights are larger by this factor; 1
 * for every other parameter. */
static double spread_of(const an_net *net, const alexnet_recipe *recipe, const an_param *param)
{
    const bool safe = an_recipe_choice(recipe, AN_KEY_INIT) == AN_RECIPE_INIT_SAFE;
    return safe && !param->is_bias ? an_pixel_spread(net->network, param->layer) : 1;
}

/* The rate of a parameter before the schedule's factor. The weights are smaller by the spread and
 * their gradients larger, so the rate is divided by its square; once is enough for Adam, whose
 * changes do not depend on the size of gradients. */
static double base_rate(const an_net *net, const alexnet_recipe *recipe, const an_param *param,
                        double epoch)
{
    const char *layer = net->network->layers[param->layer].name;
    an_key key = param->is_bias ? AN_KEY_RATE_BIAS : AN_KEY_RATE;
    if (an_recipe_frozen(recipe, layer))
        return 0;
    const double spread = spread_of(net, recipe, param);
    return an_recipe_number(recipe, key, layer, epoch) /
           (an_schedule_is_adam(recipe) ? spread : spread * spread);
}

/* The updates of a parameter up to `step`, with this one. Where its rate is 0 there are none: its
 * moments stay as they are, as in PyTorch, which counts by parameter too. */
static double updates_of(const alexnet_recipe *recipe, const char *layer, an_key rate, int64_t step,
                         int64_t steps_per_epoch)
{
    const int64_t epochs = step / steps_per_epoch;
    const int64_t learning = an_recipe_epochs_above_zero(recipe, rate, layer, epochs);
    return (double)(learning * steps_per_epoch + step % steps_per_epoch + 1);
}

void an_schedule_rates(an_rates *rates, const an_net *net, const alexnet_recipe *recipe,
                       const an_drops *drops, int64_t step, int64_t steps_per_epoch)
{
    const double factor = an_schedule_factor(recipe, drops, step, steps_per_epoch);
    const double epoch = (double)(step / steps_per_epoch + 1);
    const double beta2 = an_recipe_number(recipe, AN_KEY_BETA2, NULL, 0);
    int n = 0;
    for (int i = 0; i < net->count; i++) {
        const an_param *param = &net->params[i];
        if (!param->learned)
            continue;
        const char *layer = net->network->layers[param->layer].name;
        const an_key rate = param->is_bias ? AN_KEY_RATE_BIAS : AN_KEY_RATE;
        const an_key decay = param->is_bias ? AN_KEY_DECAY_BIAS : AN_KEY_DECAY;
        const double momentum = an_recipe_number(recipe, AN_KEY_MOMENTUM, layer, epoch);
        const double updates = updates_of(recipe, layer, rate, step, steps_per_epoch);
        rates[n++] = (an_rates){.rate = factor * base_rate(net, recipe, param, epoch),
                                .decay = an_recipe_number(recipe, decay, layer, epoch),
                                .momentum = momentum,
                                .momentum_correction = 1 - pow(momentum, updates),
                                .square_correction = 1 - pow(beta2, updates),
                                .spread = spread_of(net, recipe, param)};
    }
}
