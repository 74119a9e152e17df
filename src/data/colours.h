/*
 * Changes of a picture's colours, as one affine function of a pixel's R, G, B in grey levels.
 *
 * The steps are torchvision's adjust_brightness() and so on, with the same factors. Brightness,
 * contrast and saturation are affine, and the same but for this: torchvision clamps to 0 .. 255
 * after each step, and on bytes rounds; here nothing is rounded, and the operator augment clamps
 * once, at the end. Hue is another function: torchvision turns a pixel's hue in HSV, which keeps
 * its largest and its smallest value; here colours turn about the grey axis by the same angle,
 * which keeps their sum. Both are the identity at 0 and the same permutation of R, G, B at 1/3.
 * docs/recipes.md says how far apart pictures are.
 */
#ifndef AN_DATA_COLOURS_H
#define AN_DATA_COLOURS_H

#include "op/augment.h"

typedef struct an_colours {
    double matrix[3][3], offset[3];
} an_colours;

typedef enum an_colour_step {
    AN_COLOUR_BRIGHTNESS,
    AN_COLOUR_CONTRAST,   /* towards the mean grey of the picture as it is by then */
    AN_COLOUR_SATURATION, /* towards the pixel's grey */
    AN_COLOUR_HUE,        /* factor: share of the circle, red to green to blue */
    AN_COLOUR_STEPS
} an_colour_step;

/** Each pixel as it is. */
an_colours an_colours_none(void);
/** Behind what is there, one step more. @param mean  R, G, B of the picture before any */
void an_colours_change(an_colours *colours, an_colour_step step, double factor,
                       const double mean[3]);
/** Let a slot's pixels go through it. */
void an_colours_set(an_slot *slot, const an_colours *colours);

/** The mean R, G, B of a slot's crop. @param picture  uint8 [side][side][3] */
void an_colours_mean(double mean[3], const uint8_t *picture, int side, int crop,
                     const an_slot *slot);

#endif
