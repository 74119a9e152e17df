#include "backend/cpu/kernels/kernels.h"

#define AN_KERNEL_PAIRS(name, run) .name = NULL,
#define AN_KERNEL_TILES(name, run) .name = NULL,

static const an_cpu_kernels baseline = {
    .isa = "baseline",
#define AN_KERNEL(name, run) .name = {an_cpu_##name##_f32_baseline, NULL},
#include "backend/cpu/kernels/kernels.def"
#undef AN_KERNEL
};

#if defined(__x86_64__)

static const an_cpu_kernels avx2 = {
    .isa = "avx2",
#define AN_KERNEL(name, run) .name = {an_cpu_##name##_f32_avx2, NULL},
#include "backend/cpu/kernels/kernels.def"
#undef AN_KERNEL
};

#define AN_KERNEL(name, run) .name = {an_cpu_##name##_f32_avx512, an_cpu_##name##_bf16_avx512},

static const an_cpu_kernels avx512 = {
    .isa = "avx512",
#include "backend/cpu/kernels/kernels.def"
};

#undef AN_KERNEL_PAIRS
#define AN_KERNEL_PAIRS(name, run) .name = an_cpu_##name##_bf16_avx512_bf16,

static const an_cpu_kernels avx512_bf16 = {
    .isa = "avx512",
#include "backend/cpu/kernels/kernels.def"
};

#undef AN_KERNEL_TILES
#define AN_KERNEL_TILES(name, run) .name = an_cpu_##name##_bf16_amx,

static const an_cpu_kernels amx = {
    .isa = "avx512",
#include "backend/cpu/kernels/kernels.def"
};

const an_cpu_kernels *an_cpu_kernels_for(alexnet_isa isa)
{
    if (isa >= ALEXNET_ISA_AMX)
        return &amx;
    if (isa >= ALEXNET_ISA_AVX512_BF16)
        return &avx512_bf16;
    if (isa >= ALEXNET_ISA_AVX512)
        return &avx512;
    return isa >= ALEXNET_ISA_AVX2 ? &avx2 : &baseline;
}

#else

const an_cpu_kernels *an_cpu_kernels_for(alexnet_isa isa)
{
    (void)isa;
    return &baseline;
}

#endif
