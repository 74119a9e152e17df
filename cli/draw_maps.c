/* A picture as the network sees it, and the maps of a class over it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "explain.h"

enum { MARGIN = 24, PANEL = 460, LEAST = 300, TITLE = 64, FOOT = 156, LINE = 19, BAR = 14 };

/* The position of a panel, and of the picture in it. */
typedef struct panel {
    cairo_t *page;
    double x, width;
    draw_box box;
} panel;

/* A multiple of `side`, so that all pixels are drawn equally large. */
static double panel_side(int side)
{
    return side < PANEL ? PANEL / side * side : PANEL;
}

/* A map over the picture. @param cell  side of the square of pixels that a value stands for */
static void put_map(const panel *p, const explanation *found, const float *map, int columns,
                    int cell, double top)
{
    size_t side = (size_t)found->side;
    uint32_t *pixels = cli_alloc(side * side * sizeof *pixels);
    for (size_t i = 0; i < side * side; i++) {
        const uint8_t *pixel = found->crop + 3 * i;
        size_t at = i / side / (size_t)cell * (size_t)columns + i % side / (size_t)cell;
        pixels[i] = draw_over(draw_map_colour(top > 0 ? map[at] / top : 0), pixel);
    }
    draw_pixels(p->page, p->box, pixels, found->side, found->side);
    free(pixels);
}

static double foot_of(const panel *p, int line)
{
    return p->box.y + p->box.height + 24 + line * LINE;
}

static void put_title(const panel *p, const char *text)
{
    draw_bold(p->page, 15);
    draw_text_within(p->page, p->x, p->box.y - 10, p->width, text);
    draw_font(p->page, 13);
}

/* A bar of the map's colours with the texts for its left end, its middle (or NULL) and its right
 * end. */
static void put_bar(const panel *p, double low, double high, const char *ends[3])
{
    double y = foot_of(p, 0) - 8;
    draw_map_bar(p->page, (draw_box){p->x, y, p->box.width, BAR}, low, high);
    draw_text(p->page, p->x, y + BAR + 16, 0, ends[0]);
    if (ends[1])
        draw_text(p->page, p->x + p->box.width / 2, y + BAR + 16, 0.5, ends[1]);
    draw_text(p->page, p->x + p->box.width, y + BAR + 16, 1, ends[2]);
}

static void put_lines(const panel *p, char *lines[], int count)
{
    for (int i = 0; i < count; i++) {
        draw_text_within(p->page, p->x, foot_of(p, 2) + 6 + i * LINE, p->width, lines[i]);
        free(lines[i]);
    }
}

/* The best classes with a bar for each; the one that is explained in the colour of the maps. */
static void put_classes(const panel *p, const explanation *found)
{
    char text[32];
    const double width = p->width - 60;
    for (int i = 0; i < found->top; i++) {
        const alexnet_prediction *best = &found->best[i];
        bool chosen = best->index == found->class_index;
        double y = foot_of(p, 0) + i * (LINE + 5) + 6;
        draw_ink(p->page, chosen ? draw_map_colour(0.45) : 0xDDDDDD);
        cairo_rectangle(p->page, p->x + 56, y - 14, width * best->probability, LINE);
        cairo_fill(p->page);
        draw_ink(p->page, 0x222222);
        snprintf(text, sizeof text, "%.1f%%", 100.0 * (double)best->probability);
        draw_text(p->page, p->x + 48, y, 1, text);
        (chosen ? draw_bold : draw_font)(p->page, 13);
        draw_text_within(p->page, p->x + 62, y, width - 6, best->name);
        draw_font(p->page, 13);
    }
}

static void put_gradient(const panel *p, const explanation *found)
{
    char top_text[48];
    double top = draw_map_end(found->gradient, (size_t)found->side * (size_t)found->side);
    snprintf(top_text, sizeof top_text, "%.3g and more", top);
    const char *ends[3] = {"0", NULL, top > 0 ? top_text : "0 everywhere"};
    char *lines[3] = {
        cli_format("change of the score of %s", found->class_name),
        cli_format("(%.4g) per grey level of a pixel", (double)found->score),
        cli_copy("the largest of its three colours"),
    };
    put_title(p, "Gradient");
    put_map(p, found, found->gradient, found->side, 1, top);
    put_bar(p, 0, 1, ends);
    put_lines(p, lines, COUNT_OF(lines));
}

static float largest_drop(const explanation *found)
{
    float top = 0;
    for (int i = 0; i < found->cells * found->cells; i++)
        top = fmaxf(top, fabsf(found->drops[i]));
    return top;
}

static void put_occlusion(const panel *p, const explanation *found)
{
    char low[48], high[48];
    double top = largest_drop(found);
    snprintf(low, sizeof low, "%.3g rise", top);
    snprintf(high, sizeof high, "%.3g drop", top);
    const char *ends[3] = {low, "0", high};
    char *lines[3] = {
        cli_format("drop of the probability of %s", found->class_name),
        cli_format("(%.4g) when a square of the mean colour covers the place",
                   (double)found->probability),
        cli_format("square of %d pixels, moved by %d", found->square, found->stride),
    };
    put_title(p, "Occlusion");
    put_map(p, found, found->drops, found->cells, found->stride, top);
    put_bar(p, -1, 1, ends);
    put_lines(p, lines, COUNT_OF(lines));
}

static void put_picture(const panel *p, const explanation *found)
{
    char text[64];
    snprintf(text, sizeof text, "What the network sees: %d x %d", found->side, found->side);
    put_title(p, text);
    draw_rgb(p->page, p->box, found->crop, found->side, found->side);
    put_classes(p, found);
}

int draw_maps(const explanation *found, const char *path)
{
    const double side = panel_side(found->side), width = fmax(side, LEAST);
    const int panels = 1 + (found->gradient != NULL) + (found->drops != NULL);
    const int page_width = (int)(panels * (width + MARGIN)) + MARGIN;
    cairo_t *page = draw_page(page_width, (int)side + TITLE + FOOT + MARGIN);
    panel p = {page, MARGIN, width, {MARGIN, TITLE + 10, side, side}};
    draw_bold(page, 15);
    draw_path_within(page, MARGIN, 32, page_width - 2 * MARGIN, found->picture);
    put_picture(&p, found);
    if (found->gradient) {
        p.x = p.box.x = p.x + width + MARGIN;
        put_gradient(&p, found);
    }
    if (found->drops) {
        p.x = p.box.x = p.x + width + MARGIN;
        put_occlusion(&p, found);
    }
    return draw_page_save(page, path);
}
