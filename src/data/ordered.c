#include "data/ordered.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/context.h"
#include "base/status.h"
#include "base/threads.h"

/* Piece p uses slot p % ahead. It may begin once the caller has returned the piece that used the
 * slot before. */
struct an_ordered {
    an_ordered_job job;
    int64_t count;
    int ahead;
    char *results; /* [ahead] */
    bool *done;    /* of each slot */

    pthread_t *threads;
    int running;
    pid_t process; /* that the threads are in */
    pthread_mutex_t lock;
    pthread_cond_t may_begin, is_done;
    int64_t next_begun, next_taken;
    bool lent; /* the caller has the piece before next_taken */
    atomic_bool over;
};

static void *result_of(const an_ordered *o, int64_t piece)
{
    return o->results + (size_t)(piece % o->ahead) * o->job.result_bytes;
}

static bool may_begin(const an_ordered *o)
{
    const int64_t oldest = o->next_taken - o->lent;
    return o->next_begun < o->count && o->next_begun < oldest + o->ahead;
}

static void *worker(void *argument)
{
    an_ordered *o = argument;
    pthread_mutex_lock(&o->lock);
    while (!o->over) {
        if (!may_begin(o)) {
            pthread_cond_wait(&o->may_begin, &o->lock);
            continue;
        }
        const int64_t piece = o->next_begun++;
        pthread_mutex_unlock(&o->lock);
        o->job.work(o->job.user, piece, result_of(o, piece), &o->over);
        pthread_mutex_lock(&o->lock);
        o->done[piece % o->ahead] = true;
        pthread_cond_signal(&o->is_done);
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

static alexnet_status start(an_ordered *o, int threads)
{
    o->process = getpid();
    const int error = an_threads_start(o->threads, &o->running, threads, worker, o);
    return error ? an_threads_fail("reading", o->running + 1, threads, error) : ALEXNET_OK;
}

alexnet_status an_ordered_new(an_ordered **out, const an_ordered_job *job, int64_t first,
                              int64_t count, int threads, int ahead)
{
    *out = NULL;
    an_ordered *o = an_calloc(1, sizeof *o);
    if (!o)
        return AN_FAIL_MEMORY(sizeof *o, "threads");
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->may_begin, NULL);
    an_threads_condition(&o->is_done);
    o->job = *job;
    o->count = count;
    o->ahead = ahead;
    o->next_begun = o->next_taken = first;
    o->results = an_calloc((size_t)ahead, job->result_bytes);
    o->done = an_calloc((size_t)ahead, sizeof *o->done);
    o->threads = an_calloc((size_t)threads, sizeof *o->threads);
    alexnet_status rc = o->results && o->done && o->threads
                            ? start(o, threads)
                            : AN_FAIL_MEMORY((size_t)ahead * job->result_bytes, "threads");
    if (rc == ALEXNET_OK)
        *out = o;
    else
        an_ordered_free(o);
    return rc;
}

/* Empty the slot of a piece. */
static void discard(an_ordered *o, int64_t piece)
{
    void *result = result_of(o, piece);
    o->job.discard(result);
    memset(result, 0, o->job.result_bytes);
    o->done[piece % o->ahead] = false;
}

bool an_ordered_lost(const an_ordered *o)
{
    return o && o->running > 0 && o->process != getpid();
}

/* @return false if cancelled before the next piece is done */
static bool wait_for_next(an_ordered *o, const alexnet_ctx *ctx)
{
    while (!o->done[o->next_taken % o->ahead])
        if (!an_threads_wait(&o->is_done, &o->lock, ctx))
            return false;
    return true;
}

alexnet_status an_ordered_next(an_ordered *o, const alexnet_ctx *ctx, void **result)
{
    *result = NULL;
    if (an_ordered_lost(o))
        return an_threads_fail_lost();
    pthread_mutex_lock(&o->lock);
    if (o->lent)
        discard(o, o->next_taken - 1);
    o->lent = false;
    pthread_cond_broadcast(&o->may_begin);
    const bool any = o->next_taken < o->count;
    o->lent = any && wait_for_next(o, ctx);
    if (o->lent)
        *result = result_of(o, o->next_taken++);
    pthread_mutex_unlock(&o->lock);
    return any && !*result ? an_ctx_fail_cancelled() : ALEXNET_OK;
}

void an_ordered_free(an_ordered *o)
{
    if (!o || an_ordered_lost(o))
        return;
    pthread_mutex_lock(&o->lock);
    o->over = true;
    pthread_cond_broadcast(&o->may_begin);
    pthread_mutex_unlock(&o->lock);
    for (int i = 0; i < o->running; i++)
        pthread_join(o->threads[i], NULL);
    for (int64_t p = o->next_taken - o->lent; p < o->next_begun; p++)
        o->job.discard(result_of(o, p));
    pthread_mutex_destroy(&o->lock);
    pthread_cond_destroy(&o->may_begin);
    pthread_cond_destroy(&o->is_done);
    an_free(o->results);
    an_free(o->done);
    an_free(o->threads);
    an_free(o);
}
