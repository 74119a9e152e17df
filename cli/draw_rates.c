/* The losses of a trial over the rates that it tried. */
#include <math.h>
#include <stdio.h>

#include "draw.h"

enum { WIDTH = 760, HEIGHT = 440, LEFT = 70, TOP = 50, PLOT_WIDTH = 650, PLOT_HEIGHT = 310 };

static const uint32_t raw_colour = 0x8C9EB8, smooth_colour = 0x0072B2, least_colour = 0xE69F00,
                      rate_colour = 0xCC401A, ink = 0x222222, grid = 0xE0E0E0;

/* What the picture shows: powers of ten between two whole exponents, losses up to `top`. */
typedef struct plot {
    cairo_t *cairo;
    double first, last; /* exponents */
    double top;
} plot;

static double x_of(const plot *p, double rate)
{
    return LEFT + PLOT_WIDTH * (log10(rate) - p->first) / (p->last - p->first);
}

static double y_of(const plot *p, double loss)
{
    return TOP + PLOT_HEIGHT * (1 - fmin(loss, p->top) / p->top);
}

/* Losses above twice the first one, where the rate is far too high, are cut off. */
static plot plot_of(cairo_t *cairo, const alexnet_trial *trial)
{
    const int64_t count = alexnet_trial_count(trial);
    alexnet_trial_point first = {.rate = 1e-5}, last = {.rate = 1};
    alexnet_trial_get(trial, 0, &first);
    alexnet_trial_get(trial, count - 1, &last);
    plot p = {.cairo = cairo,
              .first = floor(log10(first.rate) + 1e-9),
              .last = ceil(log10(last.rate) - 1e-9),
              .top = fmax(1e-3, 2 * first.smooth)};
    if (p.last <= p.first)
        p.last = p.first + 1;
    return p;
}

static void line(const plot *p, double x0, double y0, double x1, double y1, uint32_t colour)
{
    draw_ink(p->cairo, colour);
    cairo_set_line_width(p->cairo, 1);
    cairo_move_to(p->cairo, x0, y0);
    cairo_line_to(p->cairo, x1, y1);
    cairo_stroke(p->cairo);
}

static void draw_axes(const plot *p)
{
    char text[32];
    for (int i = 0; i <= 4; i++) {
        const double loss = p->top * i / 4, y = floor(y_of(p, loss)) + 0.5;
        line(p, LEFT, y, LEFT + PLOT_WIDTH, y, grid);
        draw_ink(p->cairo, ink);
        snprintf(text, sizeof text, "%.3g", loss);
        draw_text(p->cairo, LEFT - 8, y + 4, 1, text);
    }
    for (double power = p->first; power <= p->last; power++) {
        const double x = floor(x_of(p, pow(10, power))) + 0.5;
        line(p, x, TOP, x, TOP + PLOT_HEIGHT, grid);
        draw_ink(p->cairo, ink);
        snprintf(text, sizeof text, "%g", pow(10, power));
        draw_text(p->cairo, x, TOP + PLOT_HEIGHT + 20, 0.5, text);
    }
    draw_text(p->cairo, LEFT + PLOT_WIDTH / 2.0, TOP + PLOT_HEIGHT + 42, 0.5, "rate");
    draw_text(p->cairo, LEFT, TOP - 14, 0, "loss of each update: thin as it is, bold smoothed");
}

static void draw_losses(const plot *p, const alexnet_trial *trial, bool smooth)
{
    alexnet_trial_point point;
    cairo_new_path(p->cairo);
    draw_ink(p->cairo, smooth ? smooth_colour : raw_colour);
    cairo_set_line_width(p->cairo, smooth ? 2.5 : 1);
    cairo_set_line_join(p->cairo, CAIRO_LINE_JOIN_ROUND);
    for (int64_t i = 0; alexnet_trial_get(trial, i, &point); i++)
        cairo_line_to(p->cairo, x_of(p, point.rate), y_of(p, smooth ? point.smooth : point.loss));
    cairo_stroke(p->cairo);
}

/* Mark a rate by a vertical line, with a label. */
static void mark(const plot *p, double rate, uint32_t colour, const char *what, int row)
{
    char text[64];
    const double x = floor(x_of(p, rate)) + 0.5;
    const bool right = x > LEFT + PLOT_WIDTH / 2.0;
    if (x < LEFT || x > LEFT + PLOT_WIDTH)
        return;
    line(p, x, TOP, x, TOP + PLOT_HEIGHT, colour);
    snprintf(text, sizeof text, "%s %.2g", what, rate);
    draw_text(p->cairo, x + (right ? -6 : 6), TOP + 14 + 16 * row, right, text);
}

int draw_rates(const alexnet_trial *trial, const char *path)
{
    alexnet_trial_verdict verdict;
    alexnet_trial_judge(trial, &verdict);
    cairo_t *page = draw_page(WIDTH, HEIGHT);
    const plot p = plot_of(page, trial);
    draw_font(page, 12);
    draw_axes(&p);
    draw_losses(&p, trial, false);
    draw_losses(&p, trial, true);
    if (verdict.good) {
        mark(&p, verdict.lowest_at, least_colour, "lowest loss at", 0);
        mark(&p, verdict.rate, rate_colour, "take", 1);
    }
    return draw_page_save(page, path);
}
