/*
 * The CUDA backend: cuDNN for convolution, cuBLASLt for matrix products, our own kernels for the
 * rest.
 *
 *     libs.h      the libraries' functions, as a table
 *     describe.c  which devices exist, and why one cannot be used
 *     device.c    opening and closing a device
 *     current.c   which device is current in a thread
 *     errors.c    errors of the libraries
 *     table.c     the backend's table, whose functions admit one thread at a time
 *     memory.c    buffers on the device and on the host, and copies between them
 *     stream.c    the two streams: batches copied ahead, recorded steps, time stamps
 *     trial.h     choosing among the libraries' algorithms (trial_check.c: whether their results
 *                 are right; noise.c: random operands)
 *     op.c        prepared operators: the functions of the table
 *     prepare.c   what operators look up and reserve when they are prepared
 *     reorder.c   layouts, and copies from one to another
 *     own.h       operators computed by our own kernels (kernels/)
 *     conv.h      convolution, on conv_plan.h (conv_graph.h: cuDNN's graphs, built with
 *                 descriptors.h; conv_engine.h: the engines that run them;
 *                 conv_trial.h: trials of these)
 *     fc.c        fully connected layers, on matmul.h (cuBLASLt)
 *     update.c    the update rule, and norms of tensors
 *     peak.c      the peak speed of the chip
 *
 * All work is queued on one stream, in order; batches are copied on a second one.
 *
 * Activations are N H W C in bf16 and tf32, N C H W in float32. Fully connected layers use plain
 * rows.
 */
#ifndef AN_BACKEND_CUDA_CUDA_H
#define AN_BACKEND_CUDA_CUDA_H

#include <pthread.h>
#include <sys/types.h>

#include "backend/backend.h"
#include "backend/cuda/kernels/blocks.h"
#include "backend/cuda/libs.h"

/** The least compute capability with bf16 and tf32, as major * 10 + minor. */
enum { AN_CUDA_BF16_CHIP = 80 };

enum { AN_CUDA_BUFFERS = 2 };

/** Bytes, at most, of a copy whose latency counts more than its speed. From pageable host memory of
 *  this size, cudaMemcpyAsync() has read everything when it returns. */
enum { AN_CUDA_SMALL = 1 << 16 };

/** Bytes of device memory that kernels, recorded steps and the libraries take when first run. */
enum { AN_CUDA_RESERVE = 256 << 20 };

/** An algorithm of a library's list. */
typedef struct an_cuda_pick {
    an_variant number; /* among those that can be used, or AN_CUDA_AUTO (trial.h) */
    int place;         /* in the list, from 0 */
    double seconds;    /* its time by trial; 0: none */
} an_cuda_pick;

/** What a trial chose (trial.h), and the first that was right. */
typedef struct an_cuda_choice {
    char key[120];
    an_cuda_pick best, first;
} an_cuda_choice;

typedef struct an_cuda {
    an_backend base;
    pid_t process;        /* which opened the device; a child of fork() cannot use it */
    pthread_mutex_t lock; /* recursive (table.c) */
    int depth;            /* how many times it is held */
    CUcontext before;     /* what was current in the thread that holds it, before it did */
    const an_cuda_libs *libs;
    int chip;            /* compute capability, major * 10 + minor */
    an_layout_kind kind; /* of activations with pixels */
    an_dtype activation; /* AN_F32 or AN_BF16 */
    cudaStream_t stream, copies;
    cudaEvent_t waited_for; /* by an_cuda_wait() */
    cudaEvent_t copied[AN_CUDA_BUFFERS], retired[AN_CUDA_BUFFERS], marks[AN_MARKS];
    cudnnHandle_t dnn;
    cublasLtHandle_t blas;
    void *small; /* pinned, AN_CUDA_SMALL bytes: where small reads arrive */
    int n_choices;
    an_cuda_choice *choices; /* owned */
    bool warned_untuned;     /* the warning about missing rows of the tuning has been logged */
} an_cuda;

typedef struct an_cuda_op an_cuda_op;

/** What the op_ functions of the table call. pack and backward may be NULL. */
typedef struct an_cuda_methods {
    alexnet_status (*pack)(an_cuda_op *op, const an_op_args *args);
    alexnet_status (*forward)(an_cuda_op *op, const an_op_args *args);
    alexnet_status (*backward)(an_cuda_op *op, const an_op_args *args);
    /** Free an operator and what it owns; its preparation may have failed halfway. */
    void (*free)(an_cuda_op *op);
} an_cuda_methods;

/** A prepared operator; its implementation's own struct begins with it. */
struct an_cuda_op {
    an_prepared base; /* scratch and saved grow by an_cuda_take() and an_cuda_save() */
    const an_cuda_methods *methods;
    an_cuda *cuda; /* borrowed */
    bool accumulate;
    char impl[96];
};

extern const an_backend_api an_cuda_api;

