/*
 * Ends a run whose loss is not finite, and finds the first layer whose output is not. The update of
 * such a batch is not made (hold() of backend.h), so the batch can be computed again with the same
 * weights. A run that does not diverge pays nothing for this.
 */
#include <math.h>
#include <stdio.h>

#include "base/status.h"
#include "train/look.h"
#include "train/trainer_impl.h"

/* The first slot whose loss is not finite; -1: none. That of an empty slot is 0. */
static int bad_slot(const an_look *l)
{
    for (int i = 0; i < l->t->batch; i++)
        if (!isfinite(l->scores[i].loss))
            return i;
    return -1;
}

/* A slot as the batch had it, with the picture that was mixed into it. */
static alexnet_status add(an_look *l, int slot)
{
    const an_slot *s = &l->batch[slot];
    AN_CHECK(an_look_add(l, slot));
    if (s->share == 0)
        return ALEXNET_OK;
    l->slots[0].mixed = s->mixed;
    l->slots[0].share = s->share;
    l->slots[0].partner = 1;
    return an_look_add(l, s->partner);
}

/* @param found  out: whether an output is not finite; `place` is then the first of these */
static alexnet_status look_through(an_look *l, bool *found, int *place)
{
    const int slot = bad_slot(l);
    if (slot < 0)
        return ALEXNET_OK;
    AN_CHECK(add(l, slot));
    AN_CHECK(an_look_run(l));
    for (int i = 0; i < l->n_places && !*found; i++) {
        *place = l->places[i];
        AN_CHECK(an_look_read(l, *place));
        *found = !an_all_finite(l->values, an_look_size(l, *place), AN_F32);
    }
    return ALEXNET_OK;
}

/* The first parameter of an arena, of one layer (-1: the input) or of any (ANY), that is not
 * finite; NULL: none, or it cannot be determined. */
enum { ANY = -2 };

static const char *bad_parameter(const alexnet_trainer *t, an_arena arena, int layer)
{
    const an_net *net = t->net;
    an_norm norm;
    for (int i = 0; i < net->count; i++)
        if ((layer == ANY || net->params[i].layer == layer) &&
            an_net_norm(net, arena, i, &norm) == ALEXNET_OK && norm.not_finite)
            return net->params[i].name;
    return NULL;
}

/* ": the first layer whose output is not finite is conv2"; what is not known is omitted. */
static void describe(const alexnet_trainer *t, char *out, size_t size)
{
    an_look l;
    bool found = false;
    int place = 0;
    alexnet_status rc = an_look_begin(&l, t, t->record.phase == AN_PHASE_VAL);
    if (rc == ALEXNET_OK)
        rc = look_through(&l, &found, &place);
    const int layer = an_look_layer(place);
    const char *name;
    out[0] = '\0';
    if (rc == ALEXNET_OK && found) {
        name = bad_parameter(t, l.values_of, layer);
        snprintf(out, size, ": the first %s%s%s%s%s",
                 layer < 0 ? "values that are not finite are those of the network's input"
                           : "layer whose output is not finite is ",
                 layer < 0 ? "" : t->net->network->layers[layer].name, name ? ", and " : "",
                 name ? name : "", name ? " holds such values" : "");
    } else if ((name = bad_parameter(t, l.values_of, ANY))) {
        snprintf(out, size, ": %s holds values that are not finite", name);
    } else if ((name = bad_parameter(t, AN_GRADIENTS, ANY))) {
        snprintf(out, size, ": the gradient of %s holds values that are not finite", name);
    }
    an_look_end(&l);
}

double an_trainer_usual_rate(const alexnet_trainer *t)
{
    static const double of_adam = 0.001; /* PyTorch's */
    alexnet_recipe *usual;
    if (an_schedule_is_adam(t->recipe))
        return of_adam;
    if (an_recipe_load(&usual, "default") != ALEXNET_OK)
        return NAN;
    const double rate = an_recipe_number(usual, AN_KEY_RATE, NULL, 1);
    an_recipe_free(usual);
    return rate;
}

double an_trainer_lower_rate(const alexnet_trainer *t)
{
    return fmin(an_recipe_number(t->recipe, AN_KEY_RATE, NULL, 1) / 10, an_trainer_usual_rate(t));
}

alexnet_status an_trainer_fail_diverged(const alexnet_trainer *t, const char *what)
{
    const double rate = an_trainer_lower_rate(t);
    if (t->trial)
        return AN_FAIL(ALEXNET_ERROR_DIVERGED, "training diverged: %s. Try a rate of %.3g", what,
                       rate);
    return AN_FAIL(ALEXNET_ERROR_DIVERGED,
                   "training diverged: %s; the last good checkpoint is kept. Try a rate of %.3g in "
                   "a new run, because that of a run is fixed, or find one with "
                   "`ALEXNET_TRIAL_RATES`",
                   what, rate);
}

alexnet_status an_trainer_diverged(alexnet_trainer *t, const char *loss, int64_t update,
                                   int64_t epoch)
{
    char reason[AN_NAME_MAX + sizeof t->net->params->name + 128];
    describe(t, reason, sizeof reason);
    snprintf(t->diverged, sizeof t->diverged, "the %s update %lld (epoch %lld) is not finite%s",
             loss, (long long)update, (long long)epoch, reason);
    return an_trainer_check_diverged(t);
}

alexnet_status an_trainer_check_diverged(const alexnet_trainer *t)
{
    return *t->diverged ? an_trainer_fail_diverged(t, t->diverged) : ALEXNET_OK;
}
