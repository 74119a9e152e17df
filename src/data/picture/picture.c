#include "data/picture/picture.h"

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/context.h"
#include "base/files.h"
#include "base/status.h"
#include "data/picture/codec.h"
#include "data/picture/orientation.h"
#include "data/picture/rows.h"

#define READ "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC and AVIF are read"

/* A file format by its first bytes. `at` is the offset of the signature. It is read by one of the
 * last two, or not at all. */
typedef struct signature {
    const char *name;
    size_t at, length;
    const char *bytes;
    an_decode decode;
    const char *library; /* of a codec in an_codecs */
} signature;

static const signature signatures[] = {
    {"a JPEG", 0, 3, "\xFF\xD8\xFF", .decode = an_jpeg_decode},
    {"a PNG", 0, 8, "\x89PNG\r\n\x1A\n", .decode = an_png_decode},
    {"a WebP picture", 8, 4, "WEBP", .library = "libwebp"},
    {"a GIF", 0, 4, "GIF8", .library = "giflib"},
    {"a NumPy array", 0, 6, "\x93NUMPY", .decode = an_npy_decode},
    {"a BMP", 0, 2, "BM", .decode = an_bmp_decode},
    {"a TIFF", 0, 4, "II*\0", .library = "libtiff"},
    {"a TIFF", 0, 4, "MM\0*", .library = "libtiff"},
    {"a TIFF", 0, 4, "II+\0", .library = "libtiff"},
    {"a TIFF", 0, 4, "MM\0+", .library = "libtiff"},
    {"an AVIF picture", 4, 7, "ftypavi", .library = "libheif"},
    {"a HEIC picture", 4, 7, "ftyphei", .library = "libheif"},
    {"a HEIC picture", 4, 7, "ftyphev", .library = "libheif"},
    {"a HEIC picture", 4, 8, "ftypmif1", .library = "libheif"},
    {"a HEIC picture", 4, 8, "ftypmsf1", .library = "libheif"},
    {"a video", 4, 4, "ftyp", .library = NULL},
    {"a JPEG 2000 picture", 4, 4, "jP  ", .library = NULL},
    {"a JPEG 2000 picture", 0, 4, "\xFF\x4F\xFF\x51", .library = NULL},
    {"a JPEG XL picture", 4, 4, "JXL ", .library = NULL},
    {"a JPEG XL picture", 0, 2, "\xFF\x0A", .library = NULL},
    {"a Photoshop document", 0, 4, "8BPS", .library = NULL},
    {"an icon", 0, 4, "\0\0\1\0", .library = NULL},
    {"a PDF document", 0, 5, "%PDF-", .library = NULL},
};

static const signature *signature_of(const an_encoded *file)
{
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const signature *s = &signatures[i];
        if (file->length >= s->at + s->length &&
            memcmp(file->bytes + s->at, s->bytes, s->length) == 0)
            return s;
    }
    return NULL;
}

const char *an_picture_format(const void *bytes, size_t length)
{
    const signature *s = signature_of(&(an_encoded){.bytes = bytes, .length = length, .name = ""});
    return s ? s->name : NULL;
}

static const an_codec *codec_of(const signature *s)
{
    for (const an_codec *const *codec = an_codecs; s->library && *codec; codec++)
        if (strcmp((*codec)->library, s->library) == 0)
            return *codec;
    return NULL;
}

static alexnet_status fail_unread(const signature *s, const char *name)
{
    if (s->library)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s is %s, which this build does not read: it was built without %s", name,
                       s->name, s->library);
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s is %s; " READ, name, s->name);
}

/* How many bytes at the beginning are those of texts: no control characters, and none above 0xf4,
 * the largest that UTF-8 uses. */
static size_t text_length(const unsigned char *bytes, size_t length)
{
    size_t n = 0;
    while (n < length && ((bytes[n] >= ' ' && bytes[n] <= 0xf4) || memchr("\t\n\r\f", bytes[n], 4)))
        n++;
    return n;
}