static inline an_cuda_stream *an_cuda_queue(const an_cuda *cuda)
{
    return cuda->stream;
}

/* ---- errors.c -------------------------------------------------------------------------------- */

/** Convert the result of a call to the runtime or a library, or of a kernel launch, to a status.
 * @param what  what was done, for the message: "a copy" */
alexnet_status an_cuda_check(const an_cuda *cuda, int error, const char *what);
alexnet_status an_cuda_check_dnn(const an_cuda *cuda, cudnnStatus_t status, const char *what);
alexnet_status an_cuda_check_blas(const an_cuda *cuda, cublasStatus_t status, const char *what);
alexnet_status an_cuda_no_memory(const an_cuda *cuda, const char *what);

/* ---- describe.c ------------------------------------------------------------------------------ */

bool an_cuda_describe(alexnet_device_info *info, int ordinal, alexnet_isa max_isa);
/** What the kernels are compiled to: machine code for chips, and PTX, which a driver compiles for
 *  later ones. Lists of compute capabilities, ending with 0. */
typedef struct an_cuda_code {
    int images[32], ptx[32];
} an_cuda_code;
extern const an_cuda_code an_cuda_built; /* in this build */
/** Whether kernels run on a chip. A driver compiles PTX of its own version of CUDA or earlier ones.
 *  @param why  out: the reason if they do not */
bool an_cuda_has_kernels(const an_cuda_code *code, int chip, int driver, char *why, size_t size);

/* ---- device.c -------------------------------------------------------------------------------- */

alexnet_status an_cuda_open(an_backend **out, alexnet_ctx *ctx, int ordinal,
                            alexnet_precision precision);
void an_cuda_close(an_backend *backend);

/* ---- current.c ------------------------------------------------------------------------------- */

/** Make this device current in the calling thread. */
alexnet_status an_cuda_enter(an_backend *backend, an_cuda **out);
/** @return ALEXNET_ERROR_INVALID_ARGUMENT in a child of fork() */
alexnet_status an_cuda_check_process(const an_cuda *cuda);
/** The current context of the calling thread; NULL: it has not used a GPU. */
CUcontext an_cuda_current(const an_cuda_libs *libs);
/** Restore the context that was current before an_cuda_enter(). In a thread that had not used a
 *  GPU, device 0 stays current: CUDA would choose it anyway. */
void an_cuda_leave(const an_cuda *cuda, CUcontext before);

/* ---- memory.c -------------------------------------------------------------------------------- */

alexnet_status an_cuda_alloc(an_backend *backend, size_t bytes, void **out);
void an_cuda_free(an_backend *backend, void *block, size_t bytes);
alexnet_status an_cuda_available(an_backend *backend, uint64_t *bytes);
alexnet_status an_cuda_write(an_backend *backend, void *dst, const void *src, size_t bytes);
alexnet_status an_cuda_read(an_backend *backend, void *dst, const void *src, size_t bytes);
alexnet_status an_cuda_sync(an_backend *backend);
alexnet_status an_cuda_alloc_host(an_backend *backend, size_t bytes, void **out);
void an_cuda_free_host(an_backend *backend, void *block, size_t bytes);

/* ---- stream.c -------------------------------------------------------------------------------- */

alexnet_status an_cuda_streams_open(an_cuda *cuda);
void an_cuda_streams_close(an_cuda *cuda);
/** Wait for the work queued on a stream. A long wait blocks instead of polling, and keeps no CPU
 *  busy. */
alexnet_status an_cuda_wait(an_cuda *cuda, cudaStream_t stream, const char *what);
alexnet_status an_cuda_copy_ahead(an_backend *backend, int buffer, void *dst, const void *src,
                                  size_t bytes);
alexnet_status an_cuda_copied(an_backend *backend, int buffer);
alexnet_status an_cuda_await(an_backend *backend, int buffer);
alexnet_status an_cuda_retire(an_backend *backend, int buffer);
alexnet_status an_cuda_capture_begin(an_backend *backend);
alexnet_status an_cuda_capture_end(an_backend *backend, an_capture **out);
alexnet_status an_cuda_replay(an_backend *backend, an_capture *capture);
void an_cuda_capture_free(an_backend *backend, an_capture *capture);
alexnet_status an_cuda_delay(an_backend *backend);
alexnet_status an_cuda_mark(an_backend *backend, int index);
alexnet_status an_cuda_elapsed(an_backend *backend, int first, int second, double *seconds);

/* ---- op.c ------------------------------------------------------------------------------------ */

alexnet_status an_cuda_op_prepare(an_backend *backend, const an_prepare *prepare,
                                  an_prepared **out);
alexnet_status an_cuda_op_pack(an_backend *backend, an_prepared *op, const an_op_args *args);
alexnet_status an_cuda_op_forward(an_backend *backend, an_prepared *op, const an_op_args *args);
alexnet_status an_cuda_op_backward(an_backend *backend, an_prepared *op, const an_op_args *args);
void an_cuda_op_free(an_backend *backend, an_prepared *op);

