/* The first layer's filters as a picture. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "progress.h"

enum { CELL = 44, GAP = 4, TOWER_GAP = 20, MARGIN = 16 };

static bool find_tensor(const alexnet_model *model, const char *name, alexnet_tensor_info *out)
{
    for (int i = 0; i < alexnet_model_tensor_count(model); i++)
        if (!alexnet_model_tensor(model, i, out) && strcmp(out->name, name) == 0)
            return true;
    return false;
}

static int tower_count(const alexnet_network *network)
{
    alexnet_layer_info info;
    for (int i = 0; !alexnet_network_layer(network, i, &info); i++)
        if (strcmp(info.name, "conv1") == 0)
            return alexnet_network_towers(network, i);
    return 1;
}

typedef struct range {
    float low, high;
} range;

static range filter_range(const float *filter, int64_t count)
{
    range r = {filter[0], filter[0]};
    for (int64_t i = 1; i < count; i++) {
        r.low = fminf(r.low, filter[i]);
        r.high = fmaxf(r.high, filter[i]);
    }
    return r;
}

/* A filter [C, R, S] as CELL x CELL pixels at (x, y): colour if C is 3, else channel 0 as grey. */
static void paint_filter(cairo_surface_t *surface, const float *filter, const int64_t shape[4],
                         int x, int y)
{
    int64_t plane = shape[2] * shape[3];
    range r = filter_range(filter, shape[1] * plane);
    float scale = r.high > r.low ? 255 / (r.high - r.low) : 0;
    int stride = cairo_image_surface_get_stride(surface);
    unsigned char *pixels = cairo_image_surface_get_data(surface);
    for (int j = 0; j < CELL; j++)
        for (int i = 0; i < CELL; i++) {
            int64_t at = j * shape[2] / CELL * shape[3] + i * shape[3] / CELL;
            unsigned char *pixel = pixels + (size_t)(y + j) * (size_t)stride + (size_t)(x + i) * 4;
            for (int c = 0; c < 3; c++) { /* the surface has blue first */
                float value = filter[(shape[1] == 3 ? 2 - c : 0) * plane + at];
                pixel[c] = (unsigned char)((value - r.low) * scale + 0.5f);
            }
        }
}

/* One block per tower, a filter per cell. */
static int draw_blocks(const float *filters, const int64_t shape[4], int towers, const char *path)
{
    int each = (int)shape[0] / towers;
    int columns = each % 12 == 0 && each > 24 ? 12 : (int)ceil(sqrt(2.0 * each));
    int rows = (each + columns - 1) / columns;
    int block = rows * (CELL + GAP) - GAP;
    int width = 2 * MARGIN + columns * (CELL + GAP) - GAP;
    int height = 2 * MARGIN + towers * (block + TOWER_GAP) - TOWER_GAP;
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    cairo_t *cairo = cairo_create(surface);
    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_paint(cairo);
    cairo_destroy(cairo);
    cairo_surface_flush(surface);
    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) {
        int64_t length = shape[1] * shape[2] * shape[3];
        for (int k = 0; k < towers * each; k++) {
            int cell = k % each;
            int x = MARGIN + cell % columns * (CELL + GAP);
            int y = MARGIN + k / each * (block + TOWER_GAP) + cell / columns * (CELL + GAP);
            paint_filter(surface, filters + k * length, shape, x, y);
        }
        cairo_surface_mark_dirty(surface);
    }
    return draw_save(surface, path);
}

static bool same_shape(const alexnet_tensor_info *a, const alexnet_tensor_info *b)
{
    return a->rank == b->rank && memcmp(a->shape, b->shape, sizeof a->shape) == 0;
}

static int draw_difference(const alexnet_network *network, const alexnet_tensor_info *conv1,
                           const float *first, const char *path)
{
    size_t count = (size_t)(conv1->shape[0] * conv1->shape[1] * conv1->shape[2] * conv1->shape[3]);
    float *filters = cli_alloc(count * sizeof *filters);
    bool differ = !first;
    for (size_t i = 0; i < count; i++) {
        filters[i] = conv1->data[i] - (first ? first[i] : 0);
        differ |= filters[i] != 0;
    }
    if (!differ)
        progress_say("warning: conv1 is the same in both models, as it is if it was frozen: the "
                     "picture shows nothing");
    int code = draw_blocks(filters, conv1->shape, tower_count(network), path);
    free(filters);
    return code;
}

int draw_filters(const alexnet_model *model, const alexnet_model *since, const char *path)
{
    alexnet_tensor_info conv1, first = {0};
    if (!find_tensor(model, "conv1.weight", &conv1) || conv1.rank != 4)
        return cli_error(CLI_BAD_INPUT, "the model has no conv1 to draw the filters of");
    if (since && !(find_tensor(since, "conv1.weight", &first) && same_shape(&conv1, &first)))
        return cli_error(CLI_BAD_INPUT, "the two models do not have the same conv1");
    return draw_difference(alexnet_model_network(model), &conv1, first.data, path);
}

int draw_filters_of_run(alexnet_trainer *trainer, const char *path)
{
    alexnet_tensor_info conv1;
    for (int i = 0; i < alexnet_trainer_tensor_count(trainer); i++) {
        if (alexnet_trainer_tensor(trainer, i, &conv1))
            return cli_code(ALEXNET_ERROR_DEVICE);
        if (strcmp(conv1.name, "conv1.weight") == 0 && conv1.rank == 4)
            return draw_difference(alexnet_trainer_network(trainer), &conv1, NULL, path);
    }
    return CLI_DONE;
}
