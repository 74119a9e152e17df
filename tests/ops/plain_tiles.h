/*
 * The operations of backend/cpu/kernels/tiles.h in plain C, one set of tiles for each thread, for
 * it to include.
 */
#ifndef AN_TESTS_PLAIN_TILES_H
#define AN_TESTS_PLAIN_TILES_H

#include <stdlib.h>
#include <string.h>

#include "backend/cpu/kernels/bf16.h"

#define AN_TARGET_TILES AN_TARGET_PAIRS

static _Thread_local struct {
    an_tile_config config; /* palette 0: not configured */
    union {
        float c[AN_TILE_ROWS][AN_TILE_COLUMNS];
        uint16_t ab[AN_TILE_ROWS][AN_TILE_DEPTH];
    } tile[8];
} an_tiles;

static inline void an_tiles_begin(const an_tile_config *config)
{
    memset(&an_tiles, 0xff, sizeof an_tiles); /* NaN: nothing may be read before it is loaded */
    an_tiles.config = *config;
}

/* Tiles may be used only between begin and end, and have at least one row. */
static inline int an_tile_rows(int tile)
{
    if (an_tiles.config.palette != 1 || an_tiles.config.rows[tile] == 0)
        abort();
    return an_tiles.config.rows[tile];
}

static inline void an_tile_copy(int tile, void *memory, int64_t distance, bool store)
{
    for (int row = 0; row < an_tile_rows(tile); row++) {
        void *there = (char *)memory + row * distance, *here = &an_tiles.tile[tile].c[row];
        memcpy(store ? there : here, store ? here : there, an_tiles.config.row_bytes[tile]);
    }
}

static inline void an_tile_multiply(int c, int a, int b)
{
    if (an_tile_rows(c) != an_tile_rows(a) || 2 * an_tile_rows(b) != AN_TILE_DEPTH)
        abort();
    for (int row = 0; row < an_tile_rows(c); row++)
        for (int column = 0; column < AN_TILE_COLUMNS; column++)
            for (int i = 0; i < AN_TILE_DEPTH; i++)
                an_tiles.tile[c].c[row][column] +=
                    an_bf16_to_float(an_tiles.tile[a].ab[row][i]) *
                    an_bf16_to_float(an_tiles.tile[b].ab[i / 2][2 * column + i % 2]);
}

#define AN_TILES_BEGIN(config) an_tiles_begin(config)
#define AN_TILES_END() an_tiles.config.palette = 0
#define AN_TILE_LOAD(tile, from, distance) an_tile_copy(tile, (void *)(from), distance, false)
#define AN_TILE_STORE(tile, to, distance) an_tile_copy(tile, to, distance, true)
#define AN_TILE_MULTIPLY(c, a, b) an_tile_multiply(c, a, b)

#endif
