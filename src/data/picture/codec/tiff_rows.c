/*
 * Reads the samples of a TIFF, row by row or tile by tile, with any supported number of bits.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/picture/codec/tiff.h"

/* Consecutive pixels in a buffer filled by libtiff, and where they belong. */
typedef struct span {
    const uint8_t *from;
    unsigned stored, first; /* samples per pixel there; number of the first */
    uint32_t count;
    uint8_t *to; /* cells */
} span;

/* The `i`th sample of a row whose samples have fewer than 8 bits, or 12. */
static unsigned sample_of_bits(const uint8_t *from, size_t i, unsigned bits)
{
    size_t at = i * bits;
    if (bits == 12)
        return at % 8 ? (from[at / 8] & 15u) << 8 | from[at / 8 + 1]
                      : (unsigned)from[at / 8] << 4 | from[at / 8 + 1] >> 4;
    return from[at / 8] >> (8 - bits - at % 8) & ((1u << bits) - 1);
}

/* A sample as 8 bits, as in Pillow: the upper 8 of more; fewer are scaled, except indices. */
static uint8_t sample_at(const uint8_t *from, size_t i, unsigned bits, bool is_index)
{
    uint16_t wide;
    switch (bits) {
    case 8: return from[i];
    case 16: memcpy(&wide, from + 2 * i, sizeof wide); return (uint8_t)(wide >> 8);
    case 12: return (uint8_t)(sample_of_bits(from, i, 12) >> 4);
    default: {
        unsigned value = sample_of_bits(from, i, bits);
        return (uint8_t)(is_index ? value : value * (255u / ((1u << bits) - 1)));
    }
    }
}

static void store(const an_tiff *t, const span *s)
{
    unsigned wanted = t->colours + (t->alpha ? 1u : 0u);
    unsigned count = s->stored < wanted ? s->stored : wanted;
    bool is_index = t->photometric == PHOTOMETRIC_PALETTE;
    for (size_t x = 0; x < s->count; x++)
        for (unsigned c = 0; c < count; c++)
            s->to[AN_TIFF_CELL * x + s->first + c] =
                sample_at(s->from, x * s->stored + c, t->bits, is_index && c + s->first == 0);
}

/* Bytes of a row of `count` pixels in a buffer filled by libtiff. */
static size_t row_bytes(const an_tiff *t, uint32_t count)
{
    return ((size_t)count * (t->planar ? 1u : t->samples) * t->bits + 7) / 8;
}

/* @param size  the size that libtiff gives; it must be enough for what we take out of the buffer */
static alexnet_status alloc_buffer(an_tiff *t, tmsize_t size, size_t needed)
{
    if (size <= 0 || (size_t)size < needed)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is not a valid TIFF: its samples do not fit its rows", t->file->name);
    t->buffer = an_calloc((size_t)size, 1);
    return t->buffer ? ALEXNET_OK : AN_FAIL_MEMORY((size_t)size, t->file->name);
}

unsigned an_tiff_planes(const an_tiff *t)
{
    return t->planar ? t->colours + (t->alpha ? 1u : 0u) : 1;
}

/* ---- Strips ---- */

/* Rows of one plane come one by one. Those of several planes are read strip by strip, because
 * libtiff begins a strip anew if another is read in between. */
static alexnet_status begin_strips(an_tiff *t)
{
    uint32_t rows = t->height;
    TIFFGetFieldDefaulted(t->handle, TIFFTAG_ROWSPERSTRIP, &rows);
    t->band = t->planar || t->by_libtiff ? rows : 1;
    return t->by_libtiff ? ALEXNET_OK
                         : alloc_buffer(t, TIFFScanlineSize(t->handle), row_bytes(t, t->width));
}

static alexnet_status read_strips(uint8_t *cells, an_tiff *t, uint32_t top, uint32_t count)
{
    span s = {t->buffer, t->planar ? 1 : t->samples, 0, t->width, NULL};
    for (; s.first < an_tiff_planes(t); s.first++)
        for (uint32_t y = 0; y < count; y++) {
            if (TIFFReadScanline(t->handle, t->buffer, top + y, (uint16_t)s.first) < 0)
                return an_tiff_fail(t);
            s.to = cells + (size_t)y * t->width * AN_TIFF_CELL;
            store(t, &s);
        }
    return ALEXNET_OK;
}

/* ---- Tiles ---- */

