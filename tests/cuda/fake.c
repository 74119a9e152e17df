#include "cuda/fake.h"

#include <stdlib.h>
#include <string.h>

fake_machine fake;
fake_counts fake_count;

void fake_reset(void)
{
    fake = (fake_machine){.devices = 1, .driver = CUDART_VERSION, .major = 9};
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

/* ---- The table, in the place of libs.c ------------------------------------------------------- */

static an_cuda_libs table;

const an_cuda_libs *an_cuda_libs_runtime(void)
{
    fake_fill_runtime(&table);
    fake_fill_dnn(&table);
    fake_fill_blas(&table);
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

/* ---- The runtime ----------------------------------------------------------------------------- */

/* Before every block: its size. */
enum { HEAD = 256 };

static cudaError_t fake_malloc(void **out, size_t bytes)
{
    if (fake.memory && (size_t)fake_count.live_bytes + bytes > fake.memory)
        return cudaErrorMemoryAllocation;
    size_t all = (HEAD + bytes + HEAD - 1) / HEAD * HEAD;
    char *block = aligned_alloc(HEAD, all);
    if (!block)
        return cudaErrorMemoryAllocation;
    memset(block, 0xff, all);
    memcpy(block, &bytes, sizeof bytes);
    fake_count.mallocs++;
    fake_count.last_device = fake_current_device();
    fake_count.live++;
    fake_count.live_bytes += (int64_t)bytes;
    *out = block + HEAD;
    return cudaSuccess;
}

static cudaError_t fake_free(void *block)
{
    size_t bytes;
    if (!block)
        return cudaSuccess;
    memcpy(&bytes, (char *)block - HEAD, sizeof bytes);
    fake_count.live--;
    fake_count.live_bytes -= (int64_t)bytes;
    free((char *)block - HEAD);
    return cudaSuccess;
}

static cudaError_t host_alloc(void **out, size_t bytes, unsigned flags)
{
    (void)flags;
    *out = malloc(bytes);
    fake_count.host_blocks++;
    return *out ? cudaSuccess : cudaErrorMemoryAllocation;
}

static cudaError_t free_host(void *block)
{
    fake_count.host_blocks--;
    free(block);
    return cudaSuccess;
}

static cudaError_t mem_get_info(size_t *available, size_t *whole)
{
    *whole = fake.memory;
    *available = fake.memory - (size_t)fake_count.live_bytes;
    return cudaSuccess;
}

static cudaError_t memcpy_async(void *dst, const void *src, size_t bytes, enum cudaMemcpyKind kind,
                                cudaStream_t stream)
{
    (void)kind, (void)stream;
    memcpy(dst, src, bytes);
    return cudaSuccess;
}

static cudaError_t memset_async(void *dst, int value, size_t bytes, cudaStream_t stream)
{
    (void)stream;
    memset(dst, value, bytes);
    return cudaSuccess;
}

static cudaError_t get_device_count(int *count)
{
    *count = fake.devices;
    if (fake.child)
        return cudaErrorInitializationError;
    if (fake.driver < CUDART_VERSION)
        return cudaErrorInsufficientDriver;
    return fake.devices ? cudaSuccess : cudaErrorNoDevice;
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
        return cudaErrorDevicesUnavailable;
    if (device >= fake.devices)
        return cudaErrorInvalidDevice;
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

static cudaError_t get_last_error(void)
{
    return cudaSuccess;
}

/* Streams and graphs are addresses without meaning. */
static cudaError_t stream_create(cudaStream_t *out, unsigned flags)
{
    (void)flags;
    *out = malloc(1);
    return cudaSuccess;
}

static cudaError_t stream_destroy(cudaStream_t stream)
{
    free(stream);
    return cudaSuccess;
}

static cudaError_t stream_synchronize(cudaStream_t stream)
{
    (void)stream;
    fake_count.spins++;
    return cudaSuccess;
}

static cudaError_t stream_wait_event(cudaStream_t stream, cudaEvent_t event, unsigned flags)
{
    (void)stream, (void)event, (void)flags;
    fake_count.waits++;
    return cudaSuccess;
}

typedef struct fake_event {
    int64_t record; /* its number */
    bool blocking;
} fake_event;

static cudaError_t event_create(cudaEvent_t *out, unsigned flags)
{
    fake_event *event = calloc(1, sizeof *event);
    event->blocking = flags & cudaEventBlockingSync;
    *out = (cudaEvent_t)event;
    return cudaSuccess;
}

static cudaError_t event_destroy(cudaEvent_t event)
{
    free(event);
    return cudaSuccess;
}

static cudaError_t event_record(cudaEvent_t event, cudaStream_t stream)
{
    (void)stream;
    ((fake_event *)event)->record = ++fake_count.records;
    return cudaSuccess;
}

static cudaError_t event_query(cudaEvent_t event)
{
    (void)event;
    return fake.slow ? cudaErrorNotReady : cudaSuccess;
}

static cudaError_t event_synchronize(cudaEvent_t event)
{
    const fake_event *e = (const fake_event *)event;
    fake_count.spins += !e->blocking;
    fake_count.sleeps += e->blocking;
    return e->record ? cudaSuccess : cudaErrorInvalidValue;
}

static cudaError_t event_elapsed(float *milliseconds, cudaEvent_t first, cudaEvent_t second)
{
    *milliseconds = (float)(((fake_event *)second)->record - ((fake_event *)first)->record);
    return cudaSuccess;
}

static cudaError_t begin_capture(cudaStream_t stream, enum cudaStreamCaptureMode mode)
{
    (void)stream, (void)mode;
    fake_count.captures++;
    return cudaSuccess;
}

static cudaError_t end_capture(cudaStream_t stream, cudaGraph_t *graph)
{
    (void)stream;
    *graph = malloc(1);
    return cudaSuccess;
}

static cudaError_t graph_instantiate(cudaGraphExec_t *out, cudaGraph_t graph,
                                     unsigned long long flags)
{
    (void)graph, (void)flags;
    *out = malloc(1);
    return cudaSuccess;
}

static cudaError_t graph_destroy(cudaGraph_t graph)
{
    free(graph);
    return cudaSuccess;
}

static cudaError_t graph_exec_destroy(cudaGraphExec_t graph)
{
    free(graph);
    return cudaSuccess;
}

static cudaError_t graph_launch(cudaGraphExec_t graph, cudaStream_t stream)
{
    (void)graph, (void)stream;
    fake_count.launches++;
    return cudaSuccess;
}

void fake_fill_runtime(an_cuda_libs *libs)
{
    libs->cuCtxGetCurrent = get_current;
    libs->cuCtxSetCurrent = set_current;
    libs->cudaDeviceGetAttribute = device_get_attribute;
    libs->cudaDriverGetVersion = driver_get_version;
    libs->cudaEventCreateWithFlags = event_create;
    libs->cudaEventDestroy = event_destroy;
    libs->cudaEventElapsedTime = event_elapsed;
    libs->cudaEventQuery = event_query;
    libs->cudaEventRecord = event_record;
    libs->cudaEventSynchronize = event_synchronize;
    libs->cudaFree = fake_free;
    libs->cudaFreeHost = free_host;
    libs->cudaGetDeviceCount = get_device_count;
    libs->cudaGetDeviceProperties = get_device_properties;
    libs->cudaGetErrorString = get_error_string;
    libs->cudaGetLastError = get_last_error;
    libs->cudaGraphDestroy = graph_destroy;
    libs->cudaGraphExecDestroy = graph_exec_destroy;
    libs->cudaGraphInstantiate = graph_instantiate;
    libs->cudaGraphLaunch = graph_launch;
    libs->cudaHostAlloc = host_alloc;
    libs->cudaMalloc = fake_malloc;
    libs->cudaMemGetInfo = mem_get_info;
    libs->cudaMemcpyAsync = memcpy_async;
    libs->cudaMemsetAsync = memset_async;
    libs->cudaSetDevice = set_device;
    libs->cudaStreamBeginCapture = begin_capture;
    libs->cudaStreamCreateWithFlags = stream_create;
    libs->cudaStreamDestroy = stream_destroy;
    libs->cudaStreamEndCapture = end_capture;
    libs->cudaStreamSynchronize = stream_synchronize;
    libs->cudaStreamWaitEvent = stream_wait_event;
}