/* ---- prepare.c ------------------------------------------------------------------------------- */

/** Mark an operator as tunable, and look up in the tunings which variants (trial.h) to use.
 * @param tail  as an_prepared.tail */
void an_cuda_op_tune(an_cuda_op *op, const an_prepare *prepare, const char *tail);
/** Whether a tuning has a row for a direction of an operator. @param tuning  NULL: it has none */
bool an_cuda_is_tuned(const an_tuning *tuning, const an_tuning_query *query, int direction);
/** Reserve `bytes` of an operator's scratch, or of its saved memory. @return their offset */
size_t an_cuda_take(an_cuda_op *op, size_t bytes);
size_t an_cuda_save(an_cuda_op *op, size_t bytes);

static inline void *an_cuda_at(void *block, size_t offset)
{
    return (char *)block + offset;
}

/** Operator `at` of the run to prepare, if it is of that kind; else NULL. */
const an_op_desc *an_cuda_follower(const an_prepare *prepare, int at, an_op_kind kind);
bool an_cuda_relu_at(const an_prepare *prepare, int at);

/* ---- reorder.c ------------------------------------------------------------------------------- */

/** The form of a layout, for kernels. */
an_cuda_form an_cuda_form_of(an_layout layout);
/** The layout of activations of a shape between operators; plain if h = w = 1. */
an_layout an_cuda_activation(const an_cuda *cuda, int n, an_chw shape);
int64_t an_cuda_count(an_layout layout);

/** The boundary between an operator and a neighbour: if their layouts differ, a copy to or from
 *  scratch. */
typedef struct an_cuda_reorder {
    bool copies;
    size_t at;
    an_layout outer, inner;
} an_cuda_reorder;

void an_cuda_reorder_new(an_cuda_reorder *reorder, an_cuda_op *op, an_layout outer,
                         an_layout inner);
/** Convert *tensor to the inner layout, if necessary; it then points to the copy. */
alexnet_status an_cuda_reorder_in(const an_cuda_reorder *reorder, const an_cuda_op *op,
                                  const an_op_args *args, const void **tensor);
/** Where to write an output in the inner layout. */
void *an_cuda_reorder_target(const an_cuda_reorder *reorder, const an_op_args *args, void *outer);
/** Convert what was written there to the outer layout, if necessary. */
alexnet_status an_cuda_reorder_out(const an_cuda_reorder *reorder, const an_cuda_op *op,
                                   const an_op_args *args, void *outer);
/** Copy a tensor from one layout to another. */
alexnet_status an_cuda_convert(const an_cuda *cuda, an_layout from, const void *src, an_layout to,
                               void *dst);

/* ---- Operators ------------------------------------------------------------------------------- */

/** Whether the convolution after augment reads pictures in blocks (kernels/blocks.h).
 * @param prepare  of augment
 * @param blocks   out: what augment writes
 * @param shape    out: the same as the convolution reads it */
bool an_cuda_conv_takes_blocks(an_cuda *cuda, const an_prepare *prepare, an_cuda_blocks *blocks,
                               an_chw *shape);
alexnet_status an_cuda_conv_prepare(an_cuda *cuda, const an_prepare *prepare, an_cuda_op **out);
alexnet_status an_cuda_fc_prepare(an_cuda *cuda, const an_prepare *prepare, an_cuda_op **out);
alexnet_status an_cuda_own_prepare(an_cuda *cuda, const an_prepare *prepare, an_cuda_op **out);
/** The run of an LRN on activations in a layout, without tensors. */
an_cuda_lrn_run an_cuda_lrn_of(const an_op_desc *desc, an_layout layout);
/** The run of a pooling, without tensors. @param relu  whether it includes a ReLU before it */
an_cuda_pool_run an_cuda_pool_of(const an_op_desc *desc, an_layout in, bool relu);

/* ---- update.c, peak.c ------------------------------------------------------------------------ */

alexnet_status an_cuda_update_prepare(an_backend *backend, const an_segment *segments, int count,
                                      an_update **out);
alexnet_status an_cuda_gradient_norm(an_backend *backend, an_update *update, an_step_state *state,
                                     const an_rates *rates);
alexnet_status an_cuda_update_run_all(an_backend *backend, an_update *update,
                                      const an_step_state *state, const an_rates *rates);
void an_cuda_update_free(an_backend *backend, an_update *update);
alexnet_status an_cuda_norms_all(an_backend *backend, const an_span *spans, int count,
                                 an_norm *out);
alexnet_status an_cuda_hold_update(an_backend *backend, const an_results *results,
                                   an_step_state *state);
alexnet_status an_cuda_peak(an_backend *backend, alexnet_precision precision, an_peak *out);

#endif
