/*
 * Streams and events. A stream is a list of calls, records and waits. Three things make it run: a
 * host that waits for it, a stream that the host waits for and that waits for an event of this one,
 * and, if it is the stream that is ahead, every call.
 */
#include "cuda/fake_queue.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool fake_copies_first;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static cudaStream_t streams;
static int made; /* streams so far */

void fake_lock(void)
{
    pthread_mutex_lock(&lock);
}

void fake_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

/* ---- Work ------------------------------------------------------------------------------------ */

void fake_mark_drop(fake_mark *mark)
{
    if (!mark || --mark->users)
        return;
    fake_graph_drop(mark->graph);
    free(mark);
}

static fake_mark *mark_new(cudaStream_t stream)
{
    fake_mark *mark = calloc(1, sizeof *mark);
    *mark = (fake_mark){.users = 1, .stream = stream, .graph = stream->graph};
    if (mark->graph)
        mark->graph->users++;
    return mark;
}

static void append(fake_list *list, fake_work *work)
{
    work->next = NULL;
    if (list->first)
        list->last->next = work;
    else
        list->first = work;
    list->last = work;
}

static void work_free(fake_work *work)
{
    fake_mark_drop(work->mark);
    free(work);
}

void fake_list_clear(fake_list *list)
{
    for (fake_work *work = list->first, *next; work; work = next) {
        next = work->next;
        work_free(work);
    }
    *list = (fake_list){NULL, NULL};
}

/* ---- Running --------------------------------------------------------------------------------- */

static bool is_ahead(cudaStream_t stream)
{
    return (stream->number % 2 == 1) == fake_copies_first;
}

/* Run what is first in a stream. @return false if that waits for another stream, or is not there */
static bool run_first(cudaStream_t stream)
{
    fake_work *work = stream->work.first;
    if (!work || (work->kind == FAKE_WAIT && !work->mark->done))
        return false;
    stream->work.first = work->next;
    if (work->kind == FAKE_CALL)
        work->call(work->arg, work->n);
    if (work->kind == FAKE_RECORD) {
        work->mark->time = ++stream->clock;
        work->mark->done = true;
    }
    work_free(work);
    return true;
}

static void run_ahead(void)
{
    for (cudaStream_t stream = streams; stream; stream = stream->next)
        while (is_ahead(stream) && run_first(stream))
            continue;
}

/* Run a stream until a record in it is done, or to its end, and others only as far as that needs.
 * @param until  NULL: to the end */
static void finish(cudaStream_t stream, fake_mark *until)
{
    if (until)
        until->users++; /* the last other user may let go meanwhile */
    while (until ? !until->done : stream->work.first != NULL) {
        const fake_work *first = stream->work.first;
        assert(first);
        if (!run_first(stream))
            finish(first->mark->stream, first->mark);
        run_ahead();
    }
    fake_mark_drop(until);
}

void fake_finish_all(void)
{
    for (cudaStream_t stream = streams; stream; stream = stream->next)
        finish(stream, NULL);
}

/* ---- Queueing -------------------------------------------------------------------------------- */

/* Put work into a stream. */
static void put(cudaStream_t stream, fake_work *work)
{
    append(&stream->work, work);
    run_ahead();
}

static fake_work *work_new(fake_kind kind, fake_mark *mark)
{
    fake_work *work = calloc(1, sizeof *work);
    work->kind = kind;
    work->mark = mark;
    mark->users++;
    return work;
}

void fake_add(cudaStream_t stream, fake_call *call, const void *arg, size_t bytes, int64_t n)
{
    fake_work *work = calloc(1, sizeof *work + bytes);
    work->call = call;
    work->n = n;
    work->bytes = bytes;
    memcpy(work->arg, arg, bytes);
    if (stream->graph)
        append(&stream->graph->work, work);
    else
        put(stream, work);
}

cudaError_t fake_queue(cudaStream_t stream, fake_call *call, const void *arg, size_t bytes,
                       int64_t n)
{
    if (!stream)
        return (cudaError_t)call(arg, n);
    fake_lock();
    fake_add(stream, call, arg, bytes, n);
    fake_unlock();
    return cudaSuccess;
}

/* ---- Streams --------------------------------------------------------------------------------- */

