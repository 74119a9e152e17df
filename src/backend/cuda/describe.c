/* Which devices exist, and why one cannot be used. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/cuda/cuda.h"
#include "base/text.h"

const an_cuda_code an_cuda_built = {{AN_CUDA_IMAGES}, {AN_CUDA_PTX}};

/* Whether this process was forked from one that had looked for devices: the driver does not work in
 * such a child. */
static bool is_forked(void)
{
    static atomic_int first;
    int none = 0, self = (int)getpid();
    return !atomic_compare_exchange_strong(&first, &none, self) && none != self;
}

/* The number of devices; if 0, `why` is the reason. */
static int count_devices(const an_cuda_libs *libs, char *why, size_t size)
{
    int count = 0, driver = 0;
    const bool forked = is_forked();
    cudaError_t error = libs->cudaGetDeviceCount(&count);
    if (error == cudaSuccess && count > 0)
        return count;
    libs->cudaGetLastError();
    libs->cudaDriverGetVersion(&driver);
    if (error == cudaErrorInsufficientDriver && driver == 0)
        snprintf(why, size, "there is no NVIDIA driver");
    else if (error == cudaErrorInsufficientDriver)
        snprintf(why, size, "the driver is made for CUDA %d.%d, and this build needs %d.%d",
                 driver / 1000, driver % 1000 / 10, CUDART_VERSION / 1000,
                 CUDART_VERSION % 1000 / 10);
    else if (error == cudaErrorInitializationError && forked)
        snprintf(why, size,
                 "this process was forked from one that had looked for GPUs: fork earlier, "
                 "or exec");
    else if (error == cudaErrorNoDevice || error == cudaSuccess)
        snprintf(why, size, "the driver finds no GPU, or CUDA_VISIBLE_DEVICES hides it");
    else
        snprintf(why, size, "%s", libs->cudaGetErrorString(error));
    return 0;
}

static int chip_of(const struct cudaDeviceProp *prop)
{
    return prop->major * 10 + prop->minor;
}

/* Tegra's chips: between them and others, machine code of one generation is not compatible. (88 is
 * T239's, of which nvcc 13 says no more than the number.) */
static bool is_tegra(int chip)
{
    return chip == 72 || chip == 87 || chip == 88 || chip == 101 || chip == 110;
}

static bool image_runs(int image, int chip)
{
    if (is_tegra(image) || is_tegra(chip))
        return image == chip;
    return image / 10 == chip / 10 && image <= chip;
}

static bool has_image(const int *images, int chip)
{
    while (*images && !image_runs(*images, chip))
        images++;
    return *images != 0;
}

/* The least of a list and `least`; 0 means none. */
static int least_of(const int *chips, int least)
{
    for (; *chips; chips++)
        if (least == 0 || *chips < least)
            least = *chips;
    return least;
}

bool an_cuda_has_kernels(const an_cuda_code *code, int chip, int driver, char *why, size_t size)
{
    const int ptx = least_of(code->ptx, 0), least = least_of(code->images, ptx);
    const bool compiles = ptx > 0 && ptx <= chip;
    if (has_image(code->images, chip) || (compiles && driver >= CUDART_VERSION))
        return true;
    if (compiles)
        snprintf(why, size, "for sm_%d this build needs a driver for CUDA %d.%d, not %d.%d", chip,
                 CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10, driver / 1000,
                 driver % 1000 / 10);
    else if (chip < least)
        snprintf(why, size, "compute capability %d.%d is too old: this build needs at least %d.%d",
                 chip / 10, chip % 10, least / 10, least % 10);
    else
        snprintf(why, size, "this build has no kernels for sm_%d", chip);
    return false;
}

/* Write to `why` the reason if a device cannot be used; else leave it alone. */
static void find_fault(const an_cuda_libs *libs, int ordinal, int chip, char *why, size_t size)
{
    const an_cuda_libs *all;
    int mode = cudaComputeModeDefault, driver = 0;
    libs->cudaDeviceGetAttribute(&mode, cudaDevAttrComputeMode, ordinal);
    libs->cudaDriverGetVersion(&driver);
    if (!an_cuda_has_kernels(&an_cuda_built, chip, driver, why, size))
        return;
    if (mode == cudaComputeModeProhibited)
        snprintf(why, size, "its compute mode is prohibited; nvidia-smi -c 0 resets it");
    else if (an_cuda_libs_get(&all) != ALEXNET_OK)
        snprintf(why, size, "%s", an_error_text());
}

/* What an integrated chip calls its memory is the host's. */
static void name_processor(alexnet_device_info *info, const an_cuda_libs *libs, int ordinal,
                           const struct cudaDeviceProp *prop)
{
    int integrated = 0;
    libs->cudaDeviceGetAttribute(&integrated, cudaDevAttrIntegrated, ordinal);
    an_print_in(info->processor, sizeof info->processor, "%.60s, %.0f GiB%s", prop->name,
                (double)prop->totalGlobalMem / (1 << 30), integrated ? " shared with the CPU" : "");
}

static void name_libraries(char *text, size_t size)
{
    const an_cuda_libs *libs;
    if (an_cuda_libs_get(&libs) != ALEXNET_OK)
        return;
    size_t dnn = libs->cudnnGetVersion(), blas = libs->cublasLtGetVersion();
    snprintf(text, size, "cuDNN %zu.%zu.%zu, cuBLASLt %zu.%zu.%zu", dnn / 10000, dnn / 100 % 100,
             dnn % 100, blas / 10000, blas / 100 % 100, blas % 100);
}

bool an_cuda_describe(alexnet_device_info *info, int ordinal, alexnet_isa max_isa)
{
    const an_cuda_libs *libs = an_cuda_libs_runtime();
    struct cudaDeviceProp prop;
    (void)max_isa;
    memset(info, 0, sizeof *info);
    if (ordinal == 0)
        snprintf(info->name, sizeof info->name, "cuda");
    else
        snprintf(info->name, sizeof info->name, "cuda:%d", ordinal);
    int count = count_devices(libs, info->absent, sizeof info->absent);
    if (ordinal >= count)
        return ordinal == 0;
    if (libs->cudaGetDeviceProperties(&prop, ordinal) != cudaSuccess) {
        libs->cudaGetLastError();
        snprintf(info->absent, sizeof info->absent, "the driver does not report its properties");
        return true;
    }
    name_processor(info, libs, ordinal, &prop);
    snprintf(info->isa, sizeof info->isa, "sm_%d", chip_of(&prop));
    find_fault(libs, ordinal, chip_of(&prop), info->absent, sizeof info->absent);
    name_libraries(info->library, sizeof info->library);
    info->available = !info->absent[0];
    info->bf16 = chip_of(&prop) >= AN_CUDA_BF16_CHIP;
    return true;
}