/* Say what a file without a known signature is. */
static const char *describe(const an_encoded *file)
{
    const size_t shown = file->length < 64 ? file->length : 64;
    size_t same = 0;
    while (same < file->length && file->bytes[same] == file->bytes[0])
        same++;
    if (same == file->length && file->bytes[0] == 0)
        return "nothing but zero bytes, as an interrupted copy leaves them, not a picture";
    if (same == file->length && file->bytes[0] == 0xff)
        return "nothing but bytes of 255, as an erased memory card leaves them, not a picture";
    if (text_length(file->bytes, shown) < shown)
        return "not a picture";
    return memmem(file->bytes, shown, "git-lfs", strlen("git-lfs"))
               ? "a pointer of Git LFS, which stands for the picture (git lfs pull fetches it)"
               : "text, not a picture";
}

static alexnet_status decode(an_rows *rows, const signature *s, const an_encoded *file)
{
    const an_codec *codec = codec_of(s);
    const an_decode decoder = codec ? codec->decode : s->decode;
    AN_CHECK(an_picture_check_stop(file));
    return decoder ? decoder(rows, file) : fail_unread(s, file->name);
}

alexnet_status an_picture_decode_for(an_picture *out, const void *bytes, size_t length,
                                     const char *name, const an_target *target)
{
    *out = (an_picture){0};
    const an_encoded file = {bytes, length, name, target};
    if (length == 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is empty", name);
    const signature *s = signature_of(&file);
    if (!s)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is %s; " READ, name, describe(&file));
    an_rows rows = {.file = &file};
    alexnet_status rc = decode(&rows, s, &file);
    if (rc == ALEXNET_OK)
        return an_rows_end(&rows, out);
    an_rows_free(&rows);
    return rc;
}

alexnet_status an_picture_decode(an_picture *out, const void *bytes, size_t length,
                                 const char *name)
{
    return an_picture_decode_for(out, bytes, length, name, NULL);
}

alexnet_status an_picture_read_for(an_picture *out, const char *path, const an_target *target)
{
    *out = (an_picture){0};
    unsigned char *bytes;
    size_t length;
    AN_CHECK(an_file_read(path, AN_PICTURE_FILE_MAX, &bytes, &length));
    alexnet_status rc = an_picture_decode_for(out, bytes, length, path, target);
    an_free(bytes);
    return rc;
}

alexnet_status an_picture_read(an_picture *out, const char *path)
{
    return an_picture_read_for(out, path, NULL);
}

alexnet_status an_picture_resize_for(an_picture *picture, const an_target *target, const char *name)
{
    const an_encoded file = {.name = name, .target = target};
    an_rows rows = {.file = &file};
    alexnet_status rc = an_rows_give(&rows, 0, picture);
    *picture = (an_picture){0};
    if (rc == ALEXNET_OK)
        return an_rows_end(&rows, picture);
    an_rows_free(&rows);
    return rc;
}

alexnet_status an_picture_check_size(const an_encoded *file, uint32_t width, uint32_t height)
{
    if (width == 0 || height == 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s claims to be %u x %u pixels", file->name, width,
                       height);
    if (!an_picture_size_fits(width, height))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s claims to be %u x %u pixels; at most %d a side and %d in all are read",
                       file->name, width, height, AN_PICTURE_SIDE_MAX, AN_PICTURE_PIXELS_MAX);
    return ALEXNET_OK;
}

alexnet_status an_picture_check_stop(const an_encoded *file)
{
    const bool stop = file->target && file->target->stop && atomic_load(file->target->stop);
    return stop ? an_ctx_fail_cancelled() : ALEXNET_OK;
}

alexnet_status an_picture_alloc(an_picture *out, const an_encoded *file, uint32_t width,
                                uint32_t height, int channels)
{
    *out = (an_picture){0};
    AN_CHECK(an_picture_check_size(file, width, height));
    size_t bytes = (size_t)width * height * (size_t)channels;
    uint8_t *pixels = an_calloc(bytes, 1);
    if (!pixels)
        return AN_FAIL_MEMORY(bytes, file->name);
    *out = (an_picture){(int)width, (int)height, pixels};
    return ALEXNET_OK;
}

bool an_memory_is_short(size_t bytes)
{
    void *block = an_malloc(bytes);
    an_free(block);
    return !block;
}

/* How an orientation moves pixels: the pixel of the upright picture at (row,
 * column) is stored pixel `start` + row * `down` + column * `right`. */
typedef struct turn {
    ptrdiff_t start, down, right;
    int width, height; /* upright */
} turn;