static alexnet_status begin_tiles(an_tiff *t)
{
    uint32_t width = 0;
    TIFFGetField(t->handle, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(t->handle, TIFFTAG_TILELENGTH, &t->band);
    return t->by_libtiff ? ALEXNET_OK
                         : alloc_buffer(t, TIFFTileSize(t->handle), row_bytes(t, width) * t->band);
}

/* Store the part of a tile that is inside the picture. */
static void store_tile(uint8_t *cells, const an_tiff *t, uint32_t tile_width, uint32_t left,
                       uint32_t count, unsigned plane)
{
    const size_t stride = row_bytes(t, tile_width);
    span s = {t->buffer, t->planar ? 1 : t->samples, plane, 0, NULL};
    s.count = t->width - left < tile_width ? t->width - left : tile_width;
    for (uint32_t y = 0; y < count; y++, s.from += stride) {
        s.to = cells + ((size_t)y * t->width + left) * AN_TIFF_CELL;
        store(t, &s);
    }
}

static alexnet_status read_tiles(uint8_t *cells, an_tiff *t, uint32_t top, uint32_t count)
{
    uint32_t width = 0;
    TIFFGetField(t->handle, TIFFTAG_TILEWIDTH, &width);
    for (unsigned plane = 0; plane < an_tiff_planes(t); plane++)
        for (uint32_t x = 0; x < t->width; x += width) {
            if (TIFFReadTile(t->handle, t->buffer, x, top, 0, (uint16_t)plane) < 0)
                return an_tiff_fail(t);
            store_tile(cells, t, width, x, count, plane);
        }
    return ALEXNET_OK;
}

/* ---- Both ---- */

/* Read with libtiff's own conversion to RGB, which Pillow uses too. */
static alexnet_status read_converted(uint8_t *cells, an_tiff *t, uint32_t top, uint32_t rows)
{
    TIFFRGBAImage image;
    char reason[1024];
    if (!TIFFRGBAImageBegin(&image, t->handle, 1, reason)) {
        an_tiff_hear(t, reason);
        if (!*t->reason) /* what libtiff reported before says more */
            snprintf(t->reason, sizeof t->reason, "%.*s", (int)sizeof t->reason - 1, reason);
        return an_tiff_fail(t);
    }
    image.orientation = image.req_orientation = ORIENTATION_TOPLEFT;
    image.row_offset = (int)top;
    int done = TIFFRGBAImageGet(&image, (uint32_t *)(void *)cells, t->width, rows);
    TIFFRGBAImageEnd(&image);
    if (!done)
        return an_tiff_fail(t);
    size_t count = (size_t)t->width * rows;
    for (size_t i = 0; i < count; i++) {
        uint32_t pixel;
        uint8_t *cell = cells + AN_TIFF_CELL * i;
        memcpy(&pixel, cell, sizeof pixel);
        cell[0] = (uint8_t)TIFFGetR(pixel);
        cell[1] = (uint8_t)TIFFGetG(pixel);
        cell[2] = (uint8_t)TIFFGetB(pixel);
    }
    return ALEXNET_OK;
}

/* Have libtiff set up the range of the samples: its conversion, which needs it, does not notice
 * that there is no memory for it. */
static alexnet_status find_range(an_tiff *t)
{
    enum { BOUNDS = 6 };
    const float *range;
    if (TIFFGetFieldDefaulted(t->handle, TIFFTAG_REFERENCEBLACKWHITE, &range))
        return ALEXNET_OK;
    return AN_FAIL_MEMORY(BOUNDS * sizeof *range, t->file->name);
}

alexnet_status an_tiff_begin_reading(an_tiff *t)
{
    if (t->by_libtiff)
        AN_CHECK(find_range(t));
    AN_CHECK((TIFFIsTiled(t->handle) ? begin_tiles : begin_strips)(t));
    if (t->band < 1 || t->band > t->height)
        t->band = t->height;
    return ALEXNET_OK;
}

/* Where bits are damaged, libtiff makes up rows, different ones in each version, and reports
 * success. So any complaint counts as a failure. */
alexnet_status an_tiff_read(uint8_t *cells, an_tiff *tiff, uint32_t top, uint32_t count)
{
    AN_CHECK((tiff->by_libtiff            ? read_converted
              : TIFFIsTiled(tiff->handle) ? read_tiles
                                          : read_strips)(cells, tiff, top, count));
    return tiff->ended || *tiff->reason ? an_tiff_fail(tiff) : ALEXNET_OK;
}
