/*
 * Fakes of CUDA's libraries for the tests of the cuda backend. The device's memory is host memory,
 * and its work is done by plain loops. The fakes refuse what cuDNN and cuBLASLt refuse, poison
 * memory whose real content is undefined, and count calls.
 *
 * As on a GPU, a call is queued in its stream and runs later: a program that does not wait for what
 * it needs gets wrong results. Of a backend's two streams one is always ahead: it runs as soon as
 * the events that it waits for allow. The other runs only when something waits for it, at the
 * latest possible moment. Tests run with either ahead (fake_copies_first). Apart from events, CUDA
 * promises only the order within a stream.
 *
 *     fake.c         devices, memory, the table of functions
 *     fake_queue.c   streams, events, copies: what runs when
 *     fake_graph.c   recording and replaying
 *     fake_dnn.c     cuDNN's descriptors and heuristics; fake_conv.c: its convolutions
 *     fake_blas.c    cuBLASLt
 *
 * Linked in place of backend/cuda/libs.c.
 */
#ifndef TESTS_CUDA_FAKE_H
#define TESTS_CUDA_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/cuda/libs.h"
#include "backend/tuning.h"

/** What the machine has. Set by a test before it asks for a device. */
typedef struct fake_machine {
    int devices, driver; /* driver: as cudaDriverGetVersion(); 0: none */
    int major, minor;    /* compute capability */
    int compute_mode, integrated;
    bool taken;     /* in exclusive use by another process */
    size_t memory;  /* bytes; 0: no limit */
    size_t dnn;     /* cuDNN's version */
    bool no_dnn;    /* cuDNN is missing */
    bool no_tails;  /* cuDNN has no engine that adds a bias */
    int more;       /* configurations of each engine that cuDNN proposes beyond one */
    bool no_room;   /* cuDNN does not open, and does not say that it lacks memory */
    bool slow;      /* its work takes long: no query finds it done */
    bool prompt;    /* its work is done at the first query; else at the second */
    bool child;     /* the process was forked from one that used the driver */
    unsigned pause; /* microseconds that other threads get, before pinned memory is read and
                       when a recording has begun */
} fake_machine;
extern fake_machine fake;

/** Calls so far, and what is live. */
typedef struct fake_counts {
    int64_t mallocs, live, live_bytes, plans, convolutions, products, descriptors;
    int64_t waits, records, captures, launches, host_blocks, host_calls;
    int64_t spins, sleeps; /* waits of the host that keep it busy, and that do not */
    int last_device;       /* current at the last cudaMalloc(); -1: none */
    int last_engine;       /* of the last plan that was made */
    size_t last_workspace; /* of the last convolution */
    int last_outputs;      /* its channels of y */
    int last_direction;    /* its an_direction */
} fake_counts;
extern fake_counts fake_count;

void fake_reset(void);
/** The device that is current in this thread; -1: none. */
int fake_current_device(void);

/** Which stream is ahead: the second, which copies batches, or the first, which computes. The
 * environment variable FAKE_COPIES_FIRST sets it at the start; some tests are run both with it and
 * without (CMakeLists.txt). */
extern bool fake_copies_first;

/** Keep an error of the runtime for this thread, until cudaGetLastError(). A launch reports such an
 * error too. @return the same */
cudaError_t fake_result(cudaError_t rc);

/** A call that a stream makes; `n` has a meaning of its own for each function. */
typedef int fake_call(const void *arg, int64_t n);
/** Queue a call. @param arg  copied; what it points to must last
 *  @param stream  NULL: the call is made at once */
cudaError_t fake_queue(cudaStream_t stream, fake_call *call, const void *arg, size_t bytes,
                       int64_t n);

/** An element of float32 or bfloat16. */
double fake_load(const void *data, int64_t i, bool bf16);
void fake_store(void *data, int64_t i, bool bf16, double value);

/** The parameters of cublasLtMatmul(), as in cublasLt.h. */
#define FAKE_MATMUL_PARAMETERS                                                                     \
    cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void *alpha, const void *a,          \
        cublasLtMatrixLayout_t a_layout, const void *b, cublasLtMatrixLayout_t b_layout,           \
        const void *beta, const void *c, cublasLtMatrixLayout_t c_layout, void *d,                 \
        cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t *algorithm, void *workspace,   \
        size_t workspace_bytes, cudaStream_t stream

/** Parts of the table. */
void fake_fill_runtime(an_cuda_libs *libs);
void fake_fill_queue(an_cuda_libs *libs);
void fake_fill_graph(an_cuda_libs *libs);
void fake_fill_dnn(an_cuda_libs *libs);
void fake_fill_blas(an_cuda_libs *libs);

#endif
