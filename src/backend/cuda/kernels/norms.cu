/*
 * Norms of parameters and gradients (backend.h): sums of squares, of all tensors at once. The first
 * launch sums stretches of tensors, one for each block; the second sums the stretches of each
 * tensor; the third computes the norm of all tensors together.
 */
#include "backend/cuda/kernels/kernels.h"
#include "backend/cuda/kernels/stretches.h"

enum {
    NORMS_STRETCH = AN_THREADS * 64, /* elements of a block */
    NORMS_GROUPS = 16,               /* NORMS_GROUPS^2 threads */
};

typedef struct norms_shared {
    an_norm part[AN_THREADS];
} norms_shared;

int64_t an_cuda_norms_plan(an_cuda_span *spans, int count)
{
    int64_t blocks = 0;
    for (int i = 0; i < count; i++) {
        spans[i].first_block = blocks;
        blocks += (spans[i].count + NORMS_STRETCH - 1) / NORMS_STRETCH;
    }
    return blocks;
}

AN_BODY void norms_add(const an_cuda_norms_run *run, an_thread t, norms_shared *shared,
                       an_nothing *own)
{
    const an_cuda_span span = run->spans[an_stretch_tensor(
        &run->spans->first_block, sizeof *run->spans, run->count, t.block)];
    int64_t first = (t.block - span.first_block) * NORMS_STRETCH, end = first + NORMS_STRETCH;
    an_norm norm = {0, 0};
    (void)own;
    if (end > span.count)
        end = span.count;
    for (int64_t i = first + t.index; i < end; i += AN_THREADS) {
        float value = span.data[i];
        bool finite = value - value == 0;
        norm.sum_squares += finite ? (double)value * (double)value : 0;
        norm.not_finite += !finite;
    }
    shared->part[t.index] = norm;
}

AN_BODY void norms_join(an_norm *sum, const an_norm *part)
{
    sum->sum_squares += part->sum_squares;
    sum->not_finite += part->not_finite;
}

/* Join the norms of NORMS_GROUPS neighbouring threads. */
AN_BODY void norms_group(const an_cuda_norms_run *run, an_thread t, norms_shared *shared,
                         an_nothing *own)
{
    (void)run, (void)own;
    if (t.index >= NORMS_GROUPS)
        return;
    an_norm *sum = &shared->part[t.index * NORMS_GROUPS];
    for (int i = 1; i < NORMS_GROUPS; i++)
        norms_join(sum, sum + i);
}

AN_BODY an_norm norms_sum(const norms_shared *shared)
{
    an_norm norm = {0, 0};
    for (int i = 0; i < NORMS_GROUPS; i++)
        norms_join(&norm, &shared->part[i * NORMS_GROUPS]);
    return norm;
}

AN_BODY void norms_store(const an_cuda_norms_run *run, an_thread t, norms_shared *shared,
                         an_nothing *own)
{
    (void)own;
    if (t.index == 0)
        run->partial[t.block] = norms_sum(shared);
}

AN_PHASES(norms_part, an_cuda_norms_run, norms_shared, an_nothing, norms_add, norms_group,
          norms_store)

/* One block for each tensor. */
AN_BODY void norms_add_parts(const an_cuda_norms_run *run, an_thread t, norms_shared *shared,
                             an_nothing *own)
{
    int64_t first = run->spans[t.block].first_block;
    int64_t end = t.block + 1 < run->count ? run->spans[t.block + 1].first_block : run->blocks;
    an_norm norm = {0, 0};
    (void)own;
    for (int64_t i = first + t.index; i < end; i += AN_THREADS)
        norms_join(&norm, &run->partial[i]);
    shared->part[t.index] = norm;
}

AN_BODY void norms_store_all(const an_cuda_norms_run *run, an_thread t, norms_shared *shared,
                             an_nothing *own)
{
    (void)own;
    if (t.index == 0)
        run->out[t.block] = norms_sum(shared);
}

AN_PHASES(norms_all, an_cuda_norms_run, norms_shared, an_nothing, norms_add_parts, norms_group,
          norms_store_all)

/* In one thread. */
AN_BODY void norm_of_all(const an_cuda_norms_run *run, an_thread t)
{
    double sum = 0;
    if (AN_NUMBER(t) != 0)
        return;
    for (int i = 0; i < run->count; i++) {
        double spread = run->rates[i].spread > 0 ? run->rates[i].spread : 1;
        sum += run->out[i].sum_squares / (spread * spread);
    }
    *run->norm = sqrt(sum);
}

AN_KERNEL(norm_all, an_cuda_norms_run, norm_of_all(run, t))

int an_cuda_norms(const an_cuda_norms_run *run, an_cuda_stream *stream)
{
    int rc = run->blocks ? AN_LAUNCH(norms_part, an_cuda_norms_run, run, run->blocks, stream) : 0;
    if (!rc && run->count)
        rc = AN_LAUNCH(norms_all, an_cuda_norms_run, run, run->count, stream);
    if (!rc && run->norm)
        rc = AN_LAUNCH(norm_all, an_cuda_norms_run, run, 1, stream);
    return rc;
}
