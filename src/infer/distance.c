#include "infer/distance.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/resize.h"

/* ---- The network ---- */

static int channels_of(const an_distance *d)
{
    return an_channel_count((an_channels)d->net->network->input.channels);
}

/* Mean and scale of each channel; a mean image is averaged. */
static alexnet_status find_preprocessing(an_distance *d)
{
    int mean = an_net_find(d->net, "input.mean");
    memcpy(d->scale, d->net->network->input.scale, sizeof d->scale);
    if (mean < 0)
        return ALEXNET_OK;
    int64_t count = d->net->params[mean].count, plane = count / channels_of(d);
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
static int behind_neuron(const alexnet_network *network, int layer)
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
            layers[n++] = behind_neuron(network, i);
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
    d->side = side;
    d->lpips = &net->lpips;
    if (path) {
        AN_TRY(an_lpips_load(&d->own, net->ctx, path));
        d->lpips = &d->own;
    }
    if (!d->lpips->count) {
        rc = AN_FAIL(
            ALEXNET_ERROR_INVALID_ARGUMENT,
            "the model holds no weights of LPIPS, and no file of them is given; the published "
            "one is weights/v0.1/alex.pth of github.com/richzhang/PerceptualSimilarity");
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

/* ---- Sizes ---- */

static void free_size(an_distance_size *size)
{
    an_program_free(size->forward);
    an_program_free(size->backward);
    *size = (an_distance_size){0};
}

void an_distance_free(an_distance *d)
{
    if (!d)
        return;
    for (int i = 0; i < AN_DISTANCE_SIZES; i++)
        free_size(&d->sizes[i]);
    an_lpips_free(&d->own);
    an_free(d->layers);
    an_net_release(d->net);
    an_free(d);
}

static alexnet_status compile(an_program **out, an_distance *d, int rows, int columns,
                              int gradients)
{
    an_program_options options = {.slots = 1,
                                  .pictures = 1,
                                  .gradients = gradients,
                                  .keep = d->layers,
                                  .n_keep = d->lpips->count,
                                  .rows = rows,
                                  .columns = columns};
    alexnet_status rc = an_program_compile(out, d->net, &options);
    if (rc == ALEXNET_OK)
        rc = an_program_pack(*out);
    if (rc != ALEXNET_OK) {
        char what[96];
        an_program_free(*out);
        *out = NULL;
        snprintf(what, sizeof what, "a picture of %d x %d pixels", columns, rows);
        return an_fail_within(rc, what);
    }
    return ALEXNET_OK;
}

/* Find a free place for a size. While there are too many sizes, or too many pixels in all, the one
 * that was used least recently is freed. */
static an_distance_size *make_way(an_distance *d, int64_t pixels)
{
    for (;;) {
        an_distance_size *empty = NULL, *oldest = NULL;
        int64_t sum = pixels;
        for (int i = 0; i < AN_DISTANCE_SIZES; i++) {
            an_distance_size *size = &d->sizes[i];
            if (!size->rows)
                empty = size;
            else if (!oldest || size->used < oldest->used)
                oldest = size;
            sum += (int64_t)size->rows * size->columns;
        }
        if (empty && (sum <= AN_DISTANCE_PIXELS_MAX || !oldest))
            return empty;
        free_size(oldest);
    }
}

static alexnet_status find_size(an_distance_size **out, an_distance *d, int rows, int columns)
{
    for (int i = 0; i < AN_DISTANCE_SIZES; i++)
        if (d->sizes[i].rows == rows && d->sizes[i].columns == columns) {
            d->sizes[i].used = ++d->uses;
            *out = &d->sizes[i];
            return ALEXNET_OK;
        }
    an_distance_size *size = make_way(d, (int64_t)rows * columns);
    AN_CHECK(compile(&size->forward, d, rows, columns, 0));
    size->rows = rows;
    size->columns = columns;
    size->used = ++d->uses;
    *out = size;
    return ALEXNET_OK;
}

/* ---- Pictures ---- */

void an_distance_picture_free(an_distance_picture *picture)
{
    if (!picture)
        return;
    an_free(picture->input);
    an_free(picture->features);
    an_free(picture->layers);
    an_free(picture->positions);
    an_free(picture);
}

static int64_t count_features(const an_distance_picture *p)
{
    int64_t count = 0;
    for (int i = 0; i < p->distance->lpips->count; i++)
        count += p->positions[i] * p->distance->lpips->channels[i];
    return count;
}

static alexnet_status make_buffers(an_distance_picture *p, const an_program *program)
{
    const an_lpips *lpips = p->distance->lpips;
    const size_t n = (size_t)lpips->count;
    p->positions = an_calloc(n, sizeof *p->positions);
    p->layers = an_calloc(n, sizeof *p->layers);
    if (!p->positions || !p->layers)
        return AN_FAIL_MEMORY(n * sizeof *p->layers, "a picture");
    for (int i = 0; i < lpips->count; i++) {
        const an_chw out = an_program_shape(program, p->distance->layers[i]);
        p->positions[i] = (int64_t)out.h * out.w;
    }
    p->bytes =
        (size_t)(count_features(p) + (int64_t)channels_of(p->distance) * p->rows * p->columns) *
        sizeof(float);
    p->input = an_calloc(3 * (size_t)p->rows * (size_t)p->columns, sizeof *p->input);
    p->features = an_calloc((size_t)count_features(p), sizeof *p->features);
    if (!p->input || !p->features)
        return AN_FAIL_MEMORY(p->bytes, "a picture's features");
    float *at = p->features;
    for (int i = 0; i < lpips->count; i++) {
        p->layers[i] = at;
        at += p->positions[i] * lpips->channels[i];
    }
    return ALEXNET_OK;
}

/* How much of R, G, B is in a channel of the network. */
static double share_of(const an_distance *d, int channel, int colour)
{
    return an_channel_share((an_channels)d->net->network->input.channels, channel, colour);
}

static void prepare(an_distance_picture *p, const float *levels)
{
    const an_distance *d = p->distance;
    const int64_t plane = (int64_t)p->rows * p->columns;
    for (int c = 0; c < channels_of(d); c++) {
        const double red = share_of(d, c, 0), green = share_of(d, c, 1), blue = share_of(d, c, 2);
        for (int64_t i = 0; i < plane; i++) {
            double level =
                red * levels[i] + green * levels[plane + i] + blue * levels[2 * plane + i];
            p->input[c * plane + i] = (float)(d->scale[c] * (level - d->mean[c]));
        }
    }
}

static alexnet_status check_numbers(const float *values, int64_t count, const char *what)
{
    bool finite = true;
    for (int64_t i = 0; i < count; i++)
        finite &= isfinite(values[i]) != 0;
    if (finite)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_BAD_MODEL,
                   "%s that the model computes are not numbers: its weights are damaged, or too "
                   "large",
                   what);
}

static alexnet_status compute_features(an_distance_picture *p, an_program *program)
{
    AN_CHECK(an_program_give(program, p->input));
    AN_CHECK(an_program_run(program));
    for (int i = 0; i < p->distance->lpips->count; i++)
        AN_CHECK(an_program_read(program, p->distance->layers[i], p->layers[i]));
    return check_numbers(p->features, count_features(p), "the features");
}

static alexnet_status check_pixels(int rows, int columns, const char *name)
{
    if ((int64_t)rows * columns <= AN_DISTANCE_PIXELS_MAX)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s has %d x %d pixels; a distance is computed of at most %d (4096 x 4096)",
                   name, columns, rows, AN_DISTANCE_PIXELS_MAX);
}

