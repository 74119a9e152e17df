/*
 * TIFF through libtiff: the first picture of a file, as in Pillow.
 */
#include "data/picture/codec/tiff.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

enum { TILE_MIN = 16, TILE_MAX = 2048, SAMPLES_MAX = 6 };

static const char *compression_name(unsigned compression)
{
    const TIFFCodec *codec = TIFFFindCODEC((uint16_t)compression);
    return codec ? codec->name : "unknown";
}

static alexnet_status check_compression(const an_tiff *t)
{
    static const uint16_t known[] = {
        COMPRESSION_NONE,          COMPRESSION_CCITTRLE,  COMPRESSION_CCITTFAX3,
        COMPRESSION_CCITTFAX4,     COMPRESSION_LZW,       COMPRESSION_JPEG,
        COMPRESSION_ADOBE_DEFLATE, COMPRESSION_CCITTRLEW, COMPRESSION_PACKBITS,
        COMPRESSION_THUNDERSCAN,   COMPRESSION_DEFLATE,   COMPRESSION_LZMA,
        COMPRESSION_ZSTD,          COMPRESSION_WEBP};
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        found |= t->compression == known[i];
    if (found && TIFFIsCODECConfigured(t->compression))
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s is a TIFF with compression %u (%s), which %s",
                   t->file->name, t->compression, compression_name(t->compression),
                   found ? "this libtiff was built without" : "is not read");
}

static alexnet_status fail_kind(const an_tiff *t, const char *what, unsigned value)
{
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s is a TIFF %s %u, which is not read",
                   t->file->name, what, value);
}

/* Find out whether the sample after the colours is alpha. Samples after that are ignored. */
static alexnet_status read_alpha(an_tiff *t)
{
    uint16_t count = 0, *kinds = NULL;
    bool tagged = TIFFGetField(t->handle, TIFFTAG_EXTRASAMPLES, &count, &kinds) && count > 0;
    if (t->samples == t->colours)
        return ALEXNET_OK;
    if (tagged)
        t->alpha = kinds[0];
    else if (t->photometric == PHOTOMETRIC_RGB)
        t->alpha = EXTRASAMPLE_UNASSALPHA; /* as in Pillow, if there is no tag */
    else
        return fail_kind(t, "with samples of unknown meaning:", t->samples);
    if (t->alpha > EXTRASAMPLE_UNASSALPHA)
        return fail_kind(t, "with an extra sample of undefined kind:", t->alpha);
    if (t->alpha && t->photometric == PHOTOMETRIC_SEPARATED) /* five samples do not fit a cell */
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s is a TIFF of CMYK with alpha, which is not read", t->file->name);
    return ALEXNET_OK;
}

static alexnet_status read_colours(an_tiff *t)
{
    uint16_t ink = INKSET_CMYK;
    switch (t->photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK: t->colours = 1; break;
    case PHOTOMETRIC_PALETTE: {
        uint16_t *map[3];
        t->colours = 1;
        if (!TIFFGetField(t->handle, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]))
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a valid TIFF: it has no palette",
                           t->file->name);
        for (int c = 0; c < 3; c++)
            t->map[c] = map[c];
        break;
    }
    case PHOTOMETRIC_RGB: t->colours = 3; break;
    case PHOTOMETRIC_YCBCR: t->colours = 3; break;
    case PHOTOMETRIC_SEPARATED:
        t->colours = 4;
        TIFFGetField(t->handle, TIFFTAG_INKSET, &ink);
        if (ink != INKSET_CMYK)
            return fail_kind(t, "with ink set", ink);
        break;
    default: return fail_kind(t, "with colour space", t->photometric);
    }
    if (t->samples < t->colours || t->samples > SAMPLES_MAX)
        return fail_kind(
            t, "with a number of samples that its colour space does not have:", t->samples);
    return read_alpha(t);
}

static alexnet_status check_samples(const an_tiff *t)
{
    uint16_t format = SAMPLEFORMAT_UINT;
    bool single = t->samples == 1, palette = t->photometric == PHOTOMETRIC_PALETTE;
    TIFFGetField(t->handle, TIFFTAG_SAMPLEFORMAT, &format);
    if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID && /* TIFF 6.0, section 19 */
        !(format == SAMPLEFORMAT_INT && t->bits == 8 && single && !palette)) /* as Pillow */
        return fail_kind(t,
                         format == SAMPLEFORMAT_INT      ? "with signed samples, format"
                         : format == SAMPLEFORMAT_IEEEFP ? "with floating-point samples, format"
                                                         : "with sample format",
                         format);
    bool known = t->bits == 8 || (t->bits == 16 && !palette && !t->by_libtiff) ||
                 (single && (t->bits == 1 || t->bits == 2 || t->bits == 4)) ||
                 (single && t->bits == 12 && !palette);
    return known ? ALEXNET_OK : fail_kind(t, "with bits per sample:", t->bits);
}

