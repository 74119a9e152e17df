/*
 * Resizing, bit-exact with the 8-bit antialiased bilinear filter of Pillow up to version 12
 * (Image.resize(size, Image.BILINEAR): along rows, then along columns, with 22-bit fixed-point
 * weights), and the square that a data set stores. Pillow 13 begins with the columns where that is
 * less work, and differs by one grey level; existing models were trained with the older order.
 */
#ifndef AN_DATA_PICTURE_RESIZE_H
#define AN_DATA_PICTURE_RESIZE_H

#include <stdbool.h>

#include "base/context.h"
#include "data/picture/picture.h"

/** A rectangle of a picture, in pixels. */
typedef struct an_rect {
    int x, y, width, height;
} an_rect;

/**
 * The axes that bring a box to side x side, as Pillow's crop() and resize() do: pixels outside the
 * box do not count.
 */
void an_box_axes(an_axis *across, an_axis *down, an_rect box, int side);

typedef enum an_fit_rule {
    AN_FIT_SHORT, /* short side to `side`, centre square kept (paper section 2) */
    AN_FIT_WARP,  /* to side x side whatever the aspect (Caffe) */
    AN_FIT_KEEP,  /* not at all; pictures of more than side * side pixels are refused */
    AN_FIT_WHOLE, /* short side to `side`, all of the long one, up to AN_FIT_LONGEST * `side` */
} an_fit_rule;
enum { AN_FIT_LONGEST = 16 };

typedef struct an_fit {
    an_fit_rule rule;
    int side;
    bool smaller; /* JPEGs are decoded smaller where at least `side` pixels of each side are left */
} an_fit;

/** The largest factor by which a picture may be decoded smaller: 1 unless `smaller`. */
int an_fit_factor(an_fit fit, an_size size);
/**
 * The axes by which a fit resizes a picture to side x side, except for WHOLE; not for KEEP. SHORT:
 * the long side becomes int(side * long / short), and the square starts at (long - side) / 2,
 * rounded to the even number if that is a half, as with torchvision's Resize(side) and
 * CenterCrop(side). WHOLE and then SHORT give the same pixels as SHORT alone.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT, _UNSUPPORTED (the long side would exceed an int)
 */
alexnet_status an_fit_axes(an_axis *across, an_axis *down, an_fit fit, an_size size);
/** The same for a decoder; the fit must outlive it. @param ctx  may cancel it; NULL: nobody can */
an_target an_fit_target(const an_fit *fit, const alexnet_ctx *ctx);
/** Read or decode a picture and fit it. Fitted again by the same fit, it stays the same. */
alexnet_status an_fit_read(an_picture *out, an_fit fit, const alexnet_ctx *ctx, const char *path);
alexnet_status an_fit_decode(an_picture *out, an_fit fit, const alexnet_ctx *ctx, const void *bytes,
                             size_t length, const char *name);

/**
 * Fit a picture in memory. @param dst  of the size that the parts of an_fit_axes() have
 */
alexnet_status an_fit_picture(uint8_t *dst, an_fit fit, const an_picture *picture);

#endif
