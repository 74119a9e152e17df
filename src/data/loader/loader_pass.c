#include "data/loader/loader_impl.h"

#include "base/alloc.h"
#include "base/status.h"
#include "base/threads.h"

/* End the pass: let no worker take a place, stop those that are loading a picture, discard the
 * results. Called and left with the lock held. */
static void end_pass(an_loader *l)
{
    l->count = l->next = l->start = 0;
    if (l->ahead)
        an_read_ahead_stop(l->ahead); /* so that no worker waits for it */
    atomic_store(&l->stop, true);
    while (l->busy > 0)
        pthread_cond_wait(&l->ready, &l->lock);
    atomic_store(&l->stop, false);
    for (int i = 0; i < AN_LOADER_BATCHES; i++)
        an_frame_clear(&l->ring[i], l->batch);
    l->oldest = 0;
    l->lent = false;
    an_free(l->order);
    l->order = NULL;
    an_read_ahead_free(l->ahead);
    l->ahead = NULL;
}

static alexnet_status check_order(const an_loader *l, const uint32_t *order, int64_t count,
                                  int64_t position, int ranks)
{
    const int64_t round = (int64_t)l->batch * ranks;
    if (position < 0 || position > count || position % round != 0)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "a pass over %lld pictures cannot begin at %lld in batches of %lld",
                       (long long)count, (long long)position, (long long)round);
    if (!order && count > UINT32_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "a pass over %lld pictures", (long long)count);
    for (int64_t i = 0; order && i < count; i++)
        if (order[i] >= l->dataset->count)
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                           "place %lld of the order is picture %u of %lld", (long long)i, order[i],
                           (long long)l->dataset->count);
    return ALEXNET_OK;
}

static alexnet_status check_regions(const an_loader *l, const an_region_rule *rule)
{
    if (!rule || (rule->side >= 1 && rule->side <= l->fit.side))
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "regions of side %d do not fit pictures of side %d", rule->side, l->fit.side);
}

static alexnet_status check_ranks(const an_pass *pass, int ranks)
{
    if (pass->ranks < 0 || pass->rank < 0 || pass->rank >= ranks)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "rank %d of %d", pass->rank, pass->ranks);
    if (ranks > 1 && pass->shards)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "archives that are read from front to back cannot be shared between ranks");
    return ALEXNET_OK;
}

static alexnet_status copy_order(uint32_t **out, const uint32_t *order, int64_t count)
{
    *out = an_calloc((size_t)count, sizeof **out);
    if (!*out)
        return AN_FAIL_MEMORY((size_t)count * sizeof **out, "the order of a pass");
    for (int64_t i = 0; i < count; i++)
        (*out)[i] = order ? order[i] : (uint32_t)i;
    return ALEXNET_OK;
}

alexnet_status an_loader_start_pass(an_loader *l, const an_pass *pass)
{
    const int64_t count = pass->order ? pass->count : l->dataset->count;
    const int ranks = pass->ranks ? pass->ranks : 1;
    uint32_t *order;
    an_read_ahead *ahead = NULL;
    AN_CHECK(check_regions(l, pass->regions));
    AN_CHECK(check_ranks(pass, ranks));
    AN_CHECK(check_order(l, pass->order, count, pass->position, ranks));
    if (an_workers_lost(l))
        return an_threads_fail_lost();
    AN_CHECK(copy_order(&order, pass->order, count));
    if (pass->shards) {
        alexnet_status rc = an_read_ahead_start(&ahead, pass->shards, pass->position);
        if (rc != ALEXNET_OK) {
            an_free(order);
            return rc;
        }
    }
    pthread_mutex_lock(&l->lock);
    end_pass(l);
    l->order = order;
    l->regions = pass->regions ? *pass->regions : (an_region_rule){0};
    l->epoch = pass->epoch;
    l->ahead = ahead;
    l->count = count;
    l->start = pass->position;
    l->rank = pass->rank;
    l->ranks = ranks;
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    return an_workers_start(l);
}

alexnet_status an_loader_start(an_loader *l, const uint32_t *order, int64_t count, int64_t position)
{
    return an_loader_start_pass(l,
                                &(an_pass){.order = order, .count = count, .position = position});
}
