/*
 * Pictures from bytes: JPEG (libjpeg-turbo), PNG (libpng), BMP (decoded here) and, where the build
 * found their libraries, WebP (libwebp), GIF (giflib), TIFF (libtiff), HEIC and AVIF (libheif) into
 * 8-bit RGB, upright. If a file holds several pictures, the first is read, or the one marked as
 * primary.
 *
 * EXIF orientation 1..8 is applied. Grey becomes R = G = B. CMYK and YCCK become RGB (Adobe files
 * store them inverted). Alpha, palette transparency included, is composed over white. Samples of 16
 * bits keep their upper 8, as in Pillow. Other formats are recognised by their first bytes and
 * named in the error.
 */
#ifndef AN_DATA_PICTURE_PICTURE_H
#define AN_DATA_PICTURE_PICTURE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

/** Larger sides and areas are refused before anything of that size is allocated. */
enum { AN_PICTURE_SIDE_MAX = 65500, AN_PICTURE_PIXELS_MAX = 178956970 };

/** Whether a picture of this size is read. */
static inline bool an_picture_size_fits(int64_t width, int64_t height)
{
    return width <= AN_PICTURE_SIDE_MAX && height <= AN_PICTURE_SIDE_MAX &&
           width * height <= AN_PICTURE_PIXELS_MAX;
}

/** Largest file that is read: a JPEG of the largest picture is far smaller. */
#define AN_PICTURE_FILE_MAX ((size_t)512 << 20)

typedef struct an_size {
    int width, height;
} an_size;

typedef struct an_picture {
    int width, height;
    uint8_t *rgb; /* [height][width][3] */
} an_picture;

/** One axis of a resize: the `in` pixels from `from` on become `out`, of which only the `part` from
 *  `start` on are made. */
typedef struct an_axis {
    int from, in;
    int out, start, part;
} an_axis;

/** What a picture is decoded for. Sizes and axes are those of the upright picture. */
typedef struct an_target {
    /**
     * By how much, at most, a decoder may reduce the picture to save work; the JPEG decoder can, by
     * 2, 4 or 8. Called at most once, and first. NULL: not at all
     */
    int (*factor)(void *user, an_size whole);
    /** How the decoded picture is then resized (resize.h). Called once, and again if a decoder
     *  begins anew. NULL: not at all */
    alexnet_status (*axes)(void *user, an_size decoded, an_axis *across, an_axis *down);
    void *user;
    /** Once this is true, decoding fails with ALEXNET_ERROR_CANCELLED after the next rows, or for
     *  WebP, HEIC and AVIF not before their libraries are done. NULL: never */
    const atomic_bool *stop;
} an_target;

/**
 * Decode a file's bytes.
 * @param name  for error texts: every text begins with it
 * @return ALEXNET_ERROR_FORMAT (damaged, truncated, not a picture), _UNSUPPORTED (video, 12-bit
 * JPEG, absurd dimensions, ...), _NO_MEMORY; _CANCELLED, if the target asks for it
 */
alexnet_status an_picture_decode(an_picture *out, const void *bytes, size_t length,
                                 const char *name);
alexnet_status an_picture_read(an_picture *out, const char *path);
/**
 * The same for a target. A picture is resized while it is decoded, so that all of it need not be in
 * memory, except where its rows do not come in order: WebP, HEIC, AVIF, interlaced files and
 * progressive ones. Of a TIFF in planes or in YCbCr, a strip is. @param target  NULL: as it is
 */
alexnet_status an_picture_decode_for(an_picture *out, const void *bytes, size_t length,
                                     const char *name, const an_target *target);
alexnet_status an_picture_read_for(an_picture *out, const char *path, const an_target *target);
/** Resize a picture in memory for a target. On failure it is empty. */
alexnet_status an_picture_resize_for(an_picture *picture, const an_target *target,
                                     const char *name);
/** The format that the first bytes show, such as "a PNG"; NULL if it is unknown. */
const char *an_picture_format(const void *bytes, size_t length);
/** Copy a caller's pixels; see alexnet_classify_pixels(). */
alexnet_status an_picture_from_pixels(an_picture *out, const alexnet_pixels *pixels);
void an_picture_free(an_picture *picture);

#endif
