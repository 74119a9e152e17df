/*
 * The backend's table. Several threads may compute with one model, and all of them queue work on
 * one stream. So every function holds a lock while it runs. Recording holds it until it ends: work
 * that another thread queued meanwhile would be recorded instead of run.
 *
 * The device is current in the calling thread until the outermost function returns, which restores
 * the one that was current before. In a child of fork() every function fails, and frees nothing.
 */
#include "backend/cuda/trial.h"

/* Checks the process first: in a child, the lock may be held by a thread that no longer exists. */
static alexnet_status lock(an_backend *backend)
{
    an_cuda *cuda = (an_cuda *)backend;
    AN_CHECK(an_cuda_check_process(cuda));
    pthread_mutex_lock(&cuda->lock);
    if (cuda->depth++ == 0)
        cuda->before = an_cuda_current(cuda->libs);
    return ALEXNET_OK;
}

static void unlock(an_backend *backend)
{
    an_cuda *cuda = (an_cuda *)backend;
    if (--cuda->depth == 0)
        an_cuda_leave(cuda, cuda->before);
    pthread_mutex_unlock(&cuda->lock);
}

#define BACKEND an_backend *backend
#define LOCKED(name, parameters, call)                                                             \
    static alexnet_status locked_##name parameters                                                 \
    {                                                                                              \
        AN_CHECK(lock(backend));                                                                   \
        const alexnet_status rc = call;                                                            \
        unlock(backend);                                                                           \
        return rc;                                                                                 \
    }
#define LOCKED_VOID(name, parameters, call)                                                        \
    static void locked_##name parameters                                                           \
    {                                                                                              \
        if (lock(backend) != ALEXNET_OK)                                                           \
            return;                                                                                \
        call;                                                                                      \
        unlock(backend);                                                                           \
    }

LOCKED(sync, (BACKEND), an_cuda_sync(backend))
LOCKED(alloc, (BACKEND, size_t bytes, void **out), an_cuda_alloc(backend, bytes, out))
LOCKED_VOID(free, (BACKEND, void *block, size_t bytes), an_cuda_free(backend, block, bytes))
LOCKED(write, (BACKEND, void *dst, const void *src, size_t bytes),
       an_cuda_write(backend, dst, src, bytes))
LOCKED(read, (BACKEND, void *dst, const void *src, size_t bytes),
       an_cuda_read(backend, dst, src, bytes))
LOCKED(op_prepare, (BACKEND, const an_prepare *prepare, an_prepared **out),
       an_cuda_op_prepare(backend, prepare, out))
LOCKED(op_pack, (BACKEND, an_prepared *op, const an_op_args *args),
       an_cuda_op_pack(backend, op, args))
LOCKED(op_forward, (BACKEND, an_prepared *op, const an_op_args *args),
       an_cuda_op_forward(backend, op, args))
LOCKED(op_backward, (BACKEND, an_prepared *op, const an_op_args *args),
       an_cuda_op_backward(backend, op, args))
LOCKED_VOID(op_free, (BACKEND, an_prepared *op), an_cuda_op_free(backend, op))
LOCKED(update_prepare, (BACKEND, const an_segment *segments, int count, an_update **out),
       an_cuda_update_prepare(backend, segments, count, out))
LOCKED(gradient_norm, (BACKEND, an_update *update, an_step_state *state, const an_rates *rates),
       an_cuda_gradient_norm(backend, update, state, rates))
LOCKED(update, (BACKEND, an_update *update, const an_step_state *state, const an_rates *rates),
       an_cuda_update_run_all(backend, update, state, rates))
LOCKED_VOID(update_free, (BACKEND, an_update *update), an_cuda_update_free(backend, update))
LOCKED(norms, (BACKEND, const an_span *spans, int count, an_norm *out),
       an_cuda_norms_all(backend, spans, count, out))
LOCKED(hold, (BACKEND, const an_results *results, an_step_state *state),
       an_cuda_hold_update(backend, results, state))
LOCKED(peak, (BACKEND, alexnet_precision precision, an_peak *out),
       an_cuda_peak(backend, precision, out))
LOCKED(available, (BACKEND, uint64_t *bytes), an_cuda_available(backend, bytes))
LOCKED(alloc_host, (BACKEND, size_t bytes, void **out), an_cuda_alloc_host(backend, bytes, out))
LOCKED_VOID(free_host, (BACKEND, void *block, size_t bytes),
            an_cuda_free_host(backend, block, bytes))
LOCKED(copy_ahead, (BACKEND, int buffer, void *dst, const void *src, size_t bytes),
       an_cuda_copy_ahead(backend, buffer, dst, src, bytes))
LOCKED(copied, (BACKEND, int buffer), an_cuda_copied(backend, buffer))
LOCKED(await, (BACKEND, int buffer), an_cuda_await(backend, buffer))
LOCKED(retire, (BACKEND, int buffer), an_cuda_retire(backend, buffer))
LOCKED(replay, (BACKEND, an_capture *capture), an_cuda_replay(backend, capture))
LOCKED_VOID(capture_free, (BACKEND, an_capture *capture), an_cuda_capture_free(backend, capture))
LOCKED(delay, (BACKEND), an_cuda_delay(backend))
LOCKED(mark, (BACKEND, int index), an_cuda_mark(backend, index))
LOCKED(elapsed, (BACKEND, int first, int second, double *seconds),
       an_cuda_elapsed(backend, first, second, seconds))

/* Keeps the lock until capture_end(), which the same thread must call. */
static alexnet_status locked_capture_begin(an_backend *backend)
{
    AN_CHECK(lock(backend));
    const alexnet_status rc = an_cuda_capture_begin(backend);
    if (rc != ALEXNET_OK)
        unlock(backend);
    return rc;
}

static alexnet_status locked_capture_end(an_backend *backend, an_capture **out)
{
    const alexnet_status rc = an_cuda_capture_end(backend, out);
    unlock(backend);
    return rc;
}

const an_backend_api an_cuda_api = {
    .name = "cuda",
    .variants = an_cuda_variant_names,
    .tf32 = true,
    .proposals = true,
    .describe = an_cuda_describe,
    .open = an_cuda_open,
    .close = an_cuda_close,
    .sync = locked_sync,
    .alloc = locked_alloc,
    .free = locked_free,
    .write = locked_write,
    .read = locked_read,
    .op_prepare = locked_op_prepare,
    .op_pack = locked_op_pack,
    .op_forward = locked_op_forward,
    .op_backward = locked_op_backward,
    .op_free = locked_op_free,
    .update_prepare = locked_update_prepare,
    .gradient_norm = locked_gradient_norm,
    .update = locked_update,
    .update_free = locked_update_free,
    .norms = locked_norms,
    .hold = locked_hold,
    .peak = locked_peak,
    .available = locked_available,
    .alloc_host = locked_alloc_host,
    .free_host = locked_free_host,
    .copy_ahead = locked_copy_ahead,
    .copied = locked_copied,
    .await = locked_await,
    .retire = locked_retire,
    .capture_begin = locked_capture_begin,
    .capture_end = locked_capture_end,
    .replay = locked_replay,
    .capture_free = locked_capture_free,
    .delay = locked_delay,
    .mark = locked_mark,
    .elapsed = locked_elapsed,
};
