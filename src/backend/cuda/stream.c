/* The two streams: batches copied ahead, recorded steps, time stamps. */
#include <time.h>

#include "backend/cuda/cuda.h"
#include "base/alloc.h"
#include "base/clock.h"

static alexnet_status new_event(an_cuda *cuda, cudaEvent_t *out, unsigned flags)
{
    return an_cuda_check(cuda, cuda->libs->cudaEventCreateWithFlags(out, flags),
                         "creating an event");
}

alexnet_status an_cuda_streams_open(an_cuda *cuda)
{
    const an_cuda_libs *libs = cuda->libs;
    AN_CHECK(an_cuda_check(cuda,
                           libs->cudaStreamCreateWithFlags(&cuda->stream, cudaStreamNonBlocking),
                           "creating a stream"));
    AN_CHECK(an_cuda_check(cuda,
                           libs->cudaStreamCreateWithFlags(&cuda->copies, cudaStreamNonBlocking),
                           "creating a stream"));
    const unsigned blocking = cudaEventBlockingSync | cudaEventDisableTiming;
    AN_CHECK(new_event(cuda, &cuda->waited_for, blocking));
    for (int i = 0; i < AN_CUDA_BUFFERS; i++) {
        AN_CHECK(new_event(cuda, &cuda->copied[i], blocking));
        AN_CHECK(new_event(cuda, &cuda->retired[i], cudaEventDisableTiming));
    }
    return ALEXNET_OK;
}

static void free_event(an_cuda *cuda, cudaEvent_t event)
{
    if (event)
        cuda->libs->cudaEventDestroy(event);
}

void an_cuda_streams_close(an_cuda *cuda)
{
    free_event(cuda, cuda->waited_for);
    for (int i = 0; i < AN_CUDA_BUFFERS; i++) {
        free_event(cuda, cuda->copied[i]);
        free_event(cuda, cuda->retired[i]);
    }
    for (int i = 0; i < AN_MARKS; i++)
        free_event(cuda, cuda->marks[i]);
    if (cuda->copies)
        cuda->libs->cudaStreamDestroy(cuda->copies);
    if (cuda->stream)
        cuda->libs->cudaStreamDestroy(cuda->stream);
}

/* Polls for a short time before blocking: for a single image, being woken would take a notable part
 * of the whole time. */
static cudaError_t poll(an_cuda *cuda)
{
    static const double SECONDS = 2e-4;
    const an_cuda_libs *libs = cuda->libs;
    const double began = an_clock();
    cudaError_t error;
    do {
        error = libs->cudaEventQuery(cuda->waited_for);
        if (error == cudaErrorNotReady)
            libs->cudaGetLastError(); /* if CUDA keeps it like an error, a launch would report it */
    } while (error == cudaErrorNotReady && an_clock() - began < SECONDS);
    return error;
}

/* While the host waits, its CPUs decode the pictures of later batches. cudaStreamSynchronize()
 * would keep one of them busy. */
alexnet_status an_cuda_wait(an_cuda *cuda, cudaStream_t stream, const char *what)
{
    const an_cuda_libs *libs = cuda->libs;
    AN_CHECK(an_cuda_check(cuda, libs->cudaEventRecord(cuda->waited_for, stream), what));
    cudaError_t error = poll(cuda);
    if (error == cudaErrorNotReady)
        error = libs->cudaEventSynchronize(cuda->waited_for);
    return an_cuda_check(cuda, error, what);
}

/* ---- Batches copied ahead -------------------------------------------------------------------- */

alexnet_status an_cuda_copy_ahead(an_backend *backend, int buffer, void *dst, const void *src,
                                  size_t bytes)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    const an_cuda_libs *libs = cuda->libs;
    AN_CHECK(an_cuda_check(cuda, libs->cudaStreamWaitEvent(cuda->copies, cuda->retired[buffer], 0),
                           "waiting for a buffer"));
    AN_CHECK(an_cuda_check(
        cuda, libs->cudaMemcpyAsync(dst, src, bytes, cudaMemcpyHostToDevice, cuda->copies),
        "a copy to the device"));
    return an_cuda_check(cuda, libs->cudaEventRecord(cuda->copied[buffer], cuda->copies),
                         "recording an event");
}

alexnet_status an_cuda_copied(an_backend *backend, int buffer)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    return an_cuda_check(cuda, cuda->libs->cudaEventSynchronize(cuda->copied[buffer]), "a copy");
}

