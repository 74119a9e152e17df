#include "data/loader/loader_impl.h"

#include "base/status.h"
#include "base/threads.h"

/* Whether the next picture may be taken. All batches but the last are full. */
static bool may_take(const an_loader *l)
{
    int size;
    const int64_t b = l->next / l->batch;
    if (b >= an_pass_batches(l) || b >= l->oldest + AN_LOADER_BATCHES)
        return false;
    an_pass_place(l, b, &size);
    return l->next % l->batch < size;
}

/* Called and left with the lock held. */
static void take_and_load(an_loader *l)
{
    const int64_t b = l->next / l->batch;
    int size, index = (int)(l->next++ % l->batch);
    const int64_t place = an_pass_place(l, b, &size) + index;
    an_frame *f = &l->ring[b % AN_LOADER_BATCHES];
    l->busy++;
    pthread_mutex_unlock(&l->lock);
    an_frame_load(l, f, index, place, false);
    pthread_mutex_lock(&l->lock);
    l->busy--;
    f->done++;
    pthread_cond_signal(&l->ready);
}

static void *worker(void *argument)
{
    an_loader *l = argument;
    pthread_mutex_lock(&l->lock);
    while (!l->over) {
        if (may_take(l))
            take_and_load(l);
        else
            pthread_cond_wait(&l->work, &l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* A child of fork() does not have the threads, and one of them may have held the lock. */
bool an_workers_lost(const an_loader *l)
{
    return l->threads_running > 0 && l->process != getpid();
}

alexnet_status an_workers_start(an_loader *l)
{
    l->process = getpid();
    const int error =
        an_threads_start(l->threads, &l->threads_running, l->threads_wanted, worker, l);
    return error ? an_threads_fail("loading", l->threads_running + 1, l->threads_wanted, error)
                 : ALEXNET_OK;
}
