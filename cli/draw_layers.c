/* The outputs of every layer for a picture: a tile for each channel, towers side by side. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "explain.h"

enum {
    MARGIN = 24,
    GUTTER = 34, /* the numbers of the channels, left of a row of tiles */
    WIDTH = 1400,
    TOWER_GAP = 24,
    TOWERS_MAX = 4,
    GAP = 2,
    HEAD = 24, /* a layer's name above its tiles */
    FOOT = 16,
    TILE_MAX = 128,
    HEIGHT_MAX = 30000, /* cairo draws up to 32767 */
};

/* How a layer is laid out. */
typedef struct block {
    alexnet_layer_info info;
    int towers, each;            /* channels in a tower */
    int tile_width, tile_height; /* of a channel's map, without the gap */
    int columns, rows;           /* of tiles in a tower */
    int shown;                   /* rows that are drawn */
    double tower_width;
} block;

/* Small maps are enlarged by a whole number, large ones reduced. */
static int tile_side(int map, int channels)
{
    if (map == 1)
        return channels > 512 ? 6 : 20;
    return map >= TILE_MAX ? TILE_MAX : map >= 24 ? map : (24 + map - 1) / map * map;
}

static block lay_out(const alexnet_network *network, int layer)
{
    block b = {.towers = alexnet_network_towers(network, layer)};
    (void)alexnet_network_layer(network, layer, &b.info);
    if (b.towers > TOWERS_MAX || b.info.output[0] % b.towers != 0)
        b.towers = 1;
    b.each = b.info.output[0] / b.towers;
    b.tile_height = tile_side(b.info.output[1], b.info.output[0]);
    b.tile_width = tile_side(b.info.output[2], b.info.output[0]);
    b.tower_width = (WIDTH - (b.towers - 1) * TOWER_GAP) / (double)b.towers;
    int fit = (int)((b.tower_width - GUTTER + GAP) / (b.tile_width + GAP));
    b.columns = b.each < fit ? b.each : fit;
    b.rows = (b.each + b.columns - 1) / b.columns;
    b.shown = b.rows;
    return b;
}

static int block_height(const block *b)
{
    return HEAD + b->shown * (b->tile_height + GAP) + FOOT;
}

/* Reduce the rows of the layers that have most, until all fit on a page; if one row each is too
 * much, drop the last layers.
 * @return how many layers are drawn */
static int fit_page(block *blocks, int count, int top, int *height)
{
    for (int most = 1 << 20;; most /= 2) {
        *height = top;
        for (int i = 0; i < count; i++) {
            blocks[i].shown = blocks[i].rows < most ? blocks[i].rows : most;
            *height += block_height(&blocks[i]);
        }
        if (*height <= HEIGHT_MAX)
            return count;
        if (most == 1)
            break;
    }
    while (*height > HEIGHT_MAX)
        *height -= block_height(&blocks[--count]);
    return count;
}

typedef struct range {
    float low, high;
    double top; /* where the colours end */
} range;

static range range_of(const float *values, size_t count)
{
    range r = {INFINITY, -INFINITY, draw_map_end(values, count)};
    for (size_t i = 0; i < count; i++) {
        r.low = fminf(r.low, values[i] + 0.0F); /* turns -0 into 0 */
        r.high = fmaxf(r.high, values[i] + 0.0F);
    }
    return r;
}

static void put_tile(cairo_t *page, const block *b, const float *map, double top, double x,
                     double y)
{
    const int h = b->info.output[1], w = b->info.output[2];
    uint32_t *pixels = cli_alloc((size_t)h * (size_t)w * sizeof *pixels);
    for (int i = 0; i < h * w; i++)
        pixels[i] = draw_map_colour(top > 0 ? map[i] / top : 0);
    draw_pixels(page, (draw_box){x, y, b->tile_width, b->tile_height}, pixels, w, h);
    free(pixels);
}

static double tower_at(const block *b, int tower)
{
    return MARGIN + tower * (b->tower_width + TOWER_GAP);
}

static void put_tower(cairo_t *page, const block *b, int tower, const float *values, double top,
                      double y)
{
    const double x = tower_at(b, tower);
    const size_t plane = (size_t)b->info.output[1] * (size_t)b->info.output[2];
    char number[16];
    for (int row = 0; row < b->shown; row++) {
        int first = tower * b->each + row * b->columns;
        double at = y + row * (b->tile_height + GAP);
        if (b->tile_height >= 10 || row % 2 == 0) {
            snprintf(number, sizeof number, "%d", first);
            draw_text(page, x + GUTTER - 5, at + 8, 1, number);
        }
        for (int i = 0; i < b->columns && row * b->columns + i < b->each; i++)
            put_tile(page, b, values + (size_t)(first + i) * plane, top,
                     x + GUTTER + i * (b->tile_width + GAP), at);
    }
}

