/*
 * Recording and replaying. What is queued in a stream that is being recorded goes into a graph and
 * does not run; a launch queues a copy of all of it. Calls that CUDA refuses meanwhile are refused,
 * and break the recording.
 */
#include <stdlib.h>
#include <unistd.h>

#include "cuda/fake_queue.h"

struct CUgraphExec_st {
    cudaGraph_t graph;
};

static cudaGraph_t open_graphs[8]; /* that are being recorded */
enum { OPEN = sizeof open_graphs / sizeof open_graphs[0] };

cudaError_t fake_break(cudaGraph_t graph, cudaError_t why)
{
    graph->broken = graph->broken ? graph->broken : why;
    return why;
}

cudaError_t fake_unsafe(void)
{
    cudaError_t rc = cudaSuccess;
    for (int i = 0; i < OPEN; i++)
        if (open_graphs[i] && open_graphs[i]->mode != cudaStreamCaptureModeRelaxed)
            rc = fake_break(open_graphs[i], cudaErrorStreamCaptureUnsupported);
    return rc;
}

static void replace(cudaGraph_t old, cudaGraph_t new)
{
    int i = 0;
    while (i < OPEN - 1 && open_graphs[i] != old)
        i++;
    open_graphs[i] = new;
}

static cudaError_t begin_capture(cudaStream_t stream, enum cudaStreamCaptureMode mode)
{
    cudaError_t rc = cudaSuccess;
    fake_lock();
    if (stream->graph) {
        rc = cudaErrorIllegalState;
    } else {
        stream->graph = calloc(1, sizeof *stream->graph);
        stream->graph->users = 1;
        stream->graph->mode = mode;
        replace(NULL, stream->graph);
        fake_count.captures++;
    }
    fake_unlock();
    if (fake.pause)
        usleep(fake.pause);
    return fake_result(rc);
}

void fake_graph_drop(cudaGraph_t graph)
{
    if (!graph || --graph->users)
        return;
    fake_list_clear(&graph->work);
    free(graph);
}

/* The graph of a broken recording is lost. */
static cudaError_t end_capture(cudaStream_t stream, cudaGraph_t *out)
{
    cudaError_t rc = cudaErrorIllegalState;
    fake_lock();
    cudaGraph_t graph = stream->graph;
    stream->graph = NULL;
    *out = NULL;
    if (graph) {
        graph->ended = true;
        rc = graph->broken == cudaErrorStreamCaptureUnjoined ? graph->broken
             : graph->broken                                 ? cudaErrorStreamCaptureInvalidated
                                                             : cudaSuccess;
        replace(graph, NULL);
        if (rc == cudaSuccess)
            *out = graph;
        else
            fake_graph_drop(graph);
    }
    fake_unlock();
    return fake_result(rc);
}

static cudaError_t graph_instantiate(cudaGraphExec_t *out, cudaGraph_t graph,
                                     unsigned long long flags)
{
    (void)flags;
    *out = calloc(1, sizeof **out);
    fake_lock();
    (*out)->graph = graph;
    graph->users++;
    fake_unlock();
    return cudaSuccess;
}

static cudaError_t graph_destroy(cudaGraph_t graph)
{
    if (!graph)
        return fake_result(cudaErrorInvalidValue);
    fake_lock();
    fake_graph_drop(graph);
    fake_unlock();
    return cudaSuccess;
}

static cudaError_t graph_exec_destroy(cudaGraphExec_t exec)
{
    graph_destroy(exec->graph);
    free(exec);
    return cudaSuccess;
}

/* Graphs within graphs are left out. */
static cudaError_t graph_launch(cudaGraphExec_t exec, cudaStream_t stream)
{
    cudaError_t rc = cudaSuccess;
    fake_lock();
    fake_count.launches++;
    if (stream->graph)
        rc = fake_break(stream->graph, cudaErrorStreamCaptureUnsupported);
    else
        for (const fake_work *work = exec->graph->work.first; work; work = work->next)
            fake_add(stream, work->call, work->arg, work->bytes, work->n);
    fake_unlock();
    return fake_result(rc);
}

void fake_fill_graph(an_cuda_libs *libs)
{
    libs->cudaGraphDestroy = graph_destroy;
    libs->cudaGraphExecDestroy = graph_exec_destroy;
    libs->cudaGraphInstantiate = graph_instantiate;
    libs->cudaGraphLaunch = graph_launch;
    libs->cudaStreamBeginCapture = begin_capture;
    libs->cudaStreamEndCapture = end_capture;
}
