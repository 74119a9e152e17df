/*
 * What the command draws, with cairo.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_DRAW_H
#define CLI_DRAW_H

#include <cairo.h>

#include "cli.h"
#include "confusion.h"

/**
 * Write a surface as PNG, whole or not at all, and destroy it.
 * @return CLI_DONE, or CLI_FAILED: reported
 */
int draw_save(cairo_surface_t *surface, const char *path);

/* ---- Pages: text, pixels and colours (draw_page.c, draw_colour.c) ---- */

/** A white page, with the standard font and ink set. Never NULL. */
cairo_t *draw_page(int width, int height);
/** Write a page as PNG and destroy it, as draw_save(). */
int draw_page_save(cairo_t *page, const char *path);

void draw_font(cairo_t *page, double size);
void draw_bold(cairo_t *page, double size);
void draw_ink(cairo_t *page, uint32_t rgb); /* 0xRRGGBB */
/**
 * A line of text, escaped by terminal_text().
 * @param align  0: the text begins at x, 0.5: it is centred there, 1: it ends there
 */
void draw_text(cairo_t *page, double x, double y, double align, const char *text);
/** The width of such a line. */
double draw_width(cairo_t *page, const char *text);
/** draw_text() in at most `width`: three dots replace the end of a text that does not fit. */
void draw_text_within(cairo_t *page, double x, double y, double width, const char *text);
/** The same for a path, of which the beginning is replaced. */
void draw_path_within(cairo_t *page, double x, double y, double width, const char *path);

/** A rectangle on a page. */
typedef struct draw_box {
    double x, y, width, height;
} draw_box;

/** Fill a box with pixels [rows][columns] of 0xRRGGBB: enlarged without smoothing, or reduced. */
void draw_pixels(cairo_t *page, draw_box box, const uint32_t *pixels, int columns, int rows);
/** draw_pixels() for a picture, [rows][columns][3]. */
void draw_rgb(cairo_t *page, draw_box box, const uint8_t *rgb, int columns, int rows);
/** A frame just inside the edges of a box. */
void draw_frame(cairo_t *page, draw_box box, double line);

/**
 * The colour of a value of a map: white at 0, red from 1 up, blue from -1 down. In between, equal
 * steps look about equally large (the colour space OKLab).
 */
uint32_t draw_map_colour(double value);
/**
 * The value that the strongest colour stands for: the magnitude that all non-zero values except the
 * largest 0.5% stay within. 0 if all values are 0.
 */
double draw_map_end(const float *values, size_t count);
/** A map's colour laid over a pixel of a picture: the colour's hue, the pixel's light and shade. */
uint32_t draw_over(uint32_t colour, const uint8_t pixel[3]);
/** Fill a box with a bar of these colours from `low` to `high` (-1, 0 or 1). */
void draw_map_bar(cairo_t *page, draw_box box, double low, double high);

/* ---- Labelled pictures for the demo (draw_shapes.c) ---- */

/**
 * The ten classes. Each of five shapes comes in two of five colours, and each colour on two of the
 * shapes: knowing only the shape, or only the colour, leaves two classes to choose from.
 * @return "red-ring", ...; NULL past the last
 */
const char *draw_shape_class(int index);
/** The best accuracy that is possible from the shape alone, and from the colour alone. */
double draw_best_by_shape(void);
double draw_best_by_colour(void);
/**
 * Draw a picture of a class: one shape of varying place, size, angle and shade on a background of
 * two other colours with small distractors, unevenly lit, with pixel noise.
 * It depends on (seed, class, number) alone. The caller destroys it, or draw_save() does.
 */
cairo_surface_t *draw_shape(uint64_t seed, int class_index, int number);

/* ---- Pictures of a run (draw_filters.c, draw_curve.c) ---- */

/**
 * Draw a model's first-layer filters, each stretched to its own range of values, one block per
 * tower.
 * @param since  another model of the same shape, or NULL: draw what was learned since then
 * @return CLI_DONE, or the exit code of a reported failure
 */
int draw_filters(const alexnet_model *model, const alexnet_model *since, const char *path);
/** draw_filters() for a run in progress; draws nothing if its network has no conv1. */
int draw_filters_of_run(alexnet_trainer *trainer, const char *path);
/**
 * Draw a confusion matrix: a row per class, a column per answer, its colour by the share of the
 * class's pictures on a logarithmic scale, blue on the diagonal and red beside it; the commonest
 * mistakes below. @return as draw_filters()
 */
int draw_confusion(const confusion *matrix, const char *path);
/**
 * Draw a reliability diagram: the accuracy of the pictures of each bin over their confidence, and
 * how many there are. @param error  the expected calibration error. @return as draw_filters()
 */
int draw_calibration(const alexnet_calibration_bin *bins, double error, const char *path);
/**
 * Draw loss and error over the epochs of one run or several; `runs` are their folders.
 * @return as draw_filters()
 */
int draw_curves(char *const *runs, int count, const char *path);

/**
 * Draw the losses of a trial, raw and smoothed, over its rates on a logarithmic scale; mark the
 * rate with the lowest loss and the rate to take. @return as draw_filters()
 */
int draw_rates(const alexnet_trial *trial, const char *path);

/**
 * Draw statistics of a data set: the mean image, the colours along their principal axes, a bar for
 * each class. @return as draw_filters()
 */
int draw_stats(const alexnet_data_stats_result *stats, const alexnet_dataset *data,
               const char *path);
/** The standard deviation along an axis, from its eigenvalue. */
double draw_deviation(double eigenvalue);

#endif
