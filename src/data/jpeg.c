#include "data/codec.h"

#include <stdbool.h>
#include <string.h>
#include <turbojpeg.h>

#include "base/status.h"

/* What the markers say (ITU-T T.81, annex B), read before the library sees the file: the size has
 * to be known before anything is allocated, and the library passes over the end of a truncated file
 * with a warning that can hide behind an earlier one. */
typedef struct survey {
    int frame; /* number n of the first SOFn; -1: none */
    int precision, components;
    uint32_t width, height;
    int orientation;
    bool ended; /* the EOI marker was seen */
} survey;

enum { SOF0 = 0xC0, SOF15 = 0xCF, DHT = 0xC4, JPG = 0xC8, DAC = 0xCC, RST0 = 0xD0 };
enum { SOI = 0xD8, EOI = 0xD9, APP1 = 0xE1, TEM = 0x01 };

static const char exif_head[6] = "Exif\0";

/* The code of the next marker from *at on, which moves behind it; 0 at the end of the file. Inside
 * coded data FF 00 is an FF of the data, and between segments libjpeg skips stray bytes: one search
 * serves both. */
static int next_marker(const an_encoded *file, size_t *at)
{
    while (*at < file->length) {
        const uint8_t *from = file->bytes + *at;
        const uint8_t *ff = memchr(from, 0xFF, file->length - *at);
        if (!ff)
            break;
        *at += (size_t)(ff - from);
        while (*at < file->length && file->bytes[*at] == 0xFF)
            (*at)++;
        if (*at < file->length && file->bytes[(*at)++] != 0)
            return file->bytes[*at - 1];
    }
    *at = file->length;
    return 0;
}

static bool stands_alone(int code)
{
    return (code >= RST0 && code <= SOI) || code == TEM;
}

static void survey_segment(survey *s, int code, const uint8_t *body, size_t length)
{
    bool frame = code >= SOF0 && code <= SOF15 && code != DHT && code != JPG && code != DAC;
    if (frame && s->frame < 0 && length >= 6) {
        s->frame = code - SOF0;
        s->precision = body[0];
        s->height = (uint32_t)body[1] << 8 | body[2];
        s->width = (uint32_t)body[3] << 8 | body[4];
        s->components = body[5];
    } else if (code == APP1 && s->orientation == 0 && length >= sizeof exif_head &&
               memcmp(body, exif_head, sizeof exif_head) == 0) {
        s->orientation = an_exif_orientation(body + sizeof exif_head, length - sizeof exif_head);
    }
}

static survey survey_markers(const an_encoded *file)
{
    survey s = {.frame = -1};
    size_t at = 0;
    for (int code; (code = next_marker(file, &at)) != 0;) {
        if (code == EOI) {
            s.ended = true;
            break;
        }
        if (stands_alone(code))
            continue;
        if (file->length - at < 2)
            break;
        size_t length = (size_t)file->bytes[at] << 8 | file->bytes[at + 1];
        if (length < 2 || length > file->length - at)
            break;
        survey_segment(&s, code, file->bytes + at + 2, length - 2);
        at += length;
    }
    return s;
}

/* Refuse with a reason what the library would refuse with less of one. */
static alexnet_status check_survey(const survey *s, const an_encoded *file)
{
    if (s->frame >= 0 && s->precision != 8)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s is a JPEG of %d bits; 8 are read", file->name,
                       s->precision);
    if (s->frame == 3 || (s->frame > 4 && s->frame != 9 && s->frame != 10))
        return AN_FAIL(
            ALEXNET_ERROR_UNSUPPORTED,
            "%s is a JPEG of process SOF%d (lossless or hierarchical), which is not read",
            file->name, s->frame);
    if (!s->ended)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is cut short: a JPEG without its end marker",
                       file->name);
    if (s->frame < 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is a JPEG without a picture in it", file->name);
    return ALEXNET_OK;
}

/* Adobe stores CMYK inverted, so that a value is the share of light that passes, and files without
 * Adobe's marker are taken for the same, as Pillow does. In place, 4 bytes to 3. */
static void rgb_from_cmyk(uint8_t *pixels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *from = pixels + 4 * i;
        uint8_t c = from[0], m = from[1], y = from[2], k = from[3];
        uint8_t *to = pixels + 3 * i;
        to[0] = an_mul255(c, k);
        to[1] = an_mul255(m, k);
        to[2] = an_mul255(y, k);
    }
}

/* The slow accurate inverse DCT and smooth chroma upsampling: Pillow's pixels, bit for bit. */
static alexnet_status decompress(an_picture *picture, const an_encoded *file, int format)
{
    tjhandle handle = tjInitDecompress();
    if (!handle)
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory: a JPEG decoder for %s", file->name);
    alexnet_status rc = ALEXNET_OK;
    /* A warning is damage that the decoder has bridged, such as stray bytes between segments; the
     * picture is whole, and other readers open it. */
    if (tjDecompress2(handle, file->bytes, file->length, picture->rgb, picture->width, 0,
                      picture->height, format, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS) != 0 &&
        tjGetErrorCode(handle) != TJERR_WARNING)
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a sound JPEG: %s", file->name,
                     tjGetErrorStr2(handle));
    tjDestroy(handle);
    return rc;
}

alexnet_status an_jpeg_decode(an_picture *out, int *orientation, const an_encoded *file)
{
    survey s = survey_markers(file);
    AN_CHECK(check_survey(&s, file));
    bool cmyk = s.components == 4;
    AN_CHECK(an_picture_alloc(out, file, s.width, s.height, cmyk ? 4 : 3));
    alexnet_status rc = decompress(out, file, cmyk ? TJPF_CMYK : TJPF_RGB);
    if (rc != ALEXNET_OK) {
        an_picture_free(out);
        return rc;
    }
    if (cmyk)
        rgb_from_cmyk(out->rgb, (size_t)out->width * out->height);
    *orientation = s.orientation ? s.orientation : 1;
    return ALEXNET_OK;
}
