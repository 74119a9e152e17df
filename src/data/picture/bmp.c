/*
 * BMP, decoded here because Debian has no library for it except within whole toolkits. It reads
 * what Pillow reads: the headers of Windows 1 to 5 and of OS/2, palettes, masks, RLE8 and RLE4.
 */
#include <stdbool.h>
#include <string.h>

#include "base/byte_order.h"
#include "base/status.h"
#include "data/picture/rows.h"

enum { FILE_HEADER = 14, OS2_HEADER = 12, WINDOWS_HEADER = 40, OS2_V2_HEADER = 64 };
enum { RAW = 0, RLE8 = 1, RLE4 = 2, MASKS = 3 };

/* One of red, green, blue, alpha in a pixel of 16 to 32 bits; `max` is 0 if there is none. */
typedef struct channel {
    uint32_t mask, max;
    unsigned shift;
} channel;

typedef struct bmp {
    const an_encoded *file;
    an_rows *rows;
    uint32_t header, width, height, compression, colours;
    unsigned bits;
    bool top_down;
    size_t pixels; /* where they begin */
    channel channels[4];
    uint8_t palette[256][3];
} bmp;

static uint32_t get16(const uint8_t *p)
{
    return (uint32_t)an_little(p, 2);
}

static alexnet_status fail_cut(const bmp *b)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is cut short: the BMP ends before its pixels do",
                   b->file->name);
}

/* The part of the file that begins at `at`; NULL if it has fewer than `length` bytes. */
static const uint8_t *part(const bmp *b, size_t at, size_t length)
{
    bool inside = at <= b->file->length && b->file->length - at >= length;
    return inside ? b->file->bytes + at : NULL;
}

static bool is_known_header(uint32_t size)
{
    return size == OS2_HEADER || size == WINDOWS_HEADER || size == 52 || size == 56 ||
           size == OS2_V2_HEADER || size == 108 || size == 124;
}

static alexnet_status read_header(bmp *b)
{
    const uint8_t *p = part(b, 0, FILE_HEADER + 4);
    if (!p)
        return fail_cut(b);
    b->pixels = an_little32(p + 10);
    b->header = an_little32(p + FILE_HEADER);
    if (!is_known_header(b->header))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s is not a BMP of a known kind: its header claims %u bytes", b->file->name,
                       b->header);
    p = part(b, FILE_HEADER, b->header);
    if (!p)
        return fail_cut(b);
    if (b->header == OS2_HEADER) {
        b->width = get16(p + 4);
        b->height = get16(p + 6);
        b->bits = get16(p + 10);
        return ALEXNET_OK;
    }
    b->width = an_little32(p + 4);
    b->height = an_little32(p + 8);
    b->top_down = b->height > INT32_MAX;
    if (b->top_down)
        b->height = 0 - b->height;
    b->bits = get16(p + 14);
    b->compression = an_little32(p + 16);
    b->colours = an_little32(p + 32);
    return ALEXNET_OK;
}

/* Check that bits and compression go together. */
static alexnet_status check_kind(const bmp *b)
{
    static const char *const names[] = {"none",  "RLE8",          "RLE4",
                                        "masks", "a JPEG inside", "a PNG inside"};
    bool known = false;
    switch (b->compression) {
    case RAW:
        known = b->bits == 1 || b->bits == 4 || b->bits == 8 || b->bits == 16 || b->bits == 24 ||
                b->bits == 32;
        break;
    case RLE8: known = b->bits == 8; break;
    case RLE4: known = b->bits == 4; break;
    case MASKS:
        known = (b->bits == 16 || b->bits == 24 || b->bits == 32) && b->header != OS2_V2_HEADER;
        break;
    default: break;
    }
    if (known)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s is a BMP with %u bits and compression %u (%s), which is not read",
                   b->file->name, b->bits, b->compression,
                   b->compression < 6 ? names[b->compression] : "unknown");
}

/* A mask is one run of bits. */
static bool set_channel(channel *c, uint32_t mask)
{
    *c = (channel){.mask = mask};
    if (mask == 0)
        return true;
    c->shift = (unsigned)__builtin_ctz(mask);
    c->max = mask >> c->shift;
    return (c->max & (c->max + 1)) == 0;
}

/* Find out which bits are red, green, blue and alpha. There is alpha only if the file gives a mask
 * for it or, as in Pillow, if all masks of 32 bits are 0. @param *at  after the header; moved past
 * any masks */