static cudaError_t stream_create(cudaStream_t *out, unsigned flags)
{
    (void)flags;
    *out = calloc(1, sizeof **out);
    fake_lock();
    (*out)->number = made++;
    (*out)->next = streams;
    streams = *out;
    fake_unlock();
    return cudaSuccess;
}

static cudaError_t stream_destroy(cudaStream_t stream)
{
    fake_lock();
    finish(stream, NULL);
    cudaStream_t *at = &streams;
    while (*at != stream)
        at = &(*at)->next;
    *at = stream->next;
    fake_unlock();
    free(stream);
    return cudaSuccess;
}

static cudaError_t stream_synchronize(cudaStream_t stream)
{
    cudaError_t rc = cudaSuccess;
    fake_lock();
    fake_count.spins++;
    if (stream->graph)
        rc = fake_break(stream->graph, cudaErrorStreamCaptureUnsupported);
    else
        finish(stream, NULL);
    fake_unlock();
    return fake_result(rc);
}

/* ---- Events ---------------------------------------------------------------------------------- */

static cudaError_t event_create(cudaEvent_t *out, unsigned flags)
{
    *out = calloc(1, sizeof **out);
    (*out)->timed = !(flags & cudaEventDisableTiming);
    (*out)->blocking = flags & cudaEventBlockingSync;
    return cudaSuccess;
}

static cudaError_t event_destroy(cudaEvent_t event)
{
    fake_lock();
    fake_mark_drop(event->mark);
    fake_unlock();
    free(event);
    return cudaSuccess;
}

static cudaError_t event_record(cudaEvent_t event, cudaStream_t stream)
{
    fake_lock();
    fake_mark_drop(event->mark);
    event->mark = mark_new(stream);
    event->asked = false;
    if (!stream->graph)
        put(stream, work_new(FAKE_RECORD, event->mark));
    fake_count.records++;
    fake_unlock();
    return cudaSuccess;
}

/* What is recorded and what is not may not wait for each other. A stream that waits for a recording
 * would become a part of it, which the fake leaves out: such a recording cannot be ended. */
static cudaError_t wait_across(cudaStream_t stream, const fake_mark *mark)
{
    if (stream->graph == mark->graph)
        return cudaSuccess;
    if (stream->graph)
        return fake_break(stream->graph, cudaErrorStreamCaptureIsolation);
    if (mark->graph->ended)
        return cudaErrorCapturedEvent;
    fake_break(mark->graph, cudaErrorStreamCaptureUnjoined);
    return cudaSuccess;
}

/* An event that was never recorded is no reason to wait. */
static cudaError_t stream_wait_event(cudaStream_t stream, cudaEvent_t event, unsigned flags)
{
    cudaError_t rc = cudaSuccess;
    (void)flags;
    fake_lock();
    fake_count.waits++;
    if (event->mark && (stream->graph || event->mark->graph))
        rc = wait_across(stream, event->mark);
    else if (event->mark)
        put(stream, work_new(FAKE_WAIT, event->mark));
    fake_unlock();
    return fake_result(rc);
}

/* CUDA does not wait for an event without a record; to the fake it is a mistake. */
static cudaError_t reach(cudaEvent_t event)
{
    if (!event->mark)
        return cudaErrorInvalidValue;
    if (event->mark->graph)
        return fake_break(event->mark->graph, cudaErrorCapturedEvent);
    if (!event->mark->done)
        finish(event->mark->stream, event->mark);
    return cudaSuccess;
}

static cudaError_t event_synchronize(cudaEvent_t event)
{
    fake_lock();
    fake_count.spins += !event->blocking;
    fake_count.sleeps += event->blocking;
    cudaError_t rc = reach(event);
    fake_unlock();
    return fake_result(rc);
}

/* A caller that asks keeps asking until the work is done, as if it waited. */
static cudaError_t event_query(cudaEvent_t event)
{
    fake_lock();
    const bool early = event->mark && !event->mark->done && !event->asked && !fake.prompt;
    event->asked = true;
    cudaError_t rc = fake.slow || early ? cudaErrorNotReady : reach(event);
    fake_unlock();
    return fake_result(rc);
}

