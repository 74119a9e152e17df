/*
 * Finds the likely reason for a loss that stays at chance, the most common complaint about AlexNet.
 * What is certain comes first: nothing can learn, pictures without differences, dead layers; then
 * what the numbers suggest: a rate that is too high or too low, unsuitable initial weights.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "train/look.h"
#include "train/trainer_impl.h"

/* Even good runs may stay at the loss of chance for this many updates after the warm-up. */
static const double UPDATES_TO_BEGIN = 100;
/* A run that ends before that is judged at its end, if it has made this many. */
static const double UPDATES_TO_JUDGE = 20;
/* Weights have not moved if all updates together can have changed them by less than this share. */
static const double MOVED = 0.01;
/* A loss this much above that of chance is not due to dropout, to changed pictures or to their
 * small number, which raise it by a few percent in runs that learn. */
static const double TOO_HIGH = 1.05;
/* More right answers than guessing gives are no luck beyond so many standard deviations: there may
 * be hundreds of epochs. */
static const double NO_LUCK = 4;
/* A loss below this share of that of chance has left it, if only for a while. */
static const double RECOVERED = 0.9;

/* ---- Layers that do not learn ---- */

/* Whether any of a layer's parameters has a rate other than 0 in the latest update. */
static bool learns(const alexnet_trainer *t, int layer)
{
    int n = 0;
    bool found = false;
    for (int i = 0; i < t->net->count; i++) {
        const an_param *p = &t->net->params[i];
        if (!p->learned)
            continue;
        found |= p->layer == layer && t->rates[n].rate != 0;
        n++;
    }
    return found;
}

static bool has_parameters(const alexnet_trainer *t, int layer)
{
    for (int i = 0; i < t->net->count; i++)
        if (t->net->params[i].learned && t->net->params[i].layer == layer)
            return true;
    return false;
}

/* Whether nothing learns, or the last layer, which decides between the classes, does not; `out`
 * gets the reason. */
static bool nothing_learns(const alexnet_trainer *t, char *out, size_t size)
{
    const alexnet_network *network = t->net->network;
    int all = 0, learning = 0, frozen = 0, last = -1;
    an_schedule_rates(t->rates, t->net, t->recipe, &t->record.drops, t->record.step - 1,
                      an_trainer_rate_epoch(t));
    for (int i = 0; i < network->count; i++) {
        if (!has_parameters(t, i))
            continue;
        last = i;
        all++;
        learning += learns(t, i);
        frozen += t->frozen[i];
    }
    if (learning == 0)
        snprintf(out, size, "%s. Try %s",
                 frozen == all ? "Every layer is frozen" : "All rates are 0",
                 frozen == all ? "freeze = none, or fewer layers" : "a rate above 0");
    else if (!learns(t, last))
        snprintf(out, size, "%s, which tells the classes apart, does not learn. Try %s",
                 network->layers[last].name,
                 t->frozen[last] ? "freezing only the layers before it" : "a rate above 0 for it");
    return learning == 0 || !learns(t, last);
}

/* ---- Pictures and layers ---- */

static bool same_pictures(const an_look *l, bool *black)
{
    const size_t bytes = an_look_picture_bytes(l);
    bool same = l->count > 1;
    *black = true;
    for (int i = 1; i < l->count; i++)
        same &= memcmp(l->pixels, l->pixels + (size_t)i * bytes, bytes) == 0;
    for (size_t i = 0; i < bytes; i++)
        *black &= l->pixels[i] == 0;
    return same;
}

/* Find the first layer whose neurons output only zeros, so that no gradient passes. `layer` is
 * unchanged if there is none. */
static alexnet_status dead_layer(an_look *l, int *layer)
{
    const alexnet_network *network = l->t->net->network;
    for (int i = 0; i < network->count; i++) {
        bool zeros = network->layers[i].has_neuron;
        if (zeros)
            AN_CHECK(an_look_read(l, i));
        for (int64_t k = 0; zeros && k < l->count * an_look_size(l, i); k++)
            zeros = l->values[k] == 0;
        if (zeros) {
            *layer = i;
            return ALEXNET_OK;
        }
    }
    return ALEXNET_OK;
}

