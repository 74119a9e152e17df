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
static alexnet_status alloc_buffer(uint8_t **out, const an_tiff *t, tmsize_t size, size_t needed)
{
    if (size <= 0 || (size_t)size < needed)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is not a valid TIFF: its samples do not fit its rows", t->file->name);
    *out = an_calloc((size_t)size, 1);
    return *out ? ALEXNET_OK : AN_FAIL_MEMORY((size_t)size, t->file->name);
}

/* The number of planes to read: those of colours and alpha, or one with all samples. */
static unsigned count_planes(const an_tiff *t)
{
    return t->planar ? t->colours + (t->alpha ? 1u : 0u) : 1;
}

static alexnet_status read_rows(uint8_t *cells, an_tiff *t)
{
    uint8_t *buffer = NULL;
    AN_CHECK(alloc_buffer(&buffer, t, TIFFScanlineSize(t->handle), row_bytes(t, t->width)));
    alexnet_status rc = ALEXNET_OK;
    span s = {buffer, t->planar ? 1 : t->samples, 0, t->width, NULL};
    for (; s.first < count_planes(t) && rc == ALEXNET_OK; s.first++)
        for (uint32_t y = 0; y < t->height && rc == ALEXNET_OK; y++) {
            if (TIFFReadScanline(t->handle, buffer, y, (uint16_t)s.first) < 0)
                rc = an_tiff_fail(t);
            s.to = cells + (size_t)y * t->width * AN_TIFF_CELL;
            store(t, &s);
        }
    an_free(buffer);
    return rc;
}

/* Store the part of a tile that is inside the picture. */
static void store_tile(uint8_t *cells, const an_tiff *t, const uint8_t *tile, uint32_t left,
                       uint32_t top, unsigned plane)
{
    uint32_t width = 0, height = 0;
    TIFFGetField(t->handle, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(t->handle, TIFFTAG_TILELENGTH, &height);
    size_t stride = row_bytes(t, width);
    span s = {tile, t->planar ? 1 : t->samples, plane, 0, NULL};
    s.count = t->width - left < width ? t->width - left : width;
    for (uint32_t y = top; y < t->height && y - top < height; y++, s.from += stride) {
        s.to = cells + ((size_t)y * t->width + left) * AN_TIFF_CELL;
        store(t, &s);
    }
}

static alexnet_status read_tiles(uint8_t *cells, an_tiff *t)
{
    uint32_t width = 0, height = 0;
    uint8_t *buffer = NULL;
    TIFFGetField(t->handle, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(t->handle, TIFFTAG_TILELENGTH, &height);
    tmsize_t size = TIFFTileSize(t->handle);
    AN_CHECK(alloc_buffer(&buffer, t, size, row_bytes(t, width) * height));
    alexnet_status rc = ALEXNET_OK;
    for (unsigned plane = 0; plane < count_planes(t); plane++)
        for (uint32_t y = 0; y < t->height; y += height)
            for (uint32_t x = 0; x < t->width && rc == ALEXNET_OK; x += width) {
                if (TIFFReadTile(t->handle, buffer, x, y, 0, (uint16_t)plane) < 0)
                    rc = an_tiff_fail(t);
                store_tile(cells, t, buffer, x, y, plane);
            }
    an_free(buffer);
    return rc;
}

/* Read with libtiff's own conversion to RGB, which Pillow uses too. */
static alexnet_status read_converted(uint8_t *cells, an_tiff *t)
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
    int done = TIFFRGBAImageGet(&image, (uint32_t *)(void *)cells, t->width, t->height);
    TIFFRGBAImageEnd(&image);
    if (!done)
        return an_tiff_fail(t);
    size_t count = (size_t)t->width * t->height;
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

/* Where bits are damaged, libtiff makes up rows, different ones in each version, and reports
 * success. So any complaint counts as a failure. */
alexnet_status an_tiff_read(uint8_t *cells, an_tiff *tiff)
{
    AN_CHECK((tiff->by_libtiff            ? read_converted
              : TIFFIsTiled(tiff->handle) ? read_tiles
                                          : read_rows)(cells, tiff));
    return tiff->ended || *tiff->reason ? an_tiff_fail(tiff) : ALEXNET_OK;
}
