/*
 * The kernels of tiles (AMX) with tiles in plain C, for processors that have bf16 and no tiles.
 */
#ifndef AN_TESTS_EMULATED_TILES_H
#define AN_TESTS_EMULATED_TILES_H

#include "backend/cpu/kernels/kernels.h"

/** Replace the kernels of tiles in a table. */
void emulate_tiles(an_cpu_kernels *kernels);

#endif
