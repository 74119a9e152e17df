/* Statistics of a data set: the mean image, the axes of the colours, the classes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "draw.h"

enum { MARGIN = 24, MEAN = 256, STRIP = 36, STEPS = 33, BARS = 480, NAMED = 40 };

double draw_deviation(double eigenvalue)
{
    return sqrt(fmax(eigenvalue, 0)); /* rounding may make a zero negative */
}

static uint8_t level(double value)
{
    return (uint8_t)lround(fmax(0, fmin(255, value)));
}

static void draw_mean(cairo_t *page, const alexnet_data_stats_result *r, double y)
{
    const size_t count = (size_t)r->side * (size_t)r->side * 3;
    uint8_t *rgb = cli_alloc(count);
    for (size_t i = 0; i < count; i++)
        rgb[i] = level(r->mean_image[i]);
    draw_rgb(page, (draw_box){MARGIN, y, MEAN, MEAN}, rgb, r->side, r->side);
    free(rgb);
}

/* The mean colour, moved along an axis by -2 to 2 standard deviations. */
static void draw_axis(cairo_t *page, const alexnet_data_stats_result *r, int axis, double y)
{
    uint8_t rgb[STEPS][3];
    const double deviation = draw_deviation(r->eigenvalues[axis]);
    for (int i = 0; i < STEPS; i++)
        for (int c = 0; c < 3; c++)
            rgb[i][c] = level(r->mean[c] +
                              (4.0 * i / (STEPS - 1) - 2) * deviation * r->eigenvectors[axis][c]);
    draw_rgb(page, (draw_box){MARGIN, y, MEAN, STRIP - 12}, &rgb[0][0], STEPS, 1);
}

/* Bars in the order of classes. With many classes the names are left out: they would be
 * illegible. */
static void draw_classes(cairo_t *page, const alexnet_data_stats_result *r,
                         const alexnet_dataset *data, draw_box box)
{
    const bool named = r->classes <= NAMED;
    const double names = named ? 120 : 0, step = box.height / r->classes;
    int64_t most = 1;
    char count[32];
    for (int c = 0; c < r->classes; c++)
        most = r->class_pictures[c] > most ? r->class_pictures[c] : most;
    draw_font(page, 11);
    for (int c = 0; c < r->classes; c++) {
        const double y = box.y + c * step, length = (box.width - names - 60) *
                                                    (double)r->class_pictures[c] / (double)most;
        draw_ink(page, 0x4477AA);
        cairo_rectangle(page, box.x + names, y, length, named ? step * 0.8 : step);
        cairo_fill(page);
        if (!named)
            continue;
        draw_ink(page, 0x222222);
        draw_text_within(page, box.x, y + step * 0.4 + 4, names - 8,
                         alexnet_dataset_class_name(data, c));
        snprintf(count, sizeof count, "%lld", (long long)r->class_pictures[c]);
        draw_text(page, box.x + names + length + 4, y + step * 0.4 + 4, 0, count);
    }
    draw_ink(page, 0x222222);
}

static void draw_title(cairo_t *page, double x, double y, const char *text)
{
    draw_bold(page, 13);
    draw_text(page, x, y, 0, text);
    draw_font(page, 12);
}

int draw_stats(const alexnet_data_stats_result *r, const alexnet_dataset *data, const char *path)
{
    const int wanted = r->classes <= NAMED ? r->classes * 18 : 18 * NAMED;
    const int left = MEAN + 60 + 3 * (STRIP + 14), body = wanted > left ? wanted : left;
    cairo_t *page = draw_page(3 * MARGIN + MEAN + BARS, body + 2 * MARGIN + 16);
    const double top = MARGIN + 20, bars = 2 * MARGIN + MEAN;
    char text[96];
    snprintf(text, sizeof text, "Mean of %lld pictures", (long long)r->pictures);
    draw_title(page, MARGIN, MARGIN + 8, text);
    draw_mean(page, r, top);
    draw_title(page, MARGIN, top + MEAN + 30, "Colours along their axes, -2 to 2 deviations");
    for (int i = 0; i < 3; i++) {
        const double y = top + MEAN + 42 + i * (STRIP + 14);
        draw_axis(page, r, i, y);
        snprintf(text, sizeof text, "deviation %.1f  (%.3f, %.3f, %.3f)",
                 draw_deviation(r->eigenvalues[i]), r->eigenvectors[i][0], r->eigenvectors[i][1],
                 r->eigenvectors[i][2]);
        draw_text(page, MARGIN, y + STRIP + 2, 0, text);
    }
    snprintf(text, sizeof text, "Pictures of %d classes", r->classes);
    draw_title(page, bars, MARGIN + 8, text);
    draw_classes(page, r, data, (draw_box){bars, top, BARS, wanted});
    return draw_page_save(page, path);
}
