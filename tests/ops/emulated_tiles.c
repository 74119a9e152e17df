#include "ops/emulated_tiles.h"

#if defined(__x86_64__)

#define AN_TILES_EMULATED "ops/tiles_emulated.h"
#include "backend/cpu/kernels/pixels_tiles.c"

void emulate_tiles(an_cpu_kernels *kernels)
{
    kernels->pixels_tiles = an_cpu_pixels_tiles_bf16_emulated;
}

#else

void emulate_tiles(an_cpu_kernels *kernels)
{
    (void)kernels;
}

#endif
