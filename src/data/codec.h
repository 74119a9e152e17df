/*
 * The decoders behind picture.h, and what they share.
 */
#ifndef AN_DATA_CODEC_H
#define AN_DATA_CODEC_H

#include "data/picture.h"

/** A file's bytes on their way to a picture. All pointers are borrowed. */
typedef struct an_encoded {
    const uint8_t *bytes;
    size_t length;
    const char *name; /* error texts begin with it */
} an_encoded;

/**
 * Check a size that a file claims against the limits, and allocate width * height * channels bytes.
 * @param channels  3, or 4 for a decoder that reduces them to 3 in place
 */
alexnet_status an_picture_alloc(an_picture *out, const an_encoded *file, uint32_t width,
                                uint32_t height, int channels);

/** Decode to RGB as stored; *orientation is EXIF's 1..8. On failure *out is empty. */
alexnet_status an_jpeg_decode(an_picture *out, int *orientation, const an_encoded *file);
alexnet_status an_png_decode(an_picture *out, int *orientation, const an_encoded *file);

/**
 * Orientation in a block of EXIF data: a TIFF header, then IFD 0 with tag 0x0112, in either byte
 * order.
 * @return 1..8; 1 for anything that is not a valid orientation
 */
int an_exif_orientation(const uint8_t *data, size_t length);

/**
 * The same out of the text "Raw profile type exif" that ImageMagick gave PNG files before PNG had a
 * chunk for it: a name, a length, and hexadecimal digits of "Exif", two zeros and the TIFF header.
 */
int an_exif_text_orientation(const char *text);

/** Turn a picture upright. @param orientation 1..8: where the first row and column stand */
alexnet_status an_picture_upright(an_picture *picture, int orientation, const an_encoded *file);

/** (a * b) / 255, rounded; exact for a, b in 0..255. */
static inline uint8_t an_mul255(unsigned a, unsigned b)
{
    unsigned t = a * b + 128;
    return (uint8_t)((t + (t >> 8)) >> 8);
}

/** A colour of opacity `alpha` composed over white. */
static inline uint8_t an_over_white(unsigned value, unsigned alpha)
{
    unsigned t = value * alpha + 255 * (255 - alpha) + 128;
    return (uint8_t)((t + (t >> 8)) >> 8);
}

#endif
