/* A confusion matrix, from two classes to thousands. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"

enum {
    MARGIN = 20,
    TITLE = 40,
    NAMES = 190,    /* room for the names of rows, and of columns */
    SIDE = 2000,    /* largest side of the matrix in pixels; half of it for few classes. With more
                       classes than pixels, several share a cell */
    CELL_MOST = 44, /* pixels of a cell */
    CELL_NUMBERS = 30, /* the smallest cell with room for a number */
    LINE = 13,         /* distance between names */
    LISTED = 20,       /* mistakes below the matrix */
    ROW = 18,
    SCALE = 60,
};

/* The dark end of the scale is all pictures of a class; the pale end is this share or less. */
static const double least_share = 1e-3;

/* Cells of one class each, or of several where there are more classes than pixels. */
typedef struct grid {
    const confusion *matrix;
    int group, count; /* classes in a cell; cells a side */
    int pixels;       /* of a cell */
    draw_box box;
} grid;

static grid make_grid(const confusion *m)
{
    grid g = {.matrix = m, .group = (m->classes + SIDE - 1) / SIDE};
    g.count = (m->classes + g.group - 1) / g.group;
    g.pixels = SIDE / 2 / g.count;
    if (g.pixels > CELL_MOST)
        g.pixels = CELL_MOST;
    if (g.pixels < 2)
        g.pixels = g.count > SIDE / 2 ? 1 : 2;
    double side = (double)g.pixels * g.count;
    g.box = (draw_box){MARGIN + NAMES, TITLE + NAMES, side, side};
    return g;
}

/* Blue for right answers, red for wrong ones; white means none, and even one is visible. */
static uint32_t colour_of(double share, bool right)
{
    if (share <= 0)
        return 0xFFFFFF;
    double level = 1 - log(fmax(share, least_share)) / log(least_share);
    level = 0.15 + 0.85 * level;
    return draw_map_colour(right ? -level : level);
}

/* Add the pictures of the classes of a row up, by the cells of their answers. @return all of them
 */
static int64_t sum_row(int64_t *sums, const grid *g, int row)
{
    const confusion *m = g->matrix;
    const int first = row * g->group, end = first + g->group;
    int64_t images = 0;
    memset(sums, 0, (size_t)g->count * sizeof *sums);
    for (int i = first; i < end && i < m->classes; i++) {
        images += confusion_images(m, i);
        for (size_t k = m->rows[i]; k < m->rows[i + 1]; k++)
            sums[m->cells[k].answer / g->group] += m->cells[k].count;
    }
    return images;
}

static void draw_cells(cairo_t *page, const grid *g)
{
    size_t n = (size_t)g->count;
    uint32_t *colours = cli_alloc(n * n * sizeof *colours);
    int64_t *sums = cli_alloc(n * sizeof *sums);
    for (int i = 0; i < g->count; i++) {
        int64_t images = sum_row(sums, g, i);
        for (int j = 0; j < g->count; j++)
            colours[(size_t)i * n + (size_t)j] =
                colour_of(images ? (double)sums[j] / (double)images : 0, i == j);
    }
    draw_pixels(page, g->box, colours, g->count, g->count);
    free(colours);
    free(sums);
}

/* Where there is room for numbers, a cell is one class. */
static void draw_numbers(cairo_t *page, const grid *g)
{
    const confusion *m = g->matrix;
    char text[32];
    draw_font(page, 11);
    for (int i = 0; i < m->classes; i++) {
        const double images = (double)confusion_images(m, i);
        for (size_t k = m->rows[i]; k < m->rows[i + 1]; k++) {
            const confusion_cell *cell = &m->cells[k];
            snprintf(text, sizeof text, "%" PRId64, cell->count);
            draw_ink(page, (double)cell->count > 0.03 * images ? 0xFFFFFF : 0x222222);
            draw_text(page, g->box.x + (cell->answer + 0.5) * g->pixels,
                      g->box.y + (i + 0.5) * g->pixels + 4, 0.5, text);
        }
    }
    draw_ink(page, 0x222222);
}

/* A name that ends at x; one that is too wide is cut. */
static void draw_name(cairo_t *page, double x, double y, const char *name)
{
    if (draw_width(page, name) < NAMES - 20)
        draw_text(page, x, y, 1, name);
    else
        draw_text_within(page, x - (NAMES - 20), y, NAMES - 20, name);
}