/* The most bytes that one byte stands for; 0: any number. */
static unsigned most_of_byte(unsigned compression)
{
    switch (compression) {
    case COMPRESSION_NONE: return 1;
    case COMPRESSION_PACKBITS: return 64;           /* 128 of two (TIFF 6.0, section 9) */
    case COMPRESSION_LZW: return 4096 * 8 / 12 + 1; /* the longest text in its table, of 12 bits */
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ADOBE_DEFLATE: return 1032; /* 258 of two bits (RFC 1951, 3.2.5) */
    default: return 0;
    }
}

/* Check, before anything of the picture's size is allocated, that its strips can hold its samples.
 * @param present  bytes of them that are in the file */
static alexnet_status check_data(an_tiff *t, uint64_t present)
{
    const unsigned most = most_of_byte(t->compression);
    const uint64_t plane = TIFFVStripSize64(t->handle, t->height);
    if (most == 0 || plane * an_tiff_planes(t) / most <= present)
        return ALEXNET_OK;
    snprintf(t->reason, sizeof t->reason, "its strips have %llu bytes, too few for %u x %u pixels",
             (unsigned long long)present, t->width, t->height);
    return an_tiff_fail(t);
}

/* Tiny tiles could cost any amount of time, and huge ones far more memory than the picture. */
static alexnet_status check_parts(an_tiff *t)
{
    uint64_t total = 0, present = 0, pixels = (uint64_t)t->width * t->height;
    if (TIFFIsTiled(t->handle)) {
        uint32_t width = 0, height = 0;
        TIFFGetField(t->handle, TIFFTAG_TILEWIDTH, &width);
        TIFFGetField(t->handle, TIFFTAG_TILELENGTH, &height);
        if (width < TILE_MIN || height < TILE_MIN || width > TILE_MAX || height > TILE_MAX)
            return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                           "%s is a TIFF with tiles of %u x %u pixels; %d to %d a side are read",
                           t->file->name, width, height, TILE_MIN, TILE_MAX);
    }
    uint32_t count = an_tiff_parts(t);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t bytes = TIFFGetStrileByteCount(t->handle, i);
        const uint64_t at = TIFFGetStrileOffset(t->handle, i), length = t->file->length;
        const uint64_t left = at < length ? length - at : 0;
        total += bytes;
        present += bytes < left ? bytes : left;
    }
    if (total / 4 > t->file->length + 2 * pixels)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is not a valid TIFF: its strips claim %llu bytes, but the file has %zu",
                       t->file->name, (unsigned long long)total, t->file->length);
    return check_data(t, present);
}