static turn turn_of(const an_picture *stored, int orientation)
{
    const an_layout l = an_layout_of(orientation);
    ptrdiff_t column = l.from_right ? -1 : 1;
    ptrdiff_t row = l.from_bottom ? -(ptrdiff_t)stored->width : stored->width;
    turn t = {.start = (l.from_right ? stored->width - 1 : 0) +
                       (l.from_bottom ? (ptrdiff_t)stored->width * (stored->height - 1) : 0),
              .down = l.swapped ? column : row,
              .right = l.swapped ? row : column,
              .width = l.swapped ? stored->height : stored->width,
              .height = l.swapped ? stored->width : stored->height};
    return t;
}

/* Squares of this side are turned at a time: what is read and what is written of one then stays in
 * the first-level cache, though in one of them the rows of the other are columns. */
enum { TURN_SIDE = 32 };

static void turn_square(uint8_t *upright, const uint8_t *stored, const turn *t, int top, int left)
{
    const int bottom = t->height - top < TURN_SIDE ? t->height : top + TURN_SIDE;
    const int right = t->width - left < TURN_SIDE ? t->width : left + TURN_SIDE;
    for (int y = top; y < bottom; y++) {
        const uint8_t *from = stored + 3 * (t->start + y * t->down + left * t->right);
        uint8_t *to = upright + 3 * ((ptrdiff_t)y * t->width + left);
        for (int x = left; x < right; x++, to += 3, from += 3 * t->right)
            memcpy(to, from, 3);
    }
}

alexnet_status an_picture_upright(an_picture *picture, int orientation, const an_encoded *file)
{
    if (orientation <= 1)
        return ALEXNET_OK;
    turn t = turn_of(picture, orientation);
    size_t bytes = (size_t)t.width * t.height * 3;
    uint8_t *upright = an_malloc(bytes);
    if (!upright)
        return AN_FAIL_MEMORY(bytes, file->name);
    for (int y = 0; y < t.height; y += TURN_SIDE)
        for (int x = 0; x < t.width; x += TURN_SIDE)
            turn_square(upright, picture->rgb, &t, y, x);
    an_free(picture->rgb);
    *picture = (an_picture){t.width, t.height, upright};
    return ALEXNET_OK;
}

static void row_from_pixels(uint8_t *to, const uint8_t *from, int width,
                            alexnet_pixel_format format, size_t channels)
{
    for (int x = 0; x < width; x++, to += 3, from += channels) {
        switch (format) {
        case ALEXNET_PIXELS_RGB8: memcpy(to, from, 3); break;
        case ALEXNET_PIXELS_BGR8:
            for (int c = 0; c < 3; c++)
                to[c] = from[2 - c];
            break;
        case ALEXNET_PIXELS_RGBA8:
            for (int c = 0; c < 3; c++)
                to[c] = an_over_white(from[c], from[3]);
            break;
        case ALEXNET_PIXELS_GREY8: memset(to, from[0], 3); break;
        }
    }
}

alexnet_status an_picture_from_pixels(an_picture *out, const void *pixels, int width, int height,
                                      size_t row_bytes, alexnet_pixel_format format)
{
    static const uint8_t channels[] = {[ALEXNET_PIXELS_RGB8] = 3,
                                       [ALEXNET_PIXELS_BGR8] = 3,
                                       [ALEXNET_PIXELS_RGBA8] = 4,
                                       [ALEXNET_PIXELS_GREY8] = 1};
    *out = (an_picture){0};
    if ((unsigned)format >= sizeof channels || !channels[format])
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "unknown pixel format %d", (int)format);
    if (!pixels || width < 1 || height < 1)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "no pixels: %d x %d", width, height);
    if (row_bytes < (size_t)width * channels[format])
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "rows are %zu bytes apart, but %d pixels take %zu", row_bytes, width,
                       (size_t)width * channels[format]);
    an_encoded source = {.name = "picture in memory"};
    AN_CHECK(an_picture_alloc(out, &source, (uint32_t)width, (uint32_t)height, 3));
    for (int y = 0; y < height; y++)
        row_from_pixels(out->rgb + (size_t)y * width * 3,
                        (const uint8_t *)pixels + (size_t)y * row_bytes, width, format,
                        channels[format]);
    return ALEXNET_OK;
}

void an_picture_free(an_picture *picture)
{
    an_free(picture->rgb);
    *picture = (an_picture){0};
}
