#include "base/work.h"

#include "base/clock.h"
#include "base/status.h"

an_work an_work_begin(alexnet_ctx *ctx, const char *verb, const char *unit, int64_t total)
{
    return (an_work){
        .ctx = ctx, .so_far = {.verb = verb, .unit = unit, .total = total}, .began = an_clock()};
}

static void tell(an_work *work)
{
    alexnet_ctx *ctx = work->ctx;
    if (!ctx || !ctx->work || !work->so_far.verb)
        return;
    work->told = true;
    work->so_far.seconds = an_clock() - work->began;
    pthread_mutex_lock(&ctx->log_lock);
    ctx->work(ctx->work_user, &work->so_far);
    pthread_mutex_unlock(&ctx->log_lock);
}

alexnet_status an_work_add(an_work *work, int64_t done)
{
    if (!work)
        return ALEXNET_OK;
    AN_CHECK(an_ctx_check(work->ctx));
    work->so_far.done += done;
    tell(work);
    return an_ctx_check(work->ctx);
}

void an_work_end(an_work *work)
{
    work->so_far.over = true;
    if (work->told)
        tell(work);
}