static alexnet_status look_at_batch(an_look *l, bool *same, bool *black, int *dead)
{
    if (l->t->pace.train_images == 0) /* a run that was resumed to validate has no batch yet */
        return ALEXNET_OK;
    for (int i = 0; i < l->t->batch && l->count < AN_LOOK_PICTURES; i++)
        if (l->batch[i].picture >= 0)
            AN_CHECK(an_look_add(l, i));
    if (l->count == 0) /* the last part of an epoch may have no pictures */
        return ALEXNET_OK;
    *same = same_pictures(l, black);
    AN_CHECK(an_look_run(l));
    return dead_layer(l, dead);
}

static bool bad_pictures_or_layers(const alexnet_trainer *t, char *out, size_t size)
{
    an_look l;
    bool same = false, black = false;
    int dead = -1;
    alexnet_status rc = an_look_begin(&l, t, false);
    if (rc == ALEXNET_OK)
        rc = look_at_batch(&l, &same, &black, &dead);
    const int count = l.count;
    an_look_end(&l);
    if (rc != ALEXNET_OK)
        return false;
    const bool net = an_recipe_choice(t->recipe, AN_KEY_INIT) == AN_RECIPE_INIT_NET;
    if (same)
        snprintf(out, size,
                 "%d pictures of the latest batch are all %s: nothing tells them apart. Look at "
                 "what the network sees (`alexnet_preview_new()`)",
                 count, black ? "black" : "the same");
    else if (dead >= 0)
        an_print_in(out, size,
                    "%s outputs only zeros for %d pictures: its neurons are dead, and the layers "
                    "before it no longer learn. Try a rate of %.3g%s",
                    t->net->network->layers[dead].name, count, an_trainer_lower_rate(t),
                    net ? " and init = safe" : ", or a longer warmup");
    return same || dead >= 0;
}

/* ---- Rates and weights ---- */

static double norm_of(const alexnet_trainer *t, an_arena arena, int param)
{
    an_norm norm;
    return an_net_norm(t->net, arena, param, &norm) == ALEXNET_OK ? sqrt(norm.sum_squares) : NAN;
}

/* The sum of the schedule's factors of past updates, each weighted by the share that momentum has
 * kept of it.
 */
static double kept_factor(const alexnet_trainer *t, double momentum)
{
    double sum = 0, share = 1 - momentum;
    for (int64_t ago = 1; ago <= t->record.step && share > 1e-6; ago++) {
        sum += share * an_schedule_factor(t->recipe, &t->record.drops, t->record.step - ago,
                                          an_trainer_rate_epoch(t));
        share *= momentum;
    }
    return sum;
}

/* The largest share of a layer's weights that one update changes, at the rates after the warm-up.
 * It is derived from the momentum, which is the latest change. NAN if it cannot be determined:
 * Adam's momentum is a mean of gradients. */
static double largest_change(const alexnet_trainer *t)
{
    const double epoch = (double)((t->record.step - 1) / an_trainer_rate_epoch(t) + 1);
    double largest = 0;
    if (an_schedule_is_adam(t->recipe))
        return NAN;
    for (int i = 0; i < t->net->count; i++) {
        const an_param *p = &t->net->params[i];
        if (!p->learned || p->is_bias || t->frozen[p->layer])
            continue;
        const char *layer = t->net->network->layers[p->layer].name;
        const double momentum = an_recipe_number(t->recipe, AN_KEY_MOMENTUM, layer, epoch);
        const double weights = norm_of(t, AN_VALUES, i), change = norm_of(t, AN_MOMENTUM, i);
        if (isnan(weights) || isnan(change))
            return NAN;
        if (weights > 0)
            largest = fmax(largest, change / weights / kept_factor(t, momentum));
    }
    return largest;
}

/* Whether all updates together cannot have moved the weights. */
static bool hardly_moves(const alexnet_trainer *t, double rate, char *out, size_t size)
{
    const double change = largest_change(t), moved = change * (double)t->record.step;
    if (!(moved < MOVED)) /* NAN too */
        return false;
    an_print_in(out, size,
                "The weights hardly move: an update changes them by a share of %.1g at most. The "
                "rate of %.3g is too low. Find one with `ALEXNET_TRIAL_RATES`",
                change, rate);
    return true;
}