static cudaError_t event_elapsed(float *milliseconds, cudaEvent_t first, cudaEvent_t second)
{
    cudaError_t rc = cudaSuccess;
    fake_lock();
    if (!first->timed || !second->timed || !first->mark || !second->mark)
        rc = cudaErrorInvalidResourceHandle;
    else if (!first->mark->done || !second->mark->done)
        rc = cudaErrorNotReady;
    else
        *milliseconds = (float)(second->mark->time - first->mark->time);
    fake_unlock();
    return fake_result(rc);
}

/* ---- Copies ---------------------------------------------------------------------------------- */

/* Up to this size ordinary host memory has been read when cudaMemcpyAsync() returns. */
enum { STAGED = 1 << 16 };

typedef struct copy {
    void *to;
    const void *from; /* NULL: what follows this struct */
    size_t bytes;
    bool pinned;
} copy;

static int run_copy(const void *arg, int64_t n)
{
    const copy *c = arg;
    (void)n;
    if (c->pinned && fake.pause)
        usleep(fake.pause);
    memcpy(c->to, c->from ? c->from : c + 1, c->bytes);
    return 0;
}

/* A copy from the device to ordinary memory returns when it is done. It waits in a busy loop. */
static void wait_for_copy(cudaStream_t stream, bool alone)
{
    fake_count.spins += !alone;
    finish(stream, NULL);
}

/* In a recording the memory is read at every replay. */
static cudaError_t memcpy_async(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind,
                                cudaStream_t stream)
{
    fake_lock();
    copy plain = {to, from, bytes, kind == cudaMemcpyHostToDevice && fake_is_pinned(from)};
    bool staged = kind == cudaMemcpyHostToDevice && !plain.pinned && bytes <= STAGED;
    const bool alone = !stream->work.first;
    if (staged && !stream->graph) {
        copy *whole = malloc(sizeof *whole + bytes);
        *whole = (copy){to, NULL, bytes, false};
        memcpy(whole + 1, from, bytes);
        fake_add(stream, run_copy, whole, sizeof *whole + bytes, 0);
        free(whole);
    } else {
        fake_add(stream, run_copy, &plain, sizeof plain, 0);
    }
    if (kind == cudaMemcpyDeviceToHost && !stream->graph && !fake_is_pinned(to))
        wait_for_copy(stream, alone);
    fake_unlock();
    return cudaSuccess;
}

typedef struct fill {
    void *to;
    int value;
} fill;

static int run_fill(const void *arg, int64_t bytes)
{
    const fill *f = arg;
    memset(f->to, f->value, (size_t)bytes);
    return 0;
}

static cudaError_t memset_async(void *to, int value, size_t bytes, cudaStream_t stream)
{
    return fake_queue(stream, run_fill, &(fill){to, value}, sizeof(fill), (int64_t)bytes);
}

typedef struct host_call {
    cudaHostFn_t call;
    void *arg;
} host_call;

static int run_host_call(const void *arg, int64_t n)
{
    const host_call *h = arg;
    (void)n;
    h->call(h->arg);
    return 0;
}

static cudaError_t launch_host_func(cudaStream_t stream, cudaHostFn_t call, void *arg)
{
    fake_count.host_calls++;
    return fake_queue(stream, run_host_call, &(host_call){call, arg}, sizeof(host_call), 0);
}

void fake_fill_queue(an_cuda_libs *libs)
{
    libs->cudaEventCreateWithFlags = event_create;
    libs->cudaEventDestroy = event_destroy;
    libs->cudaEventElapsedTime = event_elapsed;
    libs->cudaEventQuery = event_query;
    libs->cudaEventRecord = event_record;
    libs->cudaEventSynchronize = event_synchronize;
    libs->cudaLaunchHostFunc = launch_host_func;
    libs->cudaMemcpyAsync = memcpy_async;
    libs->cudaMemsetAsync = memset_async;
    libs->cudaStreamCreateWithFlags = stream_create;
    libs->cudaStreamDestroy = stream_destroy;
    libs->cudaStreamSynchronize = stream_synchronize;
    libs->cudaStreamWaitEvent = stream_wait_event;
}

static void __attribute__((constructor)) read_environment(void)
{
    fake_copies_first = getenv("FAKE_COPIES_FIRST") != NULL;
}
