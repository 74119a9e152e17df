#include "data/check/check.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

static alexnet_status fill(alexnet_check *check, const alexnet_dataset *train,
                           const alexnet_dataset *val)
{
    const alexnet_dataset *parts[] = {train, val};
    static const char *const names[] = {"train", "val"};
    int64_t total = 0;
    check->part_count = val ? 2 : 1;
    check->split = val && val->source == train->source;
    for (int p = 0; p < check->part_count; p++) {
        check->parts[p].data = an_dataset_retain((alexnet_dataset *)parts[p]);
        check->parts[p].name = val ? names[p] : NULL;
        total += parts[p]->count;
    }
    if (total >= AN_NO_PICTURE)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has %lld pictures; at most %u are examined",
                       train->root, (long long)total, AN_NO_PICTURE - 1);
    check->total = (uint32_t)total;
    check->progress.total = total;
    check->kept = an_calloc((size_t)total + 1, sizeof *check->kept);
    if (!check->kept)
        return AN_FAIL_MEMORY((size_t)total * sizeof *check->kept, "the pictures of a data set");
    if (check->options.near)
        check->dhashes = an_calloc((size_t)total + 1, sizeof *check->dhashes);
    if (check->options.near && !check->dhashes)
        return AN_FAIL_MEMORY((size_t)total * sizeof *check->dhashes, "what pictures look like");
    return an_check_number_classes(check);
}

alexnet_status an_check_new(alexnet_check **out, alexnet_ctx *ctx, const alexnet_dataset *train,
                            const alexnet_dataset *val, const alexnet_check_options *options)
{
    *out = NULL;
    alexnet_check *check = an_calloc(1, sizeof *check);
    if (!check)
        return AN_FAIL_MEMORY(sizeof *check, "an examination");
    check->ctx = an_ctx_retain(ctx);
    check->options = *options;
    alexnet_status rc = fill(check, train, val);
    if (rc == ALEXNET_OK)
        *out = check;
    else
        an_check_free(check);
    return rc;
}

static alexnet_status finish(alexnet_check *check)
{
    AN_CHECK(an_check_set(check));
    AN_CHECK(an_check_sort(check));
    check->ready = true;
    for (int64_t i = 0; i < check->found_count; i++)
        check->ready = check->ready && !an_problems[check->found[i].problem - 1].serious;
    check->stage = AN_CHECK_DONE;
    return ALEXNET_OK;
}

/* All pictures have been read. */
static alexnet_status end_pictures(alexnet_check *check)
{
    an_ordered_free(check->workers);
    check->workers = NULL;
    AN_CHECK(an_check_same(check));
    if (!check->options.near)
        return finish(check);
    AN_CHECK(an_check_near_begin(check));
    check->stage = AN_CHECK_NEAR;
    check->progress.comparing = true;
    check->progress.done = 0;
    return ALEXNET_OK;
}

static alexnet_status step_pictures(alexnet_check *check)
{
    alexnet_check_progress *p = &check->progress;
    if (!check->workers && p->done < p->total)
        AN_CHECK(an_check_begin(check));
    void *next = NULL;
    if (check->workers)
        AN_CHECK(an_ordered_next(check->workers, check->ctx, &next));
    if (!next)
        return end_pictures(check);
    const an_examined *examined = next;
    p->unreadable += examined->status != ALEXNET_OK;
    return an_check_take(check, (uint32_t)p->done++, examined);
}

static alexnet_status step_near(alexnet_check *check)
{
    bool more;
    AN_CHECK(an_near_step(check->near, &check->progress.done, &more));
    if (more)
        return ALEXNET_OK;
    AN_CHECK(an_check_near_end(check));
    return finish(check);
}

static alexnet_status step(alexnet_check *check)
{
    switch (check->stage) {
    case AN_CHECK_PICTURES: return step_pictures(check);
    case AN_CHECK_NEAR: return step_near(check);
    case AN_CHECK_DONE: break;
    }
    return ALEXNET_OK;
}

alexnet_status an_check_step(alexnet_check *check, alexnet_check_progress *progress, bool *more)
{
    AN_CHECK(an_ctx_check(check->ctx));
    if (check->failed)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "the examination ran out of memory, and must begin again");
    const alexnet_status rc = step(check);
    check->failed = rc == ALEXNET_ERROR_NO_MEMORY; /* some findings may be lost */
    AN_CHECK(rc);
    *more = check->stage != AN_CHECK_DONE;
    if (progress)
        *progress = check->progress;
    return ALEXNET_OK;
}

void an_check_free(alexnet_check *check)
{
    if (!check)
        return;
    an_ordered_free(check->workers); /* first: its threads use the rest */
    for (int p = 0; p < AN_CHECK_PARTS; p++) {
        an_dataset_release(check->parts[p].data);
        an_free(check->parts[p].classes);
    }
    an_near_free(check->near);
    an_free(check->dhashes);
    an_free(check->pictures);
    an_free(check->kept);
    an_interned_free(&check->texts);
    an_free(check->found);
    an_free(check->detail);
    an_ctx_release(check->ctx);
    an_free(check);
}
