/* Pages: text and pixels on white. */
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "terminal.h"

cairo_t *draw_page(int width, int height)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    cairo_t *page = cairo_create(surface);
    cairo_surface_destroy(surface); /* the page holds it */
    cairo_set_source_rgb(page, 1, 1, 1);
    cairo_paint(page);
    draw_font(page, 13);
    draw_ink(page, 0x222222);
    return page;
}

int draw_page_save(cairo_t *page, const char *path)
{
    cairo_surface_t *surface = cairo_surface_reference(cairo_get_target(page));
    cairo_destroy(page);
    return draw_save(surface, path);
}

static void set_font(cairo_t *page, double size, cairo_font_weight_t weight)
{
    cairo_select_font_face(page, "sans-serif", CAIRO_FONT_SLANT_NORMAL, weight);
    cairo_set_font_size(page, size);
}

void draw_font(cairo_t *page, double size)
{
    set_font(page, size, CAIRO_FONT_WEIGHT_NORMAL);
}

void draw_bold(cairo_t *page, double size)
{
    set_font(page, size, CAIRO_FONT_WEIGHT_BOLD);
}

void draw_ink(cairo_t *page, uint32_t rgb)
{
    cairo_set_source_rgb(page, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0,
                         (rgb & 255) / 255.0);
}

static double width_of(cairo_t *page, const char *text)
{
    cairo_text_extents_t size;
    cairo_text_extents(page, text, &size);
    return size.x_advance;
}

void draw_text(cairo_t *page, double x, double y, double align, const char *text)
{
    char *clean = terminal_text(text, "");
    cairo_move_to(page, x - align * width_of(page, clean), y);
    cairo_show_text(page, clean);
    free(clean);
}

/* The start of the character after `at` (`by` is 1) or before it (-1). */
static size_t step(const char *text, size_t at, int by)
{
    do
        at += (size_t)by;
    while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80);
    return at;
}

double draw_width(cairo_t *page, const char *text)
{
    char *clean = terminal_text(text, "");
    double width = width_of(page, clean);
    free(clean);
    return width;
}

/* @param tail  cut the beginning of the text instead of its end */
static void draw_within(cairo_t *page, double x, double y, double width, bool tail,
                        const char *text)
{
    char *clean = terminal_text(text, ""), *shown = NULL;
    const size_t length = strlen(clean);
    size_t from = 0, to = length;
    const size_t most = 4 * (size_t)(width + 1); /* bytes of characters that are a pixel wide */
    if (length > most && tail)
        from = step(clean, length - most, 1);
    else if (length > most)
        to = step(clean, most, -1);
    for (;;) {
        const bool cut = to - from < length;
        free(shown);
        shown = cli_format("%s%.*s%s", cut && tail ? "..." : "", (int)(to - from), clean + from,
                           cut && !tail ? "..." : "");
        if (from >= to || width_of(page, shown) <= width)
            break;
        if (tail)
            from = step(clean, from, 1);
        else
            to = step(clean, to, -1);
    }
    cairo_move_to(page, x, y);
    cairo_show_text(page, shown);
    free(shown);
    free(clean);
}

void draw_text_within(cairo_t *page, double x, double y, double width, const char *text)
{
    draw_within(page, x, y, width, false, text);
}

void draw_path_within(cairo_t *page, double x, double y, double width, const char *path)
{
    draw_within(page, x, y, width, true, path);
}

void draw_pixels(cairo_t *page, draw_box box, const uint32_t *pixels, int columns, int rows)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, columns, rows);
    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) {
        unsigned char *bytes = cairo_image_surface_get_data(surface);
        int stride = cairo_image_surface_get_stride(surface);
        for (int y = 0; y < rows; y++)
            memcpy(bytes + (size_t)y * (size_t)stride, pixels + (size_t)y * (size_t)columns,
                   (size_t)columns * sizeof *pixels);
        cairo_surface_mark_dirty(surface);
        cairo_save(page);
        cairo_translate(page, box.x, box.y);
        cairo_scale(page, box.width / columns, box.height / rows);
        cairo_set_source_surface(page, surface, 0, 0);
        cairo_pattern_set_filter(cairo_get_source(page),
                                 box.width < columns ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST);
        cairo_pattern_set_extend(cairo_get_source(page), CAIRO_EXTEND_PAD);
        cairo_rectangle(page, 0, 0, columns, rows);
        cairo_fill(page);
        cairo_restore(page);
    }
    cairo_surface_destroy(surface);
}

void draw_rgb(cairo_t *page, draw_box box, const uint8_t *rgb, int columns, int rows)
{
    const size_t count = (size_t)columns * (size_t)rows;
    uint32_t *pixels = cli_alloc(count * sizeof *pixels);
    for (size_t i = 0; i < count; i++)
        pixels[i] = (uint32_t)rgb[3 * i] << 16 | (uint32_t)rgb[3 * i + 1] << 8 | rgb[3 * i + 2];
    draw_pixels(page, box, pixels, columns, rows);
    free(pixels);
}

void draw_frame(cairo_t *page, draw_box box, double line)
{
    cairo_set_line_width(page, line);
    cairo_rectangle(page, box.x + line / 2, box.y + line / 2, box.width - line, box.height - line);
    cairo_stroke(page);
}
