/*
 * What tiff.c says of a TIFF file and tiff_rows.c reads of it.
 */
#ifndef AN_DATA_CODEC_TIFF_H
#define AN_DATA_CODEC_TIFF_H

#include <stdbool.h>

#include <tiffio.h>

#include "data/codec.h"

/** Bytes of a pixel in a picture that is being read: up to four samples. */
enum { AN_TIFF_CELL = 4 };

typedef struct an_tiff {
    TIFF *handle;
    const an_encoded *file;
    bool ended;       /* a JPEG in it ended before its rows */
    char reason[160]; /* libtiff's first complaint */
    uint32_t width, height;
    uint16_t photometric, compression;
    uint16_t bits, samples;  /* as stored */
    uint16_t colours, alpha; /* samples that are colours; EXTRASAMPLE_* of the next, or 0 */
    bool planar;             /* samples stand apart */
    bool by_libtiff;         /* libtiff makes RGB of the samples */
    const uint16_t *map[3];  /* of a palette */
} an_tiff;

/**
 * Read all samples into cells of AN_TIFF_CELL bytes: colours, then alpha if there is any, each as 8
 * bits, palette indices as they are.
 * @return an error, or the reason in `reason`
 */
alexnet_status an_tiff_read(uint8_t *cells, an_tiff *tiff);

/** The error of a file that libtiff could not read. */
alexnet_status an_tiff_fail(an_tiff *tiff);

#endif