alexnet_status an_cuda_await(an_backend *backend, int buffer)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    return an_cuda_check(cuda,
                         cuda->libs->cudaStreamWaitEvent(cuda->stream, cuda->copied[buffer], 0),
                         "waiting for a copy");
}

alexnet_status an_cuda_retire(an_backend *backend, int buffer)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    return an_cuda_check(cuda, cuda->libs->cudaEventRecord(cuda->retired[buffer], cuda->stream),
                         "recording an event");
}

/* ---- Recorded steps -------------------------------------------------------------------------- */

struct an_capture {
    cudaGraphExec_t graph;
};

alexnet_status an_cuda_capture_begin(an_backend *backend)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    /* Relaxed: meanwhile other threads may allocate memory, and libraries load kernels. */
    return an_cuda_check(
        cuda, cuda->libs->cudaStreamBeginCapture(cuda->stream, cudaStreamCaptureModeRelaxed),
        "recording steps");
}

alexnet_status an_cuda_capture_end(an_backend *backend, an_capture **out)
{
    an_cuda *cuda;
    cudaGraph_t graph = NULL;
    *out = NULL;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    const an_cuda_libs *libs = cuda->libs;
    AN_CHECK(
        an_cuda_check(cuda, libs->cudaStreamEndCapture(cuda->stream, &graph), "recording steps"));
    an_capture *capture = an_calloc(1, sizeof *capture);
    alexnet_status rc =
        capture ? an_cuda_check(cuda, libs->cudaGraphInstantiate(&capture->graph, graph, 0),
                                "recording steps")
                : AN_FAIL_MEMORY(sizeof *capture, "recorded steps");
    libs->cudaGraphDestroy(graph);
    if (rc != ALEXNET_OK)
        an_free(capture);
    else
        *out = capture;
    return rc;
}

alexnet_status an_cuda_replay(an_backend *backend, an_capture *capture)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    return an_cuda_check(cuda, cuda->libs->cudaGraphLaunch(capture->graph, cuda->stream),
                         "replaying recorded steps");
}

/* Wait, whatever the outcome: the error of what is being cleaned up after remains. */
static void wait_silently(an_cuda *cuda)
{
    const an_cuda_libs *libs = cuda->libs;
    if (libs->cudaEventRecord(cuda->waited_for, cuda->stream) != cudaSuccess ||
        libs->cudaEventSynchronize(cuda->waited_for) != cudaSuccess)
        libs->cudaGetLastError();
}

/* CUDA does not say whether a graph may be destroyed, and then the kernels that it runs, while it
 * runs; after an error or a cancellation it may. */
void an_cuda_capture_free(an_backend *backend, an_capture *capture)
{
    an_cuda *cuda;
    if (capture && an_cuda_enter(backend, &cuda) == ALEXNET_OK) {
        wait_silently(cuda);
        cuda->libs->cudaGraphExecDestroy(capture->graph);
    }
    an_free(capture);
}

/* ---- Time stamps ----------------------------------------------------------------------------- */

/* In a thread of CUDA's. It ends by itself: if it waited until everything is queued, a step of more
 * launches than a stream holds would never be. */
static void sleep_in_stream(void *nothing)
{
    static const struct timespec DELAY = {0, 10000000};
    (void)nothing;
    nanosleep(&DELAY, NULL);
}

alexnet_status an_cuda_delay(an_backend *backend)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    return an_cuda_check(cuda, cuda->libs->cudaLaunchHostFunc(cuda->stream, sleep_in_stream, NULL),
                         "a delay");
}

alexnet_status an_cuda_mark(an_backend *backend, int index)
{
    an_cuda *cuda;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    if (!cuda->marks[index])
        AN_CHECK(new_event(cuda, &cuda->marks[index], cudaEventBlockingSync));
    return an_cuda_check(cuda, cuda->libs->cudaEventRecord(cuda->marks[index], cuda->stream),
                         "a time stamp");
}

alexnet_status an_cuda_elapsed(an_backend *backend, int first, int second, double *seconds)
{
    an_cuda *cuda;
    float milliseconds = 0;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    const an_cuda_libs *libs = cuda->libs;
    AN_CHECK(an_cuda_check(cuda, libs->cudaEventSynchronize(cuda->marks[second]), "a time stamp"));
    AN_CHECK(an_cuda_check(
        cuda, libs->cudaEventElapsedTime(&milliseconds, cuda->marks[first], cuda->marks[second]),
        "a time stamp"));
    *seconds = milliseconds * 1e-3;
    return ALEXNET_OK;
}
