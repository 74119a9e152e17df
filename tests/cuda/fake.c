#include "cuda/fake_queue.h"

#include <stdlib.h>
#include <string.h>

fake_machine fake;
fake_counts fake_count;

void fake_reset(void)
{
    fake = (fake_machine){.devices = 1, .driver = CUDART_VERSION, .major = 9, .dnn = 91900};
    memset(&fake_count, 0, sizeof fake_count);
}

double fake_load(const void *data, int64_t i, bool bf16)
{
    float value;
    if (!bf16)
        return ((const float *)data)[i];
    uint32_t bits = (uint32_t)((const uint16_t *)data)[i] << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void fake_store(void *data, int64_t i, bool bf16, double value)
{
    float rounded = (float)value;
    uint32_t bits;
    if (!bf16) {
        ((float *)data)[i] = rounded;
        return;
    }
    memcpy(&bits, &rounded, sizeof bits);
    bits = rounded != rounded ? bits | 0x400000 : bits + 0x7fff + (bits >> 16 & 1);
    ((uint16_t *)data)[i] = (uint16_t)(bits >> 16);
}

static _Thread_local cudaError_t last;

cudaError_t fake_result(cudaError_t rc)
{
    if (rc != cudaSuccess)
        last = rc;
    return rc;
}

static cudaError_t get_last_error(void)
{
    const cudaError_t rc = last;
    last = cudaSuccess;
    return rc;
}

/* ---- The table, in the place of libs.c ------------------------------------------------------- */

static an_cuda_libs table;

static void __attribute__((constructor)) fill(void)
{
    fake_fill_runtime(&table);
    fake_fill_queue(&table);
    fake_fill_graph(&table);
    fake_fill_dnn(&table);
    fake_fill_blas(&table);
    fake_reset();
}

const an_cuda_libs *an_cuda_libs_runtime(void)
{
    return &table;
}

alexnet_status an_cuda_libs_get(const an_cuda_libs **out)
{
    *out = NULL;
    if (fake.no_dnn)
        return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE, "libcudnn.so.9: no such file");
    *out = an_cuda_libs_runtime();
    return ALEXNET_OK;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* Before every block. */
typedef struct head {
    size_t bytes;
    struct head *next; /* of pinned blocks */
} head;
enum { HEAD = 256 };

static head *pinned;

/* A block of undefined content. */
static cudaError_t block_new(void **out, size_t bytes)
{
    size_t all = (HEAD + bytes + HEAD - 1) / HEAD * HEAD;
    char *block = aligned_alloc(HEAD, all);
    if (!block)
        return cudaErrorMemoryAllocation;
    memset(block, 0xff, all);
    ((head *)block)->bytes = bytes;
    *out = block + HEAD;
    return cudaSuccess;
}

static cudaError_t malloc_locked(void **out, size_t bytes)
{
    if (fake_unsafe())
        return cudaErrorStreamCaptureUnsupported;
    if (fake.memory && (size_t)fake_count.live_bytes + bytes > fake.memory)
        return cudaErrorMemoryAllocation;
    cudaError_t rc = block_new(out, bytes);
    if (rc != cudaSuccess)
        return rc;
    fake_count.mallocs++;
    fake_count.last_device = fake_current_device();
    fake_count.live++;
    fake_count.live_bytes += (int64_t)bytes;
    return cudaSuccess;
}

static cudaError_t fake_malloc(void **out, size_t bytes)
{
    fake_lock();
    cudaError_t rc = malloc_locked(out, bytes);
    fake_unlock();
    return fake_result(rc);
}

/* cudaFree() waits for everything. */
static cudaError_t fake_free(void *block)
{
    if (!block)
        return cudaSuccess;
    head *h = (head *)((char *)block - HEAD);
    fake_lock();
    cudaError_t rc = fake_unsafe();
    if (rc == cudaSuccess) {
        fake_finish_all();
        fake_count.live--;
        fake_count.live_bytes -= (int64_t)h->bytes;
        free(h);
    }
    fake_unlock();
    return fake_result(rc);
}

bool fake_is_pinned(const void *memory)
{
    for (head *h = pinned; h; h = h->next) {
        const char *block = (char *)h + HEAD;
        if ((const char *)memory >= block && (const char *)memory < block + h->bytes)
            return true;
    }
    return false;
}

static cudaError_t pointer_get_attributes(struct cudaPointerAttributes *about, const void *memory)
{
    memset(about, 0, sizeof *about);
    fake_lock();
    about->type = fake_is_pinned(memory) ? cudaMemoryTypeHost : cudaMemoryTypeUnregistered;
    fake_unlock();
    return cudaSuccess;
}

static cudaError_t host_alloc(void **out, size_t bytes, unsigned flags)
{
    (void)flags;
    fake_lock();
    cudaError_t rc = fake_unsafe();
    if (rc == cudaSuccess)
        rc = block_new(out, bytes);
    if (rc == cudaSuccess) {
        head *h = (head *)((char *)*out - HEAD);
        h->next = pinned;
        pinned = h;
        fake_count.host_blocks++;
    }
    fake_unlock();
    return fake_result(rc);
}

/* A copy that has yet to read the block finds poison. */
static cudaError_t free_host(void *block)
{
    head *h = (head *)((char *)block - HEAD);
    head **at = &pinned;
    fake_lock();
    memset(block, 0xff, h->bytes);
    fake_finish_all();
    while (*at != h)
        at = &(*at)->next;
    *at = h->next;
    free(h);
    fake_count.host_blocks--;
    fake_unlock();
    return cudaSuccess;
}

static cudaError_t mem_get_info(size_t *available, size_t *whole)
{
    *whole = fake.memory;
    *available = fake.memory - (size_t)fake_count.live_bytes;
    return cudaSuccess;
}

/* ---- Devices --------------------------------------------------------------------------------- */

static cudaError_t get_device_count(int *count)
{
    *count = fake.devices;
    if (fake.child)
        return fake_result(cudaErrorInitializationError);
    if (fake.driver < CUDART_VERSION)
        return fake_result(cudaErrorInsufficientDriver);
    return fake_result(fake.devices ? cudaSuccess : cudaErrorNoDevice);
}

static cudaError_t driver_get_version(int *version)
{
    *version = fake.driver;
    return cudaSuccess;
}

static cudaError_t get_device_properties(struct cudaDeviceProp *prop, int device)
{
    (void)device;
    memset(prop, 0, sizeof *prop);
    strcpy(prop->name, "a fake");
    prop->major = fake.major;
    prop->minor = fake.minor;
    prop->totalGlobalMem = (size_t)8 << 30;
    return cudaSuccess;
}

static cudaError_t device_get_attribute(int *value, enum cudaDeviceAttr name, int device)
{
    (void)device;
    *value = name == cudaDevAttrComputeMode              ? fake.compute_mode
             : name == cudaDevAttrIntegrated             ? fake.integrated
             : name == cudaDevAttrComputeCapabilityMajor ? fake.major
             : name == cudaDevAttrComputeCapabilityMinor ? fake.minor
                                                         : 0;
    return cudaSuccess;
}

/* A context is the address of a device. */
static char contexts[8];
static _Thread_local CUcontext current;

static cudaError_t set_device(int device)
{
    if (fake.taken)
        return fake_result(cudaErrorDevicesUnavailable);
    if (device >= fake.devices)
        return fake_result(cudaErrorInvalidDevice);
    current = (CUcontext)&contexts[device];
    return cudaSuccess;
}

static CUresult get_current(CUcontext *context)
{
    *context = current;
    return CUDA_SUCCESS;
}

static CUresult set_current(CUcontext context)
{
    current = context;
    return CUDA_SUCCESS;
}

int fake_current_device(void)
{
    return current ? (int)((char *)current - contexts) : -1;
}

static const char *get_error_string(cudaError_t error)
{
    return error == cudaSuccess ? "no error" : "an error of the fake";
}

void fake_fill_runtime(an_cuda_libs *libs)
{
    libs->cuCtxGetCurrent = get_current;
    libs->cuCtxSetCurrent = set_current;
    libs->cudaDeviceGetAttribute = device_get_attribute;
    libs->cudaDriverGetVersion = driver_get_version;
    libs->cudaFree = fake_free;
    libs->cudaFreeHost = free_host;
    libs->cudaGetDeviceCount = get_device_count;
    libs->cudaGetDeviceProperties = get_device_properties;
    libs->cudaGetErrorString = get_error_string;
    libs->cudaGetLastError = get_last_error;
    libs->cudaHostAlloc = host_alloc;
    libs->cudaMalloc = fake_malloc;
    libs->cudaMemGetInfo = mem_get_info;
    libs->cudaPointerGetAttributes = pointer_get_attributes;
    libs->cudaSetDevice = set_device;
}
