/*
 * What the command draws, with cairo.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_DRAW_H
#define CLI_DRAW_H

#include <cairo.h>

#include "cli.h"

/**
 * Write a surface as PNG, whole or not at all, and destroy it.
 * @return CLI_DONE, or CLI_FAILED: reported
 */
int draw_save(cairo_surface_t *surface, const char *path);

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
/** Draw loss and error over the epochs from the log of a run's folder. @return as draw_filters() */
int draw_curve(const char *run, const char *path);

#endif