/* Read and check the first directory, before anything of the picture's size is allocated. */
static alexnet_status read_directory(an_tiff *t)
{
    uint16_t planar = PLANARCONFIG_CONTIG;
    TIFFGetField(t->handle, TIFFTAG_IMAGEWIDTH, &t->width);
    TIFFGetField(t->handle, TIFFTAG_IMAGELENGTH, &t->height);
    AN_CHECK(an_picture_check_size(t->file, t->width, t->height));
    t->photometric = PHOTOMETRIC_MINISWHITE; /* as in Pillow, if there is no tag */
    TIFFGetField(t->handle, TIFFTAG_PHOTOMETRIC, &t->photometric);
    TIFFGetFieldDefaulted(t->handle, TIFFTAG_COMPRESSION, &t->compression);
    TIFFGetFieldDefaulted(t->handle, TIFFTAG_BITSPERSAMPLE, &t->bits);
    TIFFGetFieldDefaulted(t->handle, TIFFTAG_SAMPLESPERPIXEL, &t->samples);
    TIFFGetField(t->handle, TIFFTAG_PLANARCONFIG, &planar);
    t->planar = planar == PLANARCONFIG_SEPARATE && t->samples > 1;
    AN_CHECK(check_compression(t));
    AN_CHECK(read_colours(t));
    if (t->photometric == PHOTOMETRIC_YCBCR) {
        t->by_libtiff = t->compression != COMPRESSION_JPEG || t->planar;
        if (!t->by_libtiff) /* libjpeg does it better, as in Pillow */
            TIFFSetField(t->handle, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    }
    AN_CHECK(check_samples(t));
    return check_parts(t);
}

static int orientation_of(const an_tiff *t)
{
    uint16_t orientation = 0;
    uint32_t length = 0;
    const uint8_t *xmp = NULL;
    if (TIFFGetField(t->handle, TIFFTAG_ORIENTATION, &orientation))
        return orientation <= 8 ? orientation : 1;
    if (TIFFGetField(t->handle, TIFFTAG_XMLPACKET, &length, &xmp))
        return an_xmp_orientation(xmp, length);
    return 0;
}

/* Convert a cell of samples to RGB. */
static void colours_of(uint8_t rgb[3], const an_tiff *t, const uint8_t *cell)
{
    switch (t->photometric) {
    case PHOTOMETRIC_MINISWHITE: memset(rgb, 255 - cell[0], 3); break;
    case PHOTOMETRIC_MINISBLACK: memset(rgb, cell[0], 3); break;
    case PHOTOMETRIC_PALETTE:
        for (int c = 0; c < 3; c++)
            rgb[c] = (uint8_t)(t->map[c][cell[0]] >> 8);
        break;
    case PHOTOMETRIC_SEPARATED:
        for (int c = 0; c < 3; c++) {
            unsigned light = 255u - cell[3];
            rgb[c] = (uint8_t)(light - an_mul255(cell[c], light));
        }
        break;
    default: memcpy(rgb, cell, 3); break;
    }
}

static void row_of_cells(uint8_t *to, const an_tiff *t, const uint8_t *cell)
{
    for (uint32_t x = 0; x < t->width; x++, to += 3, cell += AN_TIFF_CELL) {
        colours_of(to, t, cell);
        if (!t->alpha || t->by_libtiff)
            continue;
        unsigned alpha = cell[t->colours];
        for (int c = 0; c < 3; c++)
            to[c] = an_over_white(
                t->alpha == EXTRASAMPLE_ASSOCALPHA ? an_unmultiplied(to[c], alpha) : to[c], alpha);
    }
}

/* @param cells  room for a band */
static alexnet_status read_bands(an_rows *rows, an_tiff *t, uint8_t *cells)
{
    for (uint32_t top = 0; top < t->height; top += t->band) {
        const uint32_t left = t->height - top, count = left < t->band ? left : t->band;
        AN_CHECK(an_tiff_read(cells, t, top, count));
        for (uint32_t y = 0; y < count; y++) {
            row_of_cells(rows->next, t, cells + AN_TIFF_CELL * (size_t)y * t->width);
            AN_CHECK(an_rows_take(rows, 1));
        }
    }
    return ALEXNET_OK;
}

static alexnet_status decode_open(an_rows *rows, an_tiff *t)
{
    AN_CHECK(read_directory(t));
    *t->reason = '\0'; /* complaints about tags so far do not count */
    AN_CHECK(an_tiff_begin_reading(t));
    AN_CHECK(an_rows_begin(rows, orientation_of(t), t->width, t->height));
    const size_t bytes = AN_TIFF_CELL * (size_t)t->band * t->width;
    uint8_t *cells = an_calloc(bytes, 1);
    alexnet_status rc = cells ? read_bands(rows, t, cells) : AN_FAIL_MEMORY(bytes, t->file->name);
    an_free(cells);
    return rc;
}

static alexnet_status fail_memory(const an_encoded *file)
{
    return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory: a TIFF decoder for %s", file->name);
}

/* @param unexplained  out: the failure may have been a lack of memory */
static alexnet_status decode_once(an_rows *rows, const an_encoded *file, bool *unexplained)
{
    an_tiff t = {.file = file};
    alexnet_status rc = an_tiff_open(&t);
    if (rc == ALEXNET_OK)
        rc = decode_open(rows, &t);
    if (t.handle)
        TIFFClose(t.handle);
    an_free(t.buffer);
    if (t.no_memory && !t.too_large) /* whatever the result */
        rc = fail_memory(file);
    *unexplained = t.unexplained;
    return rc;
}

static alexnet_status decode(an_rows *rows, const an_encoded *file)
{
    enum { OF_ZLIB = 1 << 20 };
    bool unexplained;
    alexnet_status rc = decode_once(rows, file, &unexplained);
    if (rc != ALEXNET_ERROR_FORMAT || !unexplained)
        return rc;
    if (an_memory_is_short(OF_ZLIB))
        return fail_memory(file);
    an_rows_free(rows);
    return decode_once(rows, file, &unexplained);
}

const an_codec an_tiff_codec = {"libtiff", AN_TIFF_VERSION, decode};