alexnet_status an_distance_look(an_distance_picture **out, an_distance *d, const float *levels,
                                int rows, int columns, const char *name)
{
    alexnet_status rc = ALEXNET_OK;
    an_distance_size *size;
    *out = NULL;
    AN_CHECK(an_ctx_check(d->net->ctx));
    AN_CHECK(check_pixels(rows, columns, name));
    an_distance_picture *p = an_calloc(1, sizeof *p);
    if (!p)
        return AN_FAIL_MEMORY(sizeof *p, "a picture");
    *p =
        (an_distance_picture){.distance = d, .number = d->number, .rows = rows, .columns = columns};
    AN_TRY(find_size(&size, d, rows, columns));
    AN_TRY(make_buffers(p, size->forward));
    prepare(p, levels);
    AN_TRY(compute_features(p, size->forward));
    *out = p;
    p = NULL;
cleanup:
    an_distance_picture_free(p);
    return rc == ALEXNET_OK ? rc : an_fail_within(rc, name);
}

static alexnet_status resize(an_picture *out, const an_picture *picture, int side)
{
    *out = (an_picture){.width = side, .height = side};
    out->rgb = an_malloc((size_t)side * (size_t)side * 3);
    if (!out->rgb)
        return AN_FAIL_MEMORY((size_t)side * (size_t)side * 3, "a picture");
    return an_resize(out->rgb, side, side, picture->rgb, picture->width, picture->height);
}

