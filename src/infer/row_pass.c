#include "infer/row_pass.h"

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"

alexnet_status an_row_pass_start(an_row_pass *p, alexnet_ctx *ctx, const alexnet_dataset *pictures,
                                 const an_row_maker *maker, const an_loader_memory *memory,
                                 const an_pass *of)
{
    const size_t batch = (size_t)maker->batch, bytes = (size_t)maker->length * sizeof *p->rows;
    alexnet_status rc = ALEXNET_OK;
    *p = (an_row_pass){.maker = *maker,
                       .ctx = ctx,
                       .pictures = an_dataset_retain((alexnet_dataset *)pictures),
                       .rows = an_calloc(batch, bytes)};
    if (!p->rows) {
        rc = AN_FAIL_MEMORY(batch * bytes, "the results of a batch");
        goto cleanup;
    }
    AN_TRY(an_loader_new(&p->loader, p->pictures, maker->fit, maker->batch, ctx->threads, memory));
    AN_TRY(an_loader_start_pass(p->loader, of));
cleanup:
    if (rc != ALEXNET_OK)
        an_row_pass_end(p);
    return rc;
}

alexnet_status an_row_pass_fill(an_row_pass *p, bool *more)
{
    *more = true;
    if (p->computed && p->taken < p->batch.count)
        return ALEXNET_OK;
    AN_CHECK(an_compute_check(p->ctx));
    if (p->taken == p->batch.count) {
        p->taken = 0;
        p->computed = false;
        AN_CHECK(an_loader_next(p->loader, p->ctx, &p->batch, more));
    }
    if (*more)
        AN_CHECK(p->maker.compute(p->maker.self, p->batch.pixels, p->batch.count, p->rows));
    p->computed = true;
    return ALEXNET_OK;
}

alexnet_status an_row_pass_row(const an_row_pass *p, int index, const float **row)
{
    const an_loaded *picture = &p->batch.pictures[index];
    *row = NULL;
    if (picture->status != ALEXNET_OK)
        return ALEXNET_OK;
    const float *values = p->rows + index * p->maker.length;
    if (p->maker.check)
        AN_CHECK(p->maker.check(p->maker.self, values, p->pictures->samples[picture->sample].name));
    *row = values;
    return ALEXNET_OK;
}

void an_row_pass_end(an_row_pass *p)
{
    an_loader_free(p->loader);
    an_dataset_release(p->pictures);
    an_free(p->rows);
    *p = (an_row_pass){0};
}