static void put_head(cairo_t *page, const block *b, range r, double y)
{
    const int *out = b->info.output;
    char *left_out = b->shown == b->rows
                         ? cli_copy("")
                         : cli_format("; the first %d rows of %d", b->shown, b->rows);
    char *towers = b->towers > 1 ? cli_format(" in %d towers", b->towers) : cli_copy("");
    char *text = cli_format("%s   %s%s%s, %d x %d x %d%s   from %.3g to %.3g, strongest colour at "
                            "%.3g%s",
                            b->info.name, b->info.type, *b->info.neuron ? "+" : "", b->info.neuron,
                            out[0], out[1], out[2], towers, r.low, r.high, r.top, left_out);
    draw_bold(page, 13);
    draw_text_within(page, MARGIN, y, b->tower_width, text);
    draw_font(page, 13);
    for (int tower = 1; tower < b->towers; tower++) {
        char *name = cli_format("tower %d", tower + 1);
        draw_text(page, tower_at(b, tower) + GUTTER, y, 0, name);
        free(name);
    }
    draw_font(page, 9);
    free(text);
    free(towers);
    free(left_out);
}

static void put_layer(cairo_t *page, const block *b, const float *values, double y)
{
    size_t count =
        (size_t)b->info.output[0] * (size_t)b->info.output[1] * (size_t)b->info.output[2];
    range r = range_of(values, count);
    put_head(page, b, r, y + HEAD - 8);
    for (int tower = 0; tower < b->towers; tower++)
        put_tower(page, b, tower, values, r.top, y + HEAD);
}

static int picture_side(const explanation *found)
{
    return found->side < 224 ? 224 / found->side * found->side : 224;
}

/* The picture, the best classes, and what the colours mean. @return where the layers begin */
static double put_top(cairo_t *page, const explanation *found, int left_out)
{
    const int side = picture_side(found);
    draw_rgb(page, (draw_box){MARGIN, MARGIN, side, side}, found->crop, found->side, found->side);
    const double x = MARGIN + side + 24;
    draw_bold(page, 15);
    draw_path_within(page, x, MARGIN + 14, WIDTH - side - 24, found->picture);
    draw_font(page, 13);
    for (int i = 0; i < found->top; i++) {
        char *line = cli_format("%.1f%%  %s", 100.0 * (double)found->best[i].probability,
                                found->best[i].name);
        draw_text_within(page, x, MARGIN + 40 + i * 19, WIDTH - side - 24, line);
        free(line);
    }
    draw_map_bar(page, (draw_box){x, MARGIN + 150, 300, 14}, -1, 1);
    draw_text(page, x, MARGIN + 180, 0, "below zero");
    draw_text(page, x + 150, MARGIN + 180, 0.5, "0");
    draw_text(page, x + 300, MARGIN + 180, 1, "above zero");
    draw_text(page, x, MARGIN + 202, 0,
              "each layer on a scale of its own; numbers are those of the first channel of a row");
    if (left_out) {
        char *line = cli_format("the last %d layers do not fit", left_out);
        draw_text(page, x, MARGIN + 221, 0, line);
        free(line);
    }
    return MARGIN + side + MARGIN;
}

int draw_layers(const explanation *found, const alexnet_network *network,
                const alexnet_activations *activations, const char *path)
{
    const int count = alexnet_network_layer_count(network);
    const int top = MARGIN + picture_side(found) + MARGIN;
    int height;
    block *blocks = cli_alloc((size_t)count * sizeof *blocks);
    for (int i = 0; i < count; i++)
        blocks[i] = lay_out(network, i);
    const int drawn = fit_page(blocks, count, top, &height);
    cairo_t *page = draw_page(WIDTH + 2 * MARGIN, height + MARGIN);
    draw_ink(page, 0xE4E4E4); /* so that the white of zero is visible */
    cairo_paint(page);
    draw_ink(page, 0x222222);
    double y = put_top(page, found, count - drawn);
    for (int i = 0; i < drawn; i++) {
        put_layer(page, &blocks[i], alexnet_activations_layer(activations, i), y);
        y += block_height(&blocks[i]);
    }
    free(blocks);
    return draw_page_save(page, path);
}
