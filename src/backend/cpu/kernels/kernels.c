#include "backend/cpu/kernels/kernels.h"

static const an_cpu_kernels baseline = {
#define AN_KERNEL(name, args) {an_cpu_##name##_f32_baseline, an_cpu_##name##_bf16_baseline},
#include "backend/cpu/kernels/kernels.def"
#undef AN_KERNEL
};

#if defined(__x86_64__)

static const an_cpu_kernels avx2 = {
#define AN_KERNEL(name, args) {an_cpu_##name##_f32_avx2, an_cpu_##name##_bf16_avx2},
#include "backend/cpu/kernels/kernels.def"
#undef AN_KERNEL
};

static const an_cpu_kernels avx512 = {
#define AN_KERNEL(name, args) {an_cpu_##name##_f32_avx512, an_cpu_##name##_bf16_avx512},
#include "backend/cpu/kernels/kernels.def"
#undef AN_KERNEL
};

const an_cpu_kernels *an_cpu_kernels_for(alexnet_isa isa)
{
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