static alexnet_status read_masks(bmp *b, size_t *at)
{
    uint32_t masks[4] = {0xFF0000, 0xFF00, 0xFF, 0};
    if (b->bits == 16)
        memcpy(masks, (uint32_t[4]){0x7C00, 0x3E0, 0x1F, 0}, sizeof masks);
    if (b->compression == MASKS) {
        int count = b->header >= 56 ? 4 : 3;
        const uint8_t *p = part(b, FILE_HEADER + WINDOWS_HEADER, (size_t)count * 4);
        if (!p)
            return fail_cut(b);
        for (int c = 0; c < count; c++)
            masks[c] = an_little32(p + 4 * (size_t)c);
        if (b->header == WINDOWS_HEADER)
            *at += 12;
        if (b->bits == 32 && !(masks[0] | masks[1] | masks[2] | masks[3]))
            memcpy(masks, (uint32_t[4]){0xFF0000, 0xFF00, 0xFF, 0xFF000000}, sizeof masks);
    }
    uint32_t seen = 0;
    bool sound = masks[0] && masks[1] && masks[2];
    for (int c = 0; c < 4; c++) {
        sound = set_channel(&b->channels[c], masks[c]) && sound && !(seen & masks[c]);
        seen |= masks[c];
    }
    if (!sound || (b->bits < 32 && seen >> b->bits))
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is not a valid BMP: no pixel of %u bits has the masks %x, %x, %x, %x",
                       b->file->name, b->bits, masks[0], masks[1], masks[2], masks[3]);
    return ALEXNET_OK;
}

/* Colours that the file does not give are black. */
static alexnet_status read_palette(bmp *b, size_t *at)
{
    size_t bytes = b->header == OS2_HEADER ? 3 : 4;
    uint64_t colours = b->colours ? b->colours : 1u << b->bits;
    if (b->pixels == *at) /* some programs leave it out of the offset */
        b->pixels += (size_t)(colours * bytes);
    uint32_t count = colours < 256 ? (uint32_t)colours : 256;
    const uint8_t *p = part(b, *at, count * bytes);
    if (!p)
        return fail_cut(b);
    for (uint32_t i = 0; i < count; i++)
        for (size_t c = 0; c < 3; c++)
            b->palette[i][c] = p[i * bytes + 2 - c];
    *at += count * bytes;
    return ALEXNET_OK;
}

/* Most files begin with the bottom row. */
static alexnet_status begin_rows(const bmp *b)
{
    enum { FROM_TOP = 1, FROM_BOTTOM = 4 };
    return an_rows_begin(b->rows, b->top_down ? FROM_TOP : FROM_BOTTOM, b->width, b->height);
}

static void row_of_colours(uint8_t *to, const bmp *b, const uint8_t *from)
{
    unsigned mask = (1u << b->bits) - 1;
    for (size_t x = 0; x < b->width; x++) {
        size_t bit = x * b->bits;
        unsigned index = from[bit / 8] >> (8 - b->bits - bit % 8) & mask;
        memcpy(to + 3 * x, b->palette[index], 3);
    }
}

static unsigned sample_of(const channel *c, uint32_t pixel)
{
    uint32_t value = (pixel & c->mask) >> c->shift;
    return c->max == 255 ? value : (unsigned)((uint64_t)value * 255 / c->max);
}

/* A pixel of 16, 24 or 32 bits. */
static uint32_t pixel_at(const uint8_t *from, size_t bytes)
{
    uint32_t pixel = get16(from);
    for (size_t i = 2; i < bytes; i++)
        pixel |= (uint32_t)from[i] << 8 * i;
    return pixel;
}

/* Whether a bit of alpha is set in any pixel. Programs that know nothing of alpha leave it 0. */
static bool has_opacity(const bmp *b, const uint8_t *rows, size_t stride)
{
    const size_t bytes = b->bits / 8;
    for (uint32_t y = 0; y < b->height; y++)
        for (size_t x = 0; x < b->width; x++)
            if (pixel_at(rows + y * stride + x * bytes, bytes) & b->channels[3].mask)
                return true;
    return false;
}

static void row_of_pixels(uint8_t *to, const bmp *b, const uint8_t *from)
{
    size_t bytes = b->bits / 8;
    const channel *alpha = &b->channels[3];
    for (size_t x = 0; x < b->width; x++, from += bytes, to += 3) {
        uint32_t pixel = pixel_at(from, bytes);
        unsigned opacity = alpha->max ? sample_of(alpha, pixel) : 255;
        for (int c = 0; c < 3; c++)
            to[c] = an_over_white(sample_of(&b->channels[c], pixel), opacity);
    }
}

/* Rows are padded to 32-bit words; the padding of the last one may be missing. A picture that would
 * be transparent everywhere is opaque instead, as in browsers. */
