/*
 * Shared by tiff.c, which reads the tags of a TIFF file, tiff_open.c, which opens it, and
 * tiff_rows.c, which reads its samples.
 */
#ifndef AN_DATA_PICTURE_CODEC_TIFF_H
#define AN_DATA_PICTURE_CODEC_TIFF_H

#include <stdbool.h>

#include <tiffio.h>

#include "data/picture/rows.h"

/** Bytes of a pixel while a picture is read: up to four samples. */
enum { AN_TIFF_CELL = 4 };

typedef struct an_tiff {
    TIFF *handle;
    const an_encoded *file;
    uint64_t at;      /* where libtiff reads next */
    bool ended;       /* a JPEG in it ended before its last row */
    bool no_memory;   /* libtiff, or a library below it, could not get memory */
    bool too_large;   /* because it asked for more than a valid file needs */
    bool unexplained; /* zlib failed without a text: out of memory, or damaged data */
    char reason[160]; /* libtiff's first complaint */
    uint32_t width, height;
    uint16_t photometric, compression;
    uint16_t bits, samples;  /* as stored */
    uint16_t colours, alpha; /* number of colour samples; EXTRASAMPLE_* of the next, or 0 */
    bool planar;             /* each sample has a plane of its own */
    bool by_libtiff;         /* libtiff converts the samples to RGB */
    const uint16_t *map[3];  /* of a palette */
    uint8_t *buffer;         /* what libtiff fills: a row or a tile; owned */
    uint32_t band;           /* rows that are read together */
} an_tiff;

/** Open t->file. The caller closes the handle, if there is one, on failure too. */
alexnet_status an_tiff_open(an_tiff *tiff);
/** Strips or tiles. */
uint32_t an_tiff_parts(const an_tiff *tiff);
/** Set `band`, and allocate `buffer`. */
alexnet_status an_tiff_begin_reading(an_tiff *tiff);
/**
 * Read the samples of a band, the rows from `top`, into cells of AN_TIFF_CELL bytes: colours, then
 * alpha if there is any, each as 8 bits, palette indices as they are. Bands are read in order.
 * @param count  rows: `band`, or those that are left
 * @return an error also if libtiff only complained (`reason`)
 */
alexnet_status an_tiff_read(uint8_t *cells, an_tiff *tiff, uint32_t top, uint32_t count);
/** The number of planes that are read: those of colours and alpha, or one with all samples. */
unsigned an_tiff_planes(const an_tiff *tiff);

/** Note whether an error text of libtiff is about memory. */
void an_tiff_hear(an_tiff *tiff, const char *text);
/** The error of a file that libtiff could not read. */
alexnet_status an_tiff_fail(an_tiff *tiff);

#endif
