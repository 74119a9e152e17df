/*
 * Changes of a picture's colours, as one affine function of a pixel's R, G, B in grey levels.
 *
 * The steps are torchvision's adjust_brightness() and so on, with the same factors. Brightness,
 * contrast and saturation are the same affine functions, with one difference: torchvision clamps to
 * 0 .. 255 after each step, and rounds if the pixels are bytes; here nothing is rounded, and the
 * operator augment clamps once, at the end. Hue is a different function: torchvision rotates the
 * hue in HSV, which keeps a pixel's largest and smallest value; here colours rotate about the grey
 * axis by the same angle, which keeps the sum of R, G, B. Both are the identity at 0 and the same
 * permutation of R, G, B at 1/3. docs/recipes.md says how much the pictures differ.
 */
#ifndef AN_DATA_LOADER_COLOURS_H
#define AN_DATA_LOADER_COLOURS_H

#include "op/augment.h"

typedef struct an_colours {
    double matrix[3][3], offset[3];
} an_colours;

typedef enum an_colour_step {
    AN_COLOUR_BRIGHTNESS,
    AN_COLOUR_CONTRAST,   /* towards the mean grey of the picture after the steps before */
    AN_COLOUR_SATURATION, /* towards the pixel's grey */
    AN_COLOUR_HUE,        /* factor: share of the circle, red to green to blue */
    AN_COLOUR_STEPS
} an_colour_step;

/** The identity. */
an_colours an_colours_none(void);
/** Append a step. @param mean  R, G, B of the picture before all steps */
void an_colours_change(an_colours *colours, an_colour_step step, double factor,
                       const double mean[3]);
/** Set the changes that are applied to a slot's pixels. */
void an_colours_set(an_slot *slot, const an_colours *colours);

/** The mean R, G, B of a slot's crop. @param picture  uint8 [side][side][3] */
void an_colours_mean(double mean[3], const uint8_t *picture, int side, int crop,
                     const an_slot *slot);

#endif