static alexnet_status read_rows(bmp *b)
{
    size_t used = ((size_t)b->width * b->bits + 7) / 8;
    size_t stride = ((size_t)b->width * b->bits + 31) / 32 * 4;
    const uint8_t *from = part(b, b->pixels, stride * (b->height - 1) + used);
    if (!from)
        return fail_cut(b);
    AN_CHECK(begin_rows(b));
    if (b->channels[3].max && !has_opacity(b, from, stride))
        b->channels[3].max = 0;
    for (uint32_t y = 0; y < b->height; y++, from += stride) {
        (b->bits <= 8 ? row_of_colours : row_of_pixels)(b->rows->next, b, from);
        AN_CHECK(an_rows_take(b->rows, 1));
    }
    return ALEXNET_OK;
}

/* Where the next run-length encoded pixel goes: column, and row in stored order. */
typedef struct place {
    uint32_t x, y;
    bool dry; /* only the place moves: there are no rows to put pixels in */
} place;

/* Pixels that moves skip have the first colour. */
static void clear_row(const bmp *b)
{
    for (size_t x = 0; x < b->width; x++)
        memcpy(b->rows->next + 3 * x, b->palette[0], 3);
}

/* The rows up to row y, or to the last, are complete. */
static alexnet_status go_down(const bmp *b, place *at, uint32_t y)
{
    for (; !at->dry && at->y < y && at->y < b->height; at->y++) {
        AN_CHECK(an_rows_take(b->rows, 1));
        if (at->y + 1 < b->height)
            clear_row(b);
    }
    at->y = y;
    return ALEXNET_OK;
}

/* Put `count` pixels side by side, as many as the row has room for. Their colours are those of
 * `from` in turn or, for a run, that of the first byte repeated. */
static void put(const bmp *b, place *at, const uint8_t *from, unsigned count, bool run)
{
    uint32_t x = at->x;
    at->x = count < b->width - x ? x + count : b->width;
    uint8_t *to = b->rows->next;
    for (unsigned i = 0; !at->dry && x + i < at->x; i++) {
        uint8_t index = from[run ? 0 : i * b->bits / 8];
        if (b->bits == 4)
            index = i % 2 ? index & 15 : index >> 4;
        memcpy(to + 3 * (size_t)(x + i), b->palette[index], 3);
    }
}

static alexnet_status fail_wide(const bmp *b, uint32_t row)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s is not a valid BMP: its row %u has more than %u pixels", b->file->name, row,
                   b->width);
}

/* Handle the code after a 0: the end of a row, a move, or a number of colours that follow. A run
 * that is too long is clipped to its row, as in Pillow; a move or colours beyond the row are an
 * error, because it is unclear where they belong.
 * @param *from  where the next part of the file begins; moved past what is read */
static alexnet_status put_other(const bmp *b, place *at, size_t *from, unsigned code)
{
    if (code == 0) {
        at->x = 0;
        return go_down(b, at, at->y + 1);
    }
    size_t bytes = code == 2 ? 2 : ((size_t)code * b->bits + 7) / 8;
    const uint8_t *p = part(b, *from, bytes);
    if (!p)
        return fail_cut(b);
    unsigned wide = code == 2 ? p[0] : code;
    if (wide > b->width - at->x)
        return fail_wide(b, at->y);
    *from += bytes + bytes % 2;
    if (code == 2) {
        at->x += wide;
        return go_down(b, at, at->y + p[1]);
    }
    put(b, at, p, code, false);
    return ALEXNET_OK;
}

/* Read pairs of bytes: a count and a colour, or 0 and a code; 0 and 1 end the picture. */
static alexnet_status read_pairs(const bmp *b, bool dry)
{
    place at = {.dry = dry};
    const uint8_t *p;
    for (size_t from = b->pixels; at.y < b->height && (p = part(b, from, 2));) {
        from += 2;
        if (p[0])
            put(b, &at, p + 1, p[0], true);
        else if (p[1] == 1)
            break;
        else
            AN_CHECK(put_other(b, &at, &from, p[1]));
    }
    bool whole = at.y >= b->height || (at.y == b->height - 1 && at.x == b->width);
    return whole ? go_down(b, &at, b->height) : fail_cut(b);
}

static alexnet_status read_runs(const bmp *b)
{
    AN_CHECK(read_pairs(b, true)); /* check that all are there before allocating memory for them */
    AN_CHECK(begin_rows(b));
    clear_row(b);
    return read_pairs(b, false);
}

alexnet_status an_bmp_decode(an_rows *rows, const an_encoded *file)
{
    bmp b = {.file = file, .rows = rows};
    AN_CHECK(read_header(&b));
    AN_CHECK(check_kind(&b));
    AN_CHECK(an_picture_check_size(file, b.width, b.height));
    size_t behind = FILE_HEADER + b.header;
    AN_CHECK(b.bits <= 8 ? read_palette(&b, &behind) : read_masks(&b, &behind));
    if (b.pixels == 0)
        b.pixels = behind;
    bool runs = b.compression == RLE8 || b.compression == RLE4;
    return runs ? read_runs(&b) : read_rows(&b);
}
