/*
 * The decoders behind picture.h, and what they share.
 */
#ifndef AN_DATA_PICTURE_CODEC_H
#define AN_DATA_PICTURE_CODEC_H

#include <stdbool.h>

#include "data/picture/picture.h"

/** A picture file to be decoded. All pointers are borrowed. */
typedef struct an_encoded {
    const uint8_t *bytes;
    size_t length;
    const char *name;        /* error texts begin with it */
    const an_target *target; /* NULL: it is decoded as it is */
} an_encoded;

typedef struct an_rows an_rows;

/** Check a size that a file claims against the limits. */
alexnet_status an_picture_check_size(const an_encoded *file, uint32_t width, uint32_t height);
/** Whether the target has asked to stop. @return ALEXNET_ERROR_CANCELLED */
alexnet_status an_picture_check_stop(const an_encoded *file);
/**
 * Check a size, and allocate width * height * channels bytes.
 * @param channels  3, or 4 for a decoder that reduces them to 3 in place
 */
alexnet_status an_picture_alloc(an_picture *out, const an_encoded *file, uint32_t width,
                                uint32_t height, int channels);

/** Decode a file that begins with the format's signature (picture_decode.c) to RGB (rows.h). */
typedef alexnet_status (*an_decode)(an_rows *rows, const an_encoded *file);
alexnet_status an_jpeg_decode(an_rows *rows, const an_encoded *file);
alexnet_status an_png_decode(an_rows *rows, const an_encoded *file);
alexnet_status an_bmp_decode(an_rows *rows, const an_encoded *file);
/** Pixels in a NumPy array, of any size within the limits. */
alexnet_status an_npy_decode(an_rows *rows, const an_encoded *file);
/** Whether a file is such an array, by its first bytes; 1024 of them are enough. */
bool an_npy_is_picture(const void *bytes, size_t length);

/** A decoder in src/data/picture/codec/, which is in the build only if its library was found. */
typedef struct an_codec {
    const char *library, *version;
    an_decode decode;
} an_codec;

/** Whether this many bytes cannot be allocated. For libraries that report a picture as damaged when
 *  they are out of memory. */
bool an_memory_is_short(size_t bytes);

/** The decoders of this build, in a list that the build generates; ended by NULL. */
extern const an_codec *const an_codecs[];

/*
 * The places where a file may give its orientation. Each function returns 1..8, or 0 if nothing is
 * given; an invalid value counts as 1. EXIF takes precedence over XMP, as in Pillow.
 */

/**
 * EXIF data: "Exif" and two zero bytes, which may be repeated or missing, a TIFF header, and IFD 0
 * with tag 0x0112, in either byte order.
 */
int an_exif_orientation(const uint8_t *data, size_t length);
/**
 * The same from the text "Raw profile type exif", which ImageMagick wrote into PNG files before PNG
 * had a chunk for EXIF: a name, a length, and the EXIF data in hexadecimal digits.
 */
int an_exif_text_orientation(const char *text);
/** XMP: tiff:Orientation as an attribute (="6") or as an element. */
int an_xmp_orientation(const uint8_t *text, size_t length);
/**
 * The orientation of a PNG file, from its eXIf and text chunks, wherever they are. Other chunks are
 * skipped.
 * @param orientation  out, 0 if none says anything
 * @return ALEXNET_ERROR_NO_MEMORY
 */
alexnet_status an_png_orientation(int *orientation, const an_encoded *file);

/** Turn a picture upright. @param orientation 0..8: where the first row and column stand */
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

/** Divide a colour by the opacity that it was multiplied by, rounding as Pillow does. */
static inline uint8_t an_unmultiplied(unsigned value, unsigned alpha)
{
    unsigned whole = alpha ? value * 255 / alpha : 0;
    return (uint8_t)(whole < 255 ? whole : 255);
}

#endif
