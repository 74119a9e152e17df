#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"
#include "infer/distance_impl.h"

/* ---- The network ---- */

/* Mean and scale of each channel; a mean image is averaged. */
static alexnet_status find_preprocessing(an_distance *d)
{
    int mean = an_net_find(d->net, "input.mean");
    memcpy(d->scale, d->net->network->input.scale, sizeof d->scale);
    if (mean < 0)
        return ALEXNET_OK;
    int64_t count = d->net->params[mean].count,
            plane = count / an_channel_count((an_channels)d->net->network->input.channels);
    double *values = an_calloc((size_t)count, sizeof *values);
    if (!values)
        return AN_FAIL_MEMORY((size_t)count * sizeof *values, "a mean image");
    alexnet_status rc = an_net_read(d->net, AN_VALUES, mean, values, AN_F64);
    for (int64_t i = 0; i < count && rc == ALEXNET_OK; i++)
        d->mean[i / plane] += values[i] / (double)plane;
    an_free(values);
    return rc;
}

/* The layer whose output is that of a convolution after its ReLU, which may be a layer of its
 * own. */
static int after_neuron(const alexnet_network *network, int layer)
{
    if (network->layers[layer].has_neuron)
        return layer;
    for (int i = layer + 1; i < network->count; i++)
        if (network->layers[i].type == AN_LAYER_NEURON && network->layers[i].n_inputs == 1 &&
            network->layers[i].inputs[0] == layer)
            return i;
    return layer;
}

/* List the layers of all convolutions. @param layers  [network->count] @return their number */
static int list_layers(const alexnet_network *network, int *layers)
{
    int n = 0;
    for (int i = 0; i < network->count; i++)
        if (network->layers[i].type == AN_LAYER_CONV)
            layers[n++] = after_neuron(network, i);
    return n;
}

alexnet_status an_distance_suits(const an_net *net, const an_lpips *lpips)
{
    const alexnet_network *network = net->network;
    const an_graph *graph = &network->graph;
    int layers[AN_LAYERS_MAX], n = list_layers(network, layers);
    if (n != lpips->count)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "the weights of LPIPS are for %d layers, but %s has %d convolutions",
                       lpips->count, network->name, n);
    for (int i = 0; i < n; i++) {
        int channels = graph->nodes[graph->layer_node[layers[i]]].desc.out.c;
        if (channels != lpips->channels[i])
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                           "the weights of LPIPS are for %d channels, but %s of %s has %d; the "
                           "published ones are for torchvision's AlexNet (alexnet-owt)",
                           lpips->channels[i], network->layers[layers[i]].name, network->name,
                           channels);
    }
    return ALEXNET_OK;
}

static alexnet_status find_layers(an_distance *d)
{
    const alexnet_network *network = d->net->network;
    d->layers = an_calloc((size_t)network->count, sizeof *d->layers);
    if (!d->layers)
        return AN_FAIL_MEMORY((size_t)network->count * sizeof *d->layers, "a distance");
    list_layers(network, d->layers);
    return an_distance_suits(d->net, d->lpips);
}

static atomic_uint_fast64_t last_number;

alexnet_status an_distance_new(an_distance **out, an_net *net, const char *path, int side)
{
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    an_distance *d = an_calloc(1, sizeof *d);
    if (!d)
        return AN_FAIL_MEMORY(sizeof *d, "a distance");
    d->net = an_net_retain(net);
    d->number = atomic_fetch_add(&last_number, 1) + 1;
    d->fit = side ? (an_fit){.rule = AN_FIT_WARP, .side = side}
                  : (an_fit){.rule = AN_FIT_KEEP, .side = AN_DISTANCE_SIDE_MAX};
    d->lpips = &net->lpips;
    if (path) {
        AN_TRY(an_lpips_load(&d->own, net->ctx, path));
        d->lpips = &d->own;
    }
    if (!d->lpips->count) {
        rc = AN_FAIL(
            ALEXNET_ERROR_INVALID_ARGUMENT,
            "the model holds no weights of LPIPS, and no file with them is given; the published "
            "ones are weights/v0.1/alex.pth of github.com/richzhang/PerceptualSimilarity");
        goto cleanup;
    }
    AN_TRY(find_layers(d));
    AN_TRY(find_preprocessing(d));
    *out = d;
    d = NULL;
cleanup:
    an_distance_free(d);
    return rc;
}

void an_distance_free(an_distance *d)
{
    if (!d)
        return;
    an_distance_free_programs(d);
    an_lpips_free(&d->own);
    an_free(d->layers);
    an_net_release(d->net);
    an_free(d);
}

/* ---- Distances ---- */

static an_distance_layer layer_of(const an_distance *d, const an_distance_picture *a,
                                  const an_distance_picture *b, int index)
{
    int64_t before = 0; /* positions of earlier layers */
    for (int i = 0; i < index; i++)
        before += a->positions[i];
    return (an_distance_layer){
        d->lpips->channels[index], a->positions[index], d->lpips->weights[index], a->layers[index],
        b->layers[index],          a->norms + before,   b->norms + before};
}

static alexnet_status compute_gradient(an_distance *d, const an_distance_picture *a,
                                       const an_distance_picture *b, float *gradient)
{
    alexnet_status rc = ALEXNET_OK;
    an_program *program;
    int64_t most = 0;
    for (int i = 0; i < d->lpips->count; i++)
        most = a->positions[i] * d->lpips->channels[i] > most
                   ? a->positions[i] * d->lpips->channels[i]
                   : most;
    float *seed = an_calloc((size_t)most, sizeof *seed);
    if (!seed)
        return AN_FAIL_MEMORY((size_t)most * sizeof *seed, "a gradient");
    AN_TRY(an_distance_program(&program, d, a->rows, a->columns, AN_OF_INPUT));
    for (int i = 0; i < d->lpips->count; i++) {
        const an_distance_layer layer = layer_of(d, a, b, i);
        an_distance_gradient(&layer, seed);
        AN_TRY(an_program_seed(program, d->layers[i], seed));
    }
    AN_TRY(an_program_give(program, a->input));
    AN_TRY(an_program_run(program));
    AN_TRY(an_program_input_gradient(program, gradient));
    an_distance_to_levels(d, gradient, (int64_t)a->rows * a->columns);
    AN_TRY(an_distance_check_numbers(gradient, 3 * (int64_t)a->rows * a->columns, "the gradients"));
cleanup:
    an_free(seed);
    return rc;
}

alexnet_status an_distance_between(an_distance *d, const an_distance_picture *a,
                                   const an_distance_picture *b, double *value, double *parts,
                                   float *gradient)
{
    double sum = 0;
    AN_CHECK(an_compute_check(d->net->ctx));
    if (a->number != d->number || b->number != d->number)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "a picture was made for another alexnet_distance");
    if (a->rows != b->rows || a->columns != b->columns)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "the pictures differ in size: %d x %d and %d x %d pixels; resize them "
                       "to one size first",
                       a->columns, a->rows, b->columns, b->rows);
    for (int i = 0; i < d->lpips->count; i++) {
        const an_distance_layer layer = layer_of(d, a, b, i);
        double part = an_distance_sum(&layer);
        sum += part;
        if (parts)
            parts[i] = part;
    }
    if (value)
        *value = sum;
    return gradient ? compute_gradient(d, a, b, gradient) : ALEXNET_OK;
}
