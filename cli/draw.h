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

/** A white page, with the typeface of all our drawings in black; NULL never. */
cairo_t *draw_page(int width, int height);
/** Write it as PNG and destroy it, as draw_save(). */
int draw_page_save(cairo_t *page, const char *path);

void draw_font(cairo_t *page, double size, bool bold);
void draw_ink(cairo_t *page, uint32_t rgb); /* 0xRRGGBB */
/** A line of text, made safe as for a terminal. @param align  0: it begins at x, 1: it ends there
 */
void draw_text(cairo_t *page, double x, double y, double align, const char *text);
/** How wide it is. */
double draw_width(cairo_t *page, const char *text);
/**
 * The same in at most `width`: what does not fit is left out, with three dots in its place.
 * @param tail  leave out the beginning, as of a path, and not the end
 */
void draw_text_within(cairo_t *page, double x, double y, double width, bool tail, const char *text);

/** A place on a page. */
typedef struct draw_box {
    double x, y, width, height;
} draw_box;

/** Pixels [rows][columns] of 0xRRGGBB, each as a rectangle of its own, to fill a place. */
void draw_pixels(cairo_t *page, draw_box box, const uint32_t *pixels, int columns, int rows);
/** The same of a picture, [rows][columns][3]. */
void draw_rgb(cairo_t *page, draw_box box, const uint8_t *rgb, int columns, int rows);
/** A frame around a place, inside its edges. */
void draw_frame(cairo_t *page, draw_box box, double line);

/**
 * The colour of a value of a map: white at 0, red at 1, blue at -1 and beyond; between them by
 * equal steps for the eye (the colour space OKLab).
 */
uint32_t draw_map_colour(double value);
/** A colour as it lies over a pixel of a picture: its hue, with the pixel's light and shade. */
uint32_t draw_over(uint32_t colour, const uint8_t pixel[3]);
/** A bar of these colours from `low` to `high` (-1, 0 or 1), in a place. */
void draw_map_bar(cairo_t *page, draw_box box, double low, double high);

/* ---- Labelled pictures for the demo (draw_shapes.c) ---- */

/**
 * The ten classes: five shapes in two of five colours each, five colours on two of five shapes
 * each. Who sees only the shape, or only the colour, is left with two classes to choose from.
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
/** The same of a run under way; nothing if its network has no conv1. */
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
 * Draw loss and error over the epochs from the logs of the folders of one run or several.
 * @return as draw_filters()
 */
int draw_curves(char *const *runs, int count, const char *path);

/**
 * Draw the losses of a trial over its rates, which are on a logarithmic scale, smoothed and as they
 * are, with the rate of the least loss and the rate to take. @return as draw_filters()
 */
int draw_rates(const alexnet_trial *trial, const char *path);

/**
 * Draw what the pictures of a data set are like: the mean image, the colours along the axes in
 * which they vary, a bar for each class. @return as draw_filters()
 */
int draw_stats(const alexnet_data_stats_result *stats, const alexnet_dataset *data,
               const char *path);
/** The standard deviation along an axis. */
double draw_deviation(double eigenvalue);

#endif