/* Names of as many rows and columns as there is room for, each with a tick. */
static void draw_names(cairo_t *page, const grid *g)
{
    int every = (LINE + g->pixels - 1) / g->pixels;
    draw_font(page, 10);
    for (int i = 0; i < g->count; i += every) {
        const char *name = g->matrix->names.items[i * g->group];
        double at = (i + 0.5) * g->pixels;
        draw_ink(page, 0x999999);
        cairo_rectangle(page, g->box.x - 6, floor(g->box.y + at), 5, 1);
        cairo_rectangle(page, floor(g->box.x + at), g->box.y - 6, 1, 5);
        cairo_fill(page);
        draw_ink(page, 0x222222);
        draw_name(page, g->box.x - 10, g->box.y + at + 4, name);
        cairo_save(page);
        cairo_translate(page, g->box.x + at + 4, g->box.y - 10);
        cairo_rotate(page, -asin(1));
        draw_text_within(page, 0, 0, NAMES - 20, name);
        cairo_restore(page);
    }
}

static void draw_scale(cairo_t *page, double x, double y)
{
    enum { STEPS = 150 };
    static const char *const words[] = {"0.1%", "1%", "10%", "100%"};
    draw_font(page, 11);
    for (int kind = 0; kind < 2; kind++) {
        uint32_t colours[STEPS];
        for (int i = 0; i < STEPS; i++)
            colours[i] = colour_of(pow(least_share, 1 - (double)i / (STEPS - 1)), kind == 0);
        draw_box bar = {x, y + 16 * kind, 240, 12};
        draw_pixels(page, bar, colours, STEPS, 1);
        draw_text(page, x + 252, y + 10 + 16 * kind, 0, kind ? "taken for another" : "right");
    }
    for (int i = 0; i < 4; i++)
        draw_text(page, x + 80 * i, y + 46, 0.5, words[i]);
    draw_text(page, x + 360, y + 46, 0, "of the pictures of the class");
}

typedef struct mistake {
    int label, answer;
    int64_t count;
} mistake;

/* Find the most frequent mistakes, in falling order; of equal ones, the first in the matrix comes
 * first. @return how many */
static int find_mistakes(mistake found[LISTED], const confusion *m)
{
    int n = 0;
    for (int i = 0; i < m->classes; i++)
        for (size_t k = m->rows[i]; k < m->rows[i + 1]; k++) {
            const confusion_cell *cell = &m->cells[k];
            if (cell->answer == i || (n == LISTED && cell->count <= found[n - 1].count))
                continue;
            int at = n < LISTED ? n++ : n - 1;
            for (; at > 0 && found[at - 1].count < cell->count; at--)
                found[at] = found[at - 1];
            found[at] = (mistake){i, cell->answer, cell->count};
        }
    return n;
}

static void draw_mistakes(cairo_t *page, const grid *g, const mistake *found, int n, double y)
{
    draw_bold(page, 13);
    draw_text(page, MARGIN, y, 0, n ? "Most often taken for another" : "No mistakes");
    draw_font(page, 12);
    for (int i = 0; i < n; i++) {
        const confusion *m = g->matrix;
        char *text = cli_format("%" PRId64 " of %" PRId64, found[i].count,
                                confusion_images(m, found[i].label));
        y += ROW;
        draw_text(page, MARGIN + 80, y, 1, text);
        free(text);
        text = cli_format("%s, taken for %s", m->names.items[found[i].label],
                          m->names.items[found[i].answer]);
        draw_text_within(page, MARGIN + 92, y, NAMES + g->box.width - 92, text);
        free(text);
    }
}

int draw_confusion(const confusion *matrix, const char *path)
{
    mistake found[LISTED];
    grid g = make_grid(matrix);
    int n = find_mistakes(found, matrix);
    double below = g.box.y + g.box.height;
    cairo_t *page = draw_page((int)fmax(g.box.x + g.box.width, 700) + MARGIN,
                              (int)below + MARGIN + SCALE + (n + 2) * ROW + MARGIN);
    draw_bold(page, 14);
    draw_text(page, MARGIN, MARGIN + 8, 0, "Confusion: a row per class, a column per answer");
    draw_cells(page, &g);
    if (g.pixels >= CELL_NUMBERS)
        draw_numbers(page, &g);
    draw_ink(page, 0x999999);
    draw_frame(page, (draw_box){g.box.x - 1, g.box.y - 1, g.box.width + 2, g.box.height + 2}, 1);
    draw_ink(page, 0x222222);
    draw_names(page, &g);
    draw_scale(page, MARGIN + 10, below + MARGIN);
    draw_mistakes(page, &g, found, n, below + MARGIN + SCALE + ROW);
    return draw_page_save(page, path);
}
