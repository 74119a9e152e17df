/* A reliability diagram. */
#include <math.h>
#include <stdio.h>

#include "draw.h"

enum { BINS = ALEXNET_CALIBRATION_BINS, LEFT = 70, TOP = 50, SIDE = 420, BELOW = 50, COUNTS = 90 };
enum { WIDTH = LEFT + SIDE + 30, HEIGHT = TOP + SIDE + BELOW + COUNTS + 30 };

static void draw_axes(cairo_t *page)
{
    char text[32];
    cairo_set_line_width(page, 1);
    for (int i = 0; i <= 5; i++) {
        double at = SIDE * i / 5.0;
        draw_ink(page, 0xE0E0E0);
        cairo_rectangle(page, LEFT, TOP + SIDE - at, SIDE, 1);
        cairo_fill(page);
        draw_ink(page, 0x222222);
        snprintf(text, sizeof text, "%d%%", 20 * i);
        draw_text(page, LEFT - 8, TOP + SIDE - at + 4, 1, text);
        draw_text(page, LEFT + at, TOP + SIDE + 18, 0.5, text);
    }
    draw_text(page, LEFT + SIDE / 2.0, TOP + SIDE + 36, 0.5,
              "confidence: probability of the best class");
}

/* Where accuracy equals confidence. */
static void draw_diagonal(cairo_t *page)
{
    static const double dashes[] = {5, 4};
    draw_ink(page, 0x555555);
    cairo_set_dash(page, dashes, 2, 0);
    cairo_set_line_width(page, 1);
    cairo_move_to(page, LEFT, TOP + SIDE);
    cairo_line_to(page, LEFT + SIDE, TOP);
    cairo_stroke(page);
    cairo_set_dash(page, NULL, 0, 0);
}

/* A blue bar up to the accuracy; the difference from the confidence, above or below, in red. */
static void draw_bin(cairo_t *page, int i, const alexnet_calibration_bin *bin)
{
    double width = (double)SIDE / BINS, x = LEFT + i * width + 1;
    double accuracy = SIDE * bin->accuracy, confidence = SIDE * bin->confidence;
    draw_ink(page, 0x6F94C4);
    cairo_rectangle(page, x, TOP + SIDE - accuracy, width - 2, accuracy);
    cairo_fill(page);
    cairo_set_source_rgba(page, 0.80, 0.25, 0.10, 0.45);
    cairo_rectangle(page, x, TOP + SIDE - fmax(accuracy, confidence), width - 2,
                    fabs(accuracy - confidence));
    cairo_fill(page);
}

static void draw_counts(cairo_t *page, const alexnet_calibration_bin *bins)
{
    int64_t most = 1;
    double width = (double)SIDE / BINS, bottom = TOP + SIDE + BELOW + COUNTS;
    for (int i = 0; i < BINS; i++)
        most = bins[i].images > most ? bins[i].images : most;
    for (int i = 0; i < BINS; i++) {
        double height = (COUNTS - 16) * (double)bins[i].images / (double)most;
        draw_ink(page, 0x9A9A9A);
        cairo_rectangle(page, LEFT + i * width + 1, bottom - height, width - 2, height);
        cairo_fill(page);
    }
    draw_ink(page, 0x222222);
    cairo_rectangle(page, LEFT, bottom, SIDE, 1);
    cairo_fill(page);
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)most);
    draw_text(page, LEFT - 8, bottom - COUNTS + 20, 1, text);
    draw_text(page, LEFT - 8, bottom + 4, 1, "0");
    draw_text(page, LEFT + SIDE / 2.0, bottom + 18, 0.5, "pictures");
}

int draw_calibration(const alexnet_calibration_bin *bins, double error, const char *path)
{
    char title[96];
    cairo_t *page = draw_page(WIDTH, HEIGHT);
    snprintf(title, sizeof title, "expected calibration error %.2f%%", 100 * error);
    draw_text(page, LEFT, TOP - 26, 0, "accuracy");
    draw_text(page, LEFT + SIDE, TOP - 26, 1, title);
    draw_axes(page);
    for (int i = 0; i < BINS; i++)
        if (bins[i].images)
            draw_bin(page, i, &bins[i]);
    draw_diagonal(page);
    draw_counts(page, bins);
    return draw_page_save(page, path);
}
