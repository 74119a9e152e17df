#include "train/look.h"

#include "base/alloc.h"
#include "base/status.h"
#include "train/trainer_impl.h"

size_t an_look_picture_bytes(const an_look *l)
{
    const size_t side = (size_t)l->t->net->network->input.side;
    return side * side * 3;
}

int an_look_layer(int place)
{
    return place == AN_LAYER_INPUT ? -1 : place % AN_LAYERS_MAX;
}

int64_t an_look_size(const an_look *l, int place)
{
    return an_chw_count(an_program_shape(l->program, place));
}

static alexnet_status list_places(an_look *l)
{
    const alexnet_network *network = l->t->net->network;
    const size_t room = 2 * (size_t)network->count + 1;
    l->places = an_calloc(room, sizeof *l->places);
    if (!l->places)
        return AN_FAIL_MEMORY(room * sizeof *l->places, "a list of layers");
    l->places[l->n_places++] = AN_LAYER_INPUT;
    for (int i = 0; i < network->count; i++) {
        const an_layer *layer = &network->layers[i];
        /* a ReLU can turn a NaN into a number */
        if (layer->has_neuron && layer->type != AN_LAYER_NEURON)
            l->places[l->n_places++] = an_place_before_neuron(i);
        l->places[l->n_places++] = i;
    }
    return ALEXNET_OK;
}

static alexnet_status make_buffers(an_look *l)
{
    const size_t batch = (size_t)l->t->batch;
    int64_t largest = 0;
    for (int i = 0; i < l->n_places; i++) {
        const int64_t size = an_look_size(l, l->places[i]);
        largest = size > largest ? size : largest;
    }
    l->batch = an_calloc(batch, sizeof *l->batch);
    l->scores = an_calloc(batch, sizeof *l->scores);
    l->pixels = an_calloc(AN_LOOK_PICTURES, an_look_picture_bytes(l));
    l->values = an_calloc(AN_LOOK_PICTURES * (size_t)largest, sizeof *l->values);
    if (l->batch && l->scores && l->pixels && l->values)
        return ALEXNET_OK;
    return AN_FAIL_MEMORY(AN_LOOK_PICTURES * ((size_t)largest * 4 + an_look_picture_bytes(l)),
                          "a look at every layer");
}

alexnet_status an_look_begin(an_look *l, const alexnet_trainer *t, bool val)
{
    *l = (an_look){.t = t,
                   .of = val ? t->runner->program : t->program,
                   .values_of = val ? an_trainer_result(t) : AN_VALUES};
    for (int i = 0; i < AN_LOOK_PICTURES; i++)
        l->slots[i] = (an_slot){.picture = -1, .label = -1};
    AN_CHECK(list_places(l));
    const an_program_options options = {.slots = AN_LOOK_PICTURES,
                                        .pictures = AN_LOOK_PICTURES,
                                        .values = l->values_of,
                                        .keep = l->places,
                                        .n_keep = l->n_places};
    AN_CHECK(an_program_compile(&l->program, t->net, &options));
    AN_CHECK(make_buffers(l));
    AN_CHECK(an_program_scores(l->of, l->scores));
    return an_program_slots(l->of, l->batch);
}

void an_look_end(an_look *l)
{
    an_program_free(l->program);
    an_free(l->places);
    an_free(l->batch);
    an_free(l->scores);
    an_free(l->pixels);
    an_free(l->values);
}

alexnet_status an_look_add(an_look *l, int slot)
{
    an_slot *to = &l->slots[l->count];
    *to = l->batch[slot];
    to->mixed = (an_box){0};
    to->partner = 0;
    to->share = 0;
    if (to->picture >= 0)
        AN_CHECK(an_program_picture(l->of, to->picture,
                                    l->pixels + (size_t)l->count * an_look_picture_bytes(l)));
    to->picture = to->picture < 0 ? -1 : l->count;
    l->count++;
    return ALEXNET_OK;
}

alexnet_status an_look_run(an_look *l)
{
    const an_step_state state = {0};
    AN_CHECK(an_program_pack(l->program));
    AN_CHECK(an_program_feed(l->program, l->pixels, l->slots, &state));
    return an_program_run(l->program);
}

alexnet_status an_look_read(an_look *l, int place)
{
    return an_program_read(l->program, place, l->values);
}
