/* Loss and error of runs over their epochs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "draw.h"
#include "run_log.h"

enum {
    WIDTH = 1000,
    HEIGHT = 400,
    PANEL_WIDTH = 410,
    PANEL_HEIGHT = 300,
    PANEL_TOP = 40,
    LEFT = 60,
    ROW = 20,
    DOT = 3 /* radius */
};

static const double pi = 3.14159265358979323846;

static const uint32_t training_colour = 0x8C9EB8, validation_colour = 0xCC401A;

/* The colours of several runs (the qualitative palette of Okabe and Ito, 2008, which colour-blind
 * people can tell apart), and the same mixed with white. */
enum { COLOURS = 7 };
static const uint32_t colours[COLOURS] = {0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7,
                                          0xE69F00, 0x56B4E9, 0x000000};
static const uint32_t pale_colours[COLOURS] = {0x99C7E0, 0xEEBF99, 0x99D8C7, 0xEBC9DC,
                                               0xF5D999, 0xBBE1F6, 0xAAAAAA};

/* How the lines of a run look. */
typedef struct style {
    uint32_t training, validation;
    double thin; /* of training */
} style;

/* One diagram: its left edge, and the values at its right and upper ends. Both axes begin at 0. */
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

/* The legend of a single run, above the right panel. */
static void draw_key(cairo_t *cairo)
{
    static const char *const words[] = {"training", "validation"};
    for (int i = 0; i < 2; i++) {
        double x = LEFT + 500 + PANEL_WIDTH - 228 + 114 * i, y = PANEL_TOP - 14;
        draw_ink(cairo, i ? validation_colour : training_colour);
        cairo_rectangle(cairo, x, y - 5, 28, 2);
        cairo_fill(cairo);
        draw_text(cairo, x + 36, y, 0, words[i]);
    }
}

/* A line through the values of the reports, or of the epochs; a single value becomes a dot.
 * @param at  places_of() */
static void draw_line(const panel *p, const run_log *log, value_fn value, bool epochs,
                      const double *at, uint32_t colour, double width)
{
    int count = 0;
    double x = 0, y = 0;
    cairo_new_path(p->cairo);
    draw_ink(p->cairo, colour);
    cairo_set_line_width(p->cairo, width);
    cairo_set_line_join(p->cairo, CAIRO_LINE_JOIN_ROUND);
    for (size_t i = 0; i < log->count; i++) {
        double v = value(&log->points[i]);
        if (log->points[i].whole_epoch != epochs || !isfinite(v) || !isfinite(at[i]))
            continue;
        x = x_of(p, at[i]);
        y = y_of(p, fmin(v, p->top_value));
        cairo_line_to(p->cairo, x, y);
        count++;
    }
    if (count != 1) {
        cairo_stroke(p->cairo);
        return;
    }
    cairo_new_path(p->cairo);
    cairo_arc(p->cairo, x, y, DOT, 0, 2 * pi);
    cairo_fill(p->cairo);
}

static double greatest(const run_log *log, value_fn value, double least)
{
    double most = least;
    for (size_t i = 0; i < log->count; i++)
        most = fmax(most, value(&log->points[i])); /* fmax ignores NAN */
    return most;
}

/* The epochs that a log covers. */
static double epochs_of(const run_log *log)
{
    return fmax(1, log->points[log->count - 1].epoch);
}

/* Place the points from `first` up to `end`, which are of one epoch of so many updates. */
static void place(double *at, const run_log *log, size_t first, size_t end, double begin,
                  double updates)
{
    for (size_t i = first; i < end; i++) {
        const double step = log->points[i].step, part = updates > 0 ? (step - begin) / updates : 1;
        at[i] = isfinite(step) ? log->points[i].epoch - 1 + fmax(fmin(part, 1), 0) : NAN;
    }
}

/* Where the points are on the axis of epochs; NAN: not known. The lengths of epochs differ if
 * pictures came or went. One that is not over is taken to be as long as the one before it, or to
 * end with its latest report. */
static double *places_of(const run_log *log)
{
    double *at = cli_alloc(log->count * sizeof *at), begin = 0, updates = 0;
    size_t first = 0;
    for (size_t i = 0; i < log->count; i++) {
        if (!log->points[i].whole_epoch || !isfinite(log->points[i].step))
            continue;
        updates = log->points[i].step - begin;
        place(at, log, first, i + 1, begin, updates);
        begin = log->points[i].step;
        first = i + 1;
    }
    const double rest = log->points[log->count - 1].step - begin;
    place(at, log, first, log->count, begin, fmax(updates, rest));
    return at;
}

/* A single run has two colours; each of several has one, which is pale and thin in training. */
static style style_of(int run, int runs)
{
    if (runs == 1)
        return (style){training_colour, validation_colour, 2};
    return (style){pale_colours[run % COLOURS], colours[run % COLOURS], 1};
}

static void draw_run(const panel *loss, const panel *error, const run_log *log, const style *look)
{
    double *at = places_of(log);
    draw_line(loss, log, training_loss, false, at, look->training, look->thin);
    draw_line(loss, log, validation_loss, true, at, look->validation, 2);
    draw_line(error, log, training_error, false, at, look->training, look->thin);
    draw_line(error, log, validation_error, true, at, look->validation, 2);
    free(at);
}

/* Under the diagrams, a line for each run. */
static void draw_names(cairo_t *cairo, char *const *runs, int count)
{
    for (int i = 0; i < count; i++) {
        const style look = style_of(i, count);
        double y = HEIGHT + ROW * i;
        draw_ink(cairo, look.training);
        cairo_rectangle(cairo, LEFT, y - 5, 20, 1);
        cairo_fill(cairo);
        draw_ink(cairo, look.validation);
        cairo_rectangle(cairo, LEFT + 24, y - 6, 20, 2);
        cairo_fill(cairo);
        draw_ink(cairo, 0x222222);
        draw_path_within(cairo, LEFT + 54, y, WIDTH - LEFT - 64, runs[i]);
    }
    draw_text(cairo, LEFT, HEIGHT + ROW * count, 0, "thin: training; bold: validation");
}

static void draw_panels(cairo_t *cairo, const run_log *logs, int count)
{
    double epochs = 1, top = 1e-3;
    for (int i = 0; i < count; i++) {
        epochs = fmax(epochs, epochs_of(&logs[i]));
        top = greatest(&logs[i], training_loss, greatest(&logs[i], validation_loss, top));
    }
    panel loss = {cairo, LEFT, epochs, top}, error = {cairo, LEFT + 500, epochs, 100};
    draw_axes(&loss, "loss");
    draw_axes(&error, "top-1 error, %");
    for (int i = 0; i < count; i++) {
        const style look = style_of(i, count);
        draw_run(&loss, &error, &logs[i], &look);
    }
    draw_ink(cairo, 0x222222);
}

int draw_curves(char *const *runs, int count, const char *path)
{
    run_log *logs = cli_alloc((size_t)count * sizeof *logs);
    int code = CLI_DONE, read = 0;
    while (code == CLI_DONE && read < count) {
        code = run_log_read(&logs[read], runs[read]);
        read += code == CLI_DONE;
    }
    if (code == CLI_DONE) {
        cairo_t *cairo = draw_page(WIDTH, count > 1 ? HEIGHT + ROW * (count + 1) : HEIGHT);
        draw_panels(cairo, logs, count);
        if (count > 1)
            draw_names(cairo, runs, count);
        else
            draw_key(cairo);
        code = draw_page_save(cairo, path);
    }
    for (int i = 0; i < read; i++)
        free(logs[i].points);
    free(logs);
    return code;
}
