#include "train/budget.h"

#include <stdio.h>

#include "base/status.h"
#include "train/trainer_impl.h"

static const double GIB = 1 << 30;

void an_budget_sum(alexnet_memory *sum, const alexnet_trainer *t, const an_program_memory *train,
                   const an_program_memory *val, size_t packed, int batch)
{
    size_t loaders = t->val ? 2 : 1, arena = t->net->bytes;
    size_t norms = an_norms_bytes(t->net, t->recipe);
    *sum = (alexnet_memory){
        .parameters = arena + packed,
        .gradients = arena,
        .momentum = ((size_t)t->net->n_arenas - 2) * arena, /* what the optimiser keeps */
        .activations = train->activations + val->activations,
        .scratch = train->scratch + val->scratch + norms,
        .pictures = train->batch + val->batch +
                    loaders * an_loader_bytes(t->net->network->input.side, batch)};
    if (an_recipe_choice(t->recipe, AN_KEY_ORDER) == AN_ORDER_SHARDS)
        sum->pictures += 2 * AN_WINDOW_BYTES;
    sum->total = sum->parameters + sum->gradients + sum->momentum + sum->activations +
                 sum->scratch + sum->pictures;
}

/* Bytes that a run needs with batches of this size: the net's arenas and both programs. If the
 * device has no memory of its own, also the decoded pictures and the copy of the weights for
 * norms. */
static alexnet_status need(const alexnet_trainer *t, int batch, bool own, uint64_t *bytes)
{
    alexnet_memory sum;
    an_program_memory train, val = {0};
    an_program_options options = an_trainer_purpose(t, batch);
    AN_CHECK(an_program_measure(&train, t->net, &options));
    if (t->val) {
        options = an_trainer_validation(t, batch);
        AN_CHECK(an_program_measure(&val, t->net, &options));
    }
    an_budget_sum(&sum, t, &train, &val, train.packed + val.packed, batch);
    *bytes = sum.total;
    if (own)
        *bytes -= sum.pictures - train.batch - val.batch + an_norms_bytes(t->net, t->recipe);
    return ALEXNET_OK;
}

/* The largest batch below the run's that needs at most `available`; 0 if none does. */
static alexnet_status largest(const alexnet_trainer *t, uint64_t available, bool own, int *out)
{
    int fits = 0, too_large = t->batch;
    while (too_large - fits > 1) {
        int middle = fits + (too_large - fits) / 2;
        uint64_t bytes;
        AN_CHECK(need(t, middle, own, &bytes));
        if (bytes <= available)
            fits = middle;
        else
            too_large = middle;
    }
    *out = fits;
    return ALEXNET_OK;
}

/* ", and accumulate = 4 computes 256 in parts of 64": the fewest equal parts that fit. */
static void suggest_parts(char *text, size_t size, int batch, int fits)
{
    int parts = 2;
    while (batch % parts || batch / parts > fits)
        parts++;
    snprintf(text, size, ", and accumulate = %d computes %d in parts of %d", parts, batch,
             batch / parts);
}

alexnet_status an_budget_check(const alexnet_trainer *t)
{
    uint64_t bytes, available;
    bool own;
    int fits;
    char parts[96];
    AN_CHECK(an_net_available(t->net, &available, &own));
    AN_CHECK(need(t, t->batch, own, &bytes));
    if (bytes <= available)
        return ALEXNET_OK;
    AN_CHECK(largest(t, available, own, &fits));
    const char *of = own ? t->net->backend->api->name : "this machine";
    if (fits == 0)
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY,
                       "out of memory: training %s needs %.2f GiB with batches of %d, and %s has "
                       "%.2f GiB available; no batch fits",
                       t->net->network->name, (double)bytes / GIB, t->batch, of,
                       (double)available / GIB);
    suggest_parts(parts, sizeof parts, t->batch * t->parts, fits);
    return AN_FAIL(ALEXNET_ERROR_NO_MEMORY,
                   "out of memory: training %s needs %.2f GiB with batches of %d, and %s has "
                   "%.2f GiB available; the largest batch that fits is %d%s",
                   t->net->network->name, (double)bytes / GIB, t->batch, of,
                   (double)available / GIB, fits, parts);
}
