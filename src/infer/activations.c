#include "infer/activations.h"

#include "base/alloc.h"
#include "base/status.h"
#include "infer/centre.h"

static alexnet_status open_features(an_features **out, alexnet_model *model)
{
    const alexnet_network *network = model->net->network;
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    const char **names = an_calloc((size_t)network->count, sizeof *names);
    if (!names)
        return AN_FAIL_MEMORY((size_t)network->count * sizeof *names, "activations");
    for (int i = 0; i < network->count; i++)
        names[i] = network->layers[i].name;
    options.layers = names;
    options.count = network->count;
    options.batch = 1;
    alexnet_status rc = an_features_new(out, model, &options);
    an_free(names);
    return rc;
}

alexnet_status an_activations_new(an_activations **out, alexnet_model *model)
{
    alexnet_status rc = ALEXNET_OK;
    const size_t side = (size_t)model->net->network->input.side;
    *out = NULL;
    an_activations *a = an_calloc(1, sizeof *a);
    if (!a)
        return AN_FAIL_MEMORY(sizeof *a, "activations");
    AN_TRY(open_features(&a->features, model));
    a->stored = an_calloc(side * side, 3);
    a->values = an_calloc((size_t)a->features->length, sizeof *a->values);
    if (!a->stored || !a->values) {
        rc = AN_FAIL_MEMORY(side * side * 3, "activations");
        goto cleanup;
    }
    *out = a;
    a = NULL;
cleanup:
    an_activations_free(a);
    return rc;
}

void an_activations_free(an_activations *a)
{
    if (!a)
        return;
    an_features_free(a->features);
    an_free(a->stored);
    an_free(a->values);
    an_free(a);
}

alexnet_status an_activations_compute(an_activations *a, const uint8_t *crop)
{
    an_centre_lay(a->stored, a->features->model->net->network, crop);
    AN_CHECK(an_features_compute(a->features, a->stored, 1, a->values));
    return an_features_check(a->features, a->values, "the crop");
}

const float *an_activations_layer(const an_activations *a, int layer)
{
    if (layer < 0 || layer >= a->features->count)
        return NULL;
    return a->values + a->features->outputs[layer].offset;
}
