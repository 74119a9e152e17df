/* The patches to which a channel responds most, each beside the picture that it is from. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"

enum { MARGIN = 24, COLUMNS = 3, VIEW = 200, GAP = 8, SPACE = 28, HEAD = 44, LABEL = 40 };

/* The patch alone, scaled to fit into a square. */
static void put_patch(cairo_t *page, const alexnet_patch *patch, int side, double x, double y)
{
    const alexnet_rectangle f = patch->field;
    if (f.width < 1 || f.height < 1)
        return;
    const size_t row_bytes = (size_t)f.width * 3;
    uint8_t *pixels = cli_alloc(row_bytes * (size_t)f.height);
    for (int row = 0; row < f.height; row++)
        memcpy(pixels + (size_t)row * row_bytes,
               patch->crop + ((size_t)(f.y + row) * (size_t)side + (size_t)f.x) * 3, row_bytes);
    double zoom = VIEW / fmax(f.width, f.height);
    draw_box box = {x + (VIEW - f.width * zoom) / 2, y + (VIEW - f.height * zoom) / 2,
                    f.width * zoom, f.height * zoom};
    draw_rgb(page, box, pixels, f.width, f.height);
    draw_ink(page, 0xBBBBBB); /* shows the edge of white patches on the white page */
    draw_frame(page, box, 1);
    draw_ink(page, 0x222222);
    free(pixels);
}

/* The whole crop, with a frame around the patch. */
static void put_whole(cairo_t *page, const alexnet_patch *patch, int side, double x, double y)
{
    const alexnet_rectangle f = patch->field;
    const double zoom = VIEW / (double)side;
    draw_rgb(page, (draw_box){x, y, VIEW, VIEW}, patch->crop, side, side);
    draw_box box = {x + f.x * zoom, y + f.y * zoom, f.width * zoom, f.height * zoom};
    draw_ink(page, 0xFFFFFF);
    draw_frame(page, (draw_box){box.x - 1, box.y - 1, box.width + 2, box.height + 2}, 4);
    draw_ink(page, 0xC01515);
    draw_frame(page, box, 2);
    draw_ink(page, 0x222222);
}

int draw_patches(const char *title, const alexnet_patch *patches, int count, int side,
                 const char *path)
{
    const int width = 2 * VIEW + GAP, height = VIEW + LABEL;
    const int columns = count < COLUMNS ? count : COLUMNS, rows = (count + columns - 1) / columns;
    const int inside = (columns > 1 ? columns : 2) * (width + SPACE) - SPACE; /* for the title */
    cairo_t *page = draw_page(2 * MARGIN + inside, MARGIN + HEAD + rows * (height + SPACE));
    draw_bold(page, 15);
    draw_text_within(page, MARGIN, MARGIN + 12, inside, title);
    draw_font(page, 13);
    for (int i = 0; i < count; i++) {
        double x = MARGIN + i % columns * (width + SPACE);
        double y = MARGIN + HEAD + i / columns * (height + SPACE);
        char *value = cli_format("%d:  %.4g at row %d, column %d", i + 1, (double)patches[i].value,
                                 patches[i].row, patches[i].column);
        put_patch(page, &patches[i], side, x, y);
        put_whole(page, &patches[i], side, x + VIEW + GAP, y);
        draw_text_within(page, x, y + VIEW + 18, width, value);
        draw_path_within(page, x, y + VIEW + 35, width, patches[i].path);
        free(value);
    }
    return draw_page_save(page, path);
}
