/*
 * The end of a run whose loss is not finite, and the reason: the first layer whose output is not.
 * The update of such a batch is not made (hold() of backend.h), so that the batch can be computed
 * again with the weights that it met. Nothing of this costs anything before.
 */
#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/status.h"
#include "train/trainer.h"

/* One picture of the batch, computed again with the output of every layer kept. */
typedef struct look {
    const alexnet_trainer *t;
    an_program *of;     /* the program that met the batch, */
    an_arena values_of; /* with the parameters of this arena */
    an_program *program;
    int n_places;
    int *places; /* in the order in which they are computed */
    an_score *scores;
    an_slot *slots;
    uint8_t *pixels;
    float *values;
} look;

/* The picture, and another that may be mixed into it. */
enum { LOOK_SLOTS = 2 };

static size_t picture_bytes(const look *l)
{
    const size_t side = (size_t)l->t->net->network->input.side;
    return side * side * 3;
}

static alexnet_status list_places(look *l)
{
    const alexnet_network *network = l->t->net->network;
    const size_t room = 2 * (size_t)network->count + 1;
    l->places = an_calloc(room, sizeof *l->places);
    if (!l->places)
        return AN_FAIL_MEMORY(room * sizeof *l->places, "a list of layers");
    l->places[l->n_places++] = AN_LAYER_INPUT;
    for (int i = 0; i < network->count; i++) {
        const an_layer *layer = &network->layers[i];
        /* a ReLU may make a number of what is none */
        if (layer->has_neuron && layer->type != AN_LAYER_NEURON)
            l->places[l->n_places++] = an_place_before_neuron(i);
        l->places[l->n_places++] = i;
    }
    return ALEXNET_OK;
}

static alexnet_status make_look(look *l)
{
    const size_t batch = (size_t)l->t->batch;
    int64_t largest = 0;
    AN_CHECK(list_places(l));
    const an_program_options options = {.slots = LOOK_SLOTS,
                                        .pictures = LOOK_SLOTS,
                                        .values = l->values_of,
                                        .keep = l->places,
                                        .n_keep = l->n_places};
    AN_CHECK(an_program_compile(&l->program, l->t->net, &options));
    for (int i = 0; i < l->n_places; i++) {
        const int64_t count = an_chw_count(an_program_shape(l->program, l->places[i]));
        largest = count > largest ? count : largest;
    }
    l->scores = an_calloc(batch, sizeof *l->scores);
    l->slots = an_calloc(batch, sizeof *l->slots);
    l->pixels = an_calloc(LOOK_SLOTS, picture_bytes(l));
    l->values = an_calloc(LOOK_SLOTS * (size_t)largest, sizeof *l->values);
    if (!l->scores || !l->slots || !l->pixels || !l->values)
        return AN_FAIL_MEMORY(LOOK_SLOTS * ((size_t)largest * 4 + picture_bytes(l)),
                              "a look at every layer");
    return an_program_pack(l->program);
}

static void end_look(look *l)
{
    an_program_free(l->program);
    an_free(l->places);
    an_free(l->scores);
    an_free(l->slots);
    an_free(l->pixels);
    an_free(l->values);
}

/* The first slot whose loss is not finite; -1: none. */
static int bad_slot(const look *l)
{
    for (int i = 0; i < l->t->batch; i++)
        if (l->slots[i].picture >= 0 && !isfinite(l->scores[i].loss))
            return i;
    return -1;
}

/* Let the program see the slot as the batch had it. */
static alexnet_status feed(look *l, int index)
{
    an_slot slots[LOOK_SLOTS] = {l->slots[index], {.picture = -1, .label = -1}};
    const an_step_state state = {0};
    AN_CHECK(an_program_picture(l->of, slots[0].picture, l->pixels));
    slots[0].picture = 0;
    if (slots[0].share > 0) {
        slots[1] = l->slots[slots[0].partner];
        slots[1].share = 0;
        slots[0].partner = 1;
    }
    if (slots[1].picture >= 0) {
        AN_CHECK(an_program_picture(l->of, slots[1].picture, l->pixels + picture_bytes(l)));
        slots[1].picture = 1;
    }
    return an_program_feed(l->program, l->pixels, slots, &state);
}

static bool are_finite(const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

/* @param found  out: whether there is one; then `place` is the first that is not finite */
static alexnet_status look_through(look *l, bool *found, int *place)
{
    AN_CHECK(make_look(l));
    AN_CHECK(an_program_scores(l->of, l->scores));
    AN_CHECK(an_program_slots(l->of, l->slots));
    const int slot = bad_slot(l);
    if (slot < 0)
        return ALEXNET_OK;
    AN_CHECK(feed(l, slot));
    AN_CHECK(an_program_run(l->program));
    for (int i = 0; i < l->n_places && !*found; i++) {
        *place = l->places[i];
        AN_CHECK(an_program_read(l->program, *place, l->values));
        *found = !are_finite(l->values, an_chw_count(an_program_shape(l->program, *place)));
    }
    return ALEXNET_OK;
}

/* The first parameter of an arena, of one layer (-1: the input) or of any (ANY), that is not
 * finite; NULL: none, or it cannot be told. */
enum { ANY = -2 };

static const char *bad_parameter(const alexnet_trainer *t, an_arena arena, int layer)
{
    const an_net *net = t->net;
    an_norm norm;
    for (int i = 0; i < net->count; i++) {
        const an_span span = {an_net_at(net, arena, i), net->params[i].count};
        if ((layer == ANY || net->params[i].layer == layer) &&
            net->backend->api->norms(net->backend, &span, 1, &norm) == ALEXNET_OK &&
            norm.not_finite)
            return net->params[i].name;
    }
    return NULL;
}

/* ": the first layer whose output is not finite is conv2"; what is not known is left out. */
static void describe(const alexnet_trainer *t, char *out, size_t size)
{
    const bool val = t->record.phase == AN_PHASE_VAL;
    look l = {.t = t,
              .of = val ? t->runner->program : t->program,
              .values_of = val ? an_trainer_result(t) : AN_VALUES};
    bool found = false;
    int place = 0;
    const alexnet_status rc = look_through(&l, &found, &place);
    const int layer = place == AN_LAYER_INPUT ? -1 : place % AN_LAYERS_MAX;
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
    end_look(&l);
}

alexnet_status an_trainer_diverged(alexnet_trainer *t, const char *loss, int64_t update,
                                   int64_t epoch)
{
    char reason[AN_NAME_MAX + sizeof t->net->params->name + 128];
    describe(t, reason, sizeof reason);
    snprintf(t->diverged, sizeof t->diverged,
             "training diverged: the %s update %lld (epoch %lld) is not finite%s%s. Try a rate of "
             "%.3g",
             loss, (long long)update, (long long)epoch, reason,
             t->trial ? "" : "; the last good checkpoint is kept",
             an_recipe_number(t->recipe, AN_KEY_RATE, NULL, 1) / 10);
    return an_trainer_check_diverged(t);
}

alexnet_status an_trainer_check_diverged(const alexnet_trainer *t)
{
    return *t->diverged ? AN_FAIL(ALEXNET_ERROR_DIVERGED, "%s", t->diverged) : ALEXNET_OK;
}