alexnet_status an_distance_look_at(an_distance_picture **out, an_distance *d,
                                   const an_picture *picture, const char *name)
{
    const int64_t plane = (int64_t)picture->width * picture->height;
    *out = NULL;
    AN_CHECK(check_pixels(picture->height, picture->width, name));
    float *levels = an_calloc(3 * (size_t)plane, sizeof *levels);
    if (!levels)
        return AN_FAIL_MEMORY(3 * (size_t)plane * sizeof *levels, name);
    for (int64_t i = 0; i < plane; i++)
        for (int c = 0; c < 3; c++)
            levels[c * plane + i] = picture->rgb[3 * i + c];
    alexnet_status rc = an_distance_look(out, d, levels, picture->height, picture->width, name);
    an_free(levels);
    return rc;
}

alexnet_status an_distance_look_resized(an_distance_picture **out, an_distance *d,
                                        const an_picture *picture, const char *name)
{
    an_picture resized = {0};
    *out = NULL;
    if (!d->side)
        return an_distance_look_at(out, d, picture, name);
    alexnet_status rc = resize(&resized, picture, d->side);
    if (rc == ALEXNET_OK)
        rc = an_distance_look_at(out, d, &resized, name);
    an_picture_free(&resized);
    return rc;
}

/* ---- Distances ---- */

static an_distance_layer layer_of(const an_distance *d, const an_distance_picture *a,
                                  const an_distance_picture *b, int index)
{
    return (an_distance_layer){d->lpips->channels[index], a->positions[index],
                               d->lpips->weights[index], a->layers[index], b->layers[index]};
}

/* Convert a gradient of the network's scaled channels to one of grey levels of R, G, B. */
static void of_levels(const an_distance *d, float *gradient, int64_t plane)
{
    const int channels = channels_of(d);
    for (int64_t i = 0; i < plane; i++) {
        double of_colour[3] = {0};
        for (int c = 0; c < channels; c++)
            for (int colour = 0; colour < 3; colour++)
                of_colour[colour] += share_of(d, c, colour) * d->scale[c] * gradient[c * plane + i];
        for (int colour = 0; colour < 3; colour++)
            gradient[colour * plane + i] = (float)of_colour[colour];
    }
}

static alexnet_status compute_gradient(an_distance *d, const an_distance_picture *a,
                                       const an_distance_picture *b, float *gradient)
{
    alexnet_status rc = ALEXNET_OK;
    an_distance_size *size;
    int64_t most = 0;
    for (int i = 0; i < d->lpips->count; i++)
        most = a->positions[i] * d->lpips->channels[i] > most
                   ? a->positions[i] * d->lpips->channels[i]
                   : most;
    float *seed = an_calloc((size_t)most, sizeof *seed);
    if (!seed)
        return AN_FAIL_MEMORY((size_t)most * sizeof *seed, "a gradient");
    AN_TRY(find_size(&size, d, a->rows, a->columns));
    if (!size->backward)
        AN_TRY(compile(&size->backward, d, a->rows, a->columns, AN_OF_INPUT));
    for (int i = 0; i < d->lpips->count; i++) {
        const an_distance_layer layer = layer_of(d, a, b, i);
        an_distance_gradient(&layer, seed);
        AN_TRY(an_program_seed(size->backward, d->layers[i], seed));
    }
    AN_TRY(an_program_give(size->backward, a->input));
    AN_TRY(an_program_run(size->backward));
    AN_TRY(an_program_input_gradient(size->backward, gradient));
    of_levels(d, gradient, (int64_t)a->rows * a->columns);
    AN_TRY(check_numbers(gradient, 3 * (int64_t)a->rows * a->columns, "the gradients"));
cleanup:
    an_free(seed);
    return rc;
}

alexnet_status an_distance_between(an_distance *d, const an_distance_picture *a,
                                   const an_distance_picture *b, double *value, double *parts,
                                   float *gradient)
{
    double sum = 0;
    AN_CHECK(an_ctx_check(d->net->ctx));
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
