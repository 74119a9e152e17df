#include "ops/emulated_tiles.h"

#if defined(__x86_64__)

#define AN_TILES_EMULATED "ops/plain_tiles.h"
#include "backend/cpu/kernels/pixels_tiles.c"
#include "backend/cpu/kernels/wgrad_tiles.c"

void emulate_tiles(an_cpu_kernels *kernels)
{
    kernels->pixels_tiles = an_cpu_pixels_tiles_bf16_emulated;
    kernels->wgrad_tiles_x = an_cpu_wgrad_tiles_x_bf16_emulated;
    kernels->wgrad_tiles_dy = an_cpu_wgrad_tiles_dy_bf16_emulated;
    kernels->wgrad_tiles = an_cpu_wgrad_tiles_bf16_emulated;
}

#else

void emulate_tiles(an_cpu_kernels *kernels)
{
    (void)kernels;
}

#endif
