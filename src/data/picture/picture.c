#include "data/picture/picture.h"

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/context.h"
#include "base/status.h"
#include "data/picture/codec.h"
#include "data/picture/orientation.h"

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

alexnet_status an_picture_from_pixels(an_picture *out, const alexnet_pixels *pixels)
{
    static const uint8_t channels[] = {[ALEXNET_PIXELS_RGB8] = 3,
                                       [ALEXNET_PIXELS_BGR8] = 3,
                                       [ALEXNET_PIXELS_RGBA8] = 4,
                                       [ALEXNET_PIXELS_GREY8] = 1};
    const alexnet_pixel_format format = pixels->format;
    const int width = pixels->width, height = pixels->height;
    *out = (an_picture){0};
    if ((unsigned)format >= sizeof channels || !channels[format])
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "unknown pixel format %d", (int)format);
    if (!pixels->data || width < 1 || height < 1)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "no pixels: %d x %d", width, height);
    if (pixels->row_bytes < (size_t)width * channels[format])
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "rows are %zu bytes apart, but %d pixels take %zu", pixels->row_bytes, width,
                       (size_t)width * channels[format]);
    an_encoded source = {.name = "picture in memory"};
    AN_CHECK(an_picture_alloc(out, &source, (uint32_t)width, (uint32_t)height, 3));
    for (int y = 0; y < height; y++)
        row_from_pixels(out->rgb + (size_t)y * width * 3,
                        (const uint8_t *)pixels->data + (size_t)y * pixels->row_bytes, width,
                        format, channels[format]);
    return ALEXNET_OK;
}

void an_picture_free(an_picture *picture)
{
    an_free(picture->rgb);
    *picture = (an_picture){0};
}
