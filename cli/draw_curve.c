/* Loss and error of a run over its epochs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "draw.h"
#include "run_log.h"

enum { WIDTH = 1000, HEIGHT = 400, PANEL_WIDTH = 410, PANEL_HEIGHT = 300, PANEL_TOP = 40 };

static const double training_colour[3] = {0.55, 0.62, 0.72};
static const double validation_colour[3] = {0.80, 0.25, 0.10};

/* One diagram: where it stands, and the values at its upper and right ends; both begin at 0. */
typedef struct panel {
    cairo_t *cairo;
    double left, epochs, top_value;
} panel;

typedef double (*value_fn)(const log_point *point);

static double training_loss(const log_point *p)
{
    return p->loss;
}

static double validation_loss(const log_point *p)
{
    return p->val_loss;
}

static double training_error(const log_point *p)
{
    return 100 * p->top1_error;
}

static double validation_error(const log_point *p)
{
    return 100 * p->val_top1_error;
}

static double x_of(const panel *p, double epoch)
{
    return p->left + PANEL_WIDTH * epoch / p->epochs;
}

static double y_of(const panel *p, double value)
{
    return PANEL_TOP + PANEL_HEIGHT * (1 - value / p->top_value);
}

/* The smallest of 1, 2, 5, 10, ... that divides `length` into at most `most` parts. */
static double tick_step(double length, int most)
{
    double power = pow(10, floor(log10(length / most)));
    double least = length / most / power;
    return power * (least <= 1 ? 1 : least <= 2 ? 2 : least <= 5 ? 5 : 10);
}

static void draw_axes(const panel *p, const char *title)
{
    cairo_t *cairo = p->cairo;
    char text[32];
    double step = tick_step(p->top_value, 6);
    cairo_set_line_width(cairo, 1);
    for (int i = 0; i * step <= p->top_value * 1.0001; i++) {
        double y = floor(y_of(p, i * step)) + 0.5;
        cairo_set_source_rgb(cairo, 0.88, 0.88, 0.88);
        cairo_move_to(cairo, p->left, y);
        cairo_line_to(cairo, p->left + PANEL_WIDTH, y);
        cairo_stroke(cairo);
        cairo_set_source_rgb(cairo, 0.2, 0.2, 0.2);
        snprintf(text, sizeof text, "%g", i * step);
        draw_text(cairo, p->left - 8, y + 4, 1, text);
    }
    step = fmax(1, tick_step(p->epochs, 8));
    for (int i = 0; i * step <= p->epochs * 1.0001; i++) {
        snprintf(text, sizeof text, "%g", i * step);
        draw_text(cairo, x_of(p, i * step), PANEL_TOP + PANEL_HEIGHT + 20, 0.5, text);
    }
    draw_text(cairo, p->left + PANEL_WIDTH / 2.0, PANEL_TOP + PANEL_HEIGHT + 42, 0.5, "epoch");
    draw_text(cairo, p->left, PANEL_TOP - 14, 0, title);
}

/* The key at the panel's right end: a stroke and a word. */
static void draw_key(const panel *p, int row, const double colour[3], const char *word)
{
    double x = p->left + PANEL_WIDTH - 120, y = PANEL_TOP + 20 + 20 * row;
    cairo_set_source_rgb(p->cairo, colour[0], colour[1], colour[2]);
    cairo_set_line_width(p->cairo, 2);
    cairo_move_to(p->cairo, x, y - 4);
    cairo_line_to(p->cairo, x + 28, y - 4);
    cairo_stroke(p->cairo);
    draw_text(p->cairo, x + 36, y, 0, word);
}

/* Of two lines of one step the first is the report, the second is the epoch's own mean. */
static bool is_epoch_line(const run_log *log, size_t i)
{
    return i > 0 && log->points[i].step == log->points[i - 1].step;
}

/* A line through the values of the reports, or through those of the epochs. */
static void draw_line(const panel *p, const run_log *log, value_fn value, bool epochs,
                      double epochs_per_step, const double colour[3])
{
    cairo_new_path(p->cairo);
    cairo_set_source_rgb(p->cairo, colour[0], colour[1], colour[2]);
    cairo_set_line_width(p->cairo, 2);
    cairo_set_line_join(p->cairo, CAIRO_LINE_JOIN_ROUND);
    for (size_t i = 0; i < log->count; i++) {
        double v = value(&log->points[i]);
        if (is_epoch_line(log, i) == epochs && isfinite(v) && isfinite(log->points[i].step))
            cairo_line_to(p->cairo, x_of(p, log->points[i].step * epochs_per_step),
                          y_of(p, fmin(v, p->top_value)));
    }
    cairo_stroke(p->cairo);
}

static double greatest(const run_log *log, value_fn value, double least)
{
    double most = least;
    for (size_t i = 0; i < log->count; i++)
        most = fmax(most, value(&log->points[i])); /* fmax passes over NAN */
    return most;
}

static void draw_panels(cairo_t *cairo, const run_log *log)
{
    const log_point *last = &log->points[log->count - 1];
    double epochs = fmax(1, last->epoch);
    double epochs_per_step = last->step > 0 ? epochs / last->step : 1;
    panel loss = {cairo, 60, epochs,
                  greatest(log, training_loss, greatest(log, validation_loss, 1e-3))};
    panel error = {cairo, 560, epochs, 100};
    draw_axes(&loss, "loss");
    draw_line(&loss, log, training_loss, false, epochs_per_step, training_colour);
    draw_line(&loss, log, validation_loss, true, epochs_per_step, validation_colour);
    draw_axes(&error, "top-1 error, %");
    draw_line(&error, log, training_error, false, epochs_per_step, training_colour);
    draw_line(&error, log, validation_error, true, epochs_per_step, validation_colour);
    draw_key(&error, 0, training_colour, "training");
    draw_key(&error, 1, validation_colour, "validation");
}

int draw_curve(const char *run, const char *path)
{
    run_log log;
    int code = run_log_read(&log, run);
    if (code != CLI_DONE)
        return code;
    cairo_t *cairo = draw_page(WIDTH, HEIGHT);
    draw_panels(cairo, &log);
    free(log.points);
    return draw_page_save(cairo, path);
}