static void by_numbers(const alexnet_trainer *t, bool above, char *out, size_t size)
{
    const bool net = an_recipe_choice(t->recipe, AN_KEY_INIT) == AN_RECIPE_INIT_NET;
    const double rate = an_recipe_number(t->recipe, AN_KEY_RATE, NULL, 1);
    const double usual = an_trainer_usual_rate(t);
    if (hardly_moves(t, rate, out, size))
        return;
    if (net)
        snprintf(out, size,
                 "The first weights are those of the network file, which were made for other "
                 "pictures. Try init = safe%s",
                 above ? ", or a lower rate" : "");
    else if (!t->trial && (double)an_trainer_updates(t) < UPDATES_TO_BEGIN)
        snprintf(out, size, "It may be only too early: %lld updates are few. Try more epochs",
                 (long long)an_trainer_updates(t));
    else if (above)
        an_print_in(out, size, "The rate is too high. Try a rate of %.3g",
                    an_trainer_lower_rate(t));
    else if (10 * rate < usual)
        an_print_in(out, size,
                    "The rate of %.3g is low; the usual one is %.3g. Find one with "
                    "`ALEXNET_TRIAL_RATES`",
                    rate, usual);
    else
        snprintf(out, size,
                 "Neither rates nor weights nor pictures explain it: do the labels fit the "
                 "pictures?%s",
                 t->trial ? "" : " `ALEXNET_TRIAL_OVERFIT` tells whether one batch can be learnt");
}

/* The loss of chance that a loss is to be compared with: that of a blind network from there on,
 * below it that of the first weights, which prefer no class. */
static double chance_of(const alexnet_trainer *t, double loss)
{
    const double blind = an_trainer_blind_loss(t);
    return loss >= 0.995 * blind ? blind : log(t->classes.count);
}

bool an_trainer_stuck_at(const alexnet_trainer *t, double loss)
{
    const double even = log(t->classes.count);
    return loss >= 0.995 * an_trainer_blind_loss(t) || fabs(loss - even) <= 0.005 * even;
}

void an_trainer_why_stuck(const alexnet_trainer *t, double loss, char *out, size_t size)
{
    if (!nothing_learns(t, out, size) && !bad_pictures_or_layers(t, out, size))
        by_numbers(t, loss > TOO_HIGH * chance_of(t, loss), out, size);
}

/* Whether the answers of the epoch were right more often than those of a network that sees nothing,
 * which is at best right for the largest class. */
static bool beats_guessing(const alexnet_trainer *t)
{
    const double n = (double)t->record.epoch.images, right = n - t->record.epoch.top1;
    const double share = an_trainer_largest_share(t);
    return right > n * share + NO_LUCK * sqrt(n * share * (1 - share));
}

/* Whether a run that learns would show it by the end of this epoch. */
static bool had_time(const alexnet_trainer *t, int64_t epochs)
{
    const double warmup = an_recipe_number(t->recipe, AN_KEY_WARMUP, NULL, 0);
    const double updates = (double)t->record.step - warmup * (double)t->steps_per_epoch;
    const bool ends = epochs == t->epochs || an_trainer_stopped_early(t);
    return (ends || epochs >= 2) && updates >= (ends ? UPDATES_TO_JUDGE : UPDATES_TO_BEGIN);
}

void an_trainer_warn_if_stuck(alexnet_trainer *t)
{
    const double loss = an_tally_metrics(&t->record.epoch).loss;
    const double chance = chance_of(t, loss), even = log(t->classes.count);
    const int64_t epochs = t->record.step / t->steps_per_epoch;
    char why[512], formula[32] = "by class_weights";
    t->record.told_stuck &= loss >= RECOVERED * even;
    if (t->record.told_stuck || !had_time(t, epochs) || !an_trainer_stuck_at(t, loss) ||
        beats_guessing(t))
        return;
    an_trainer_why_stuck(t, loss, why, sizeof why);
    if (chance == even)
        snprintf(formula, sizeof formula, "ln %d", t->classes.count);
    an_log(t->ctx, ALEXNET_LOG_WARNING,
           "the loss of epoch %lld is %.3f, %s (%s = %.3f): nothing is learnt. %s",
           (long long)epochs, loss,
           loss > 1.005 * chance ? "above that of chance" : "that of chance", formula, chance, why);
    t->record.told_stuck = true;
}
