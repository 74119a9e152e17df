#include "train/budget.h"

#include <stdio.h>

#include "base/status.h"
#include "model/program/room.h"
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
static alexnet_status need(const void *user, int batch, bool own, uint64_t *bytes)
{
    const alexnet_trainer *t = user;
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

/* ", and accumulate = 4 computes 256 in parts of 64": the fewest equal parts that fit, if any do.
 */
static void suggest_parts(char *text, size_t size, int batch, int fits)
{
    int parts = 2;
    text[0] = '\0';
    if (fits == 0)
        return;
    while (batch % parts || batch / parts > fits)
        parts++;
    snprintf(text, size, ", and accumulate = %d computes %d in parts of %d", parts, batch,
             batch / parts);
}

alexnet_status an_budget_check(const alexnet_trainer *t)
{
    an_room room;
    char largest[64], parts[96];
    AN_CHECK(an_room_find(&room, t->net, t->net->n_arenas, need, t, t->batch));
    if (room.largest == t->batch)
        return ALEXNET_OK;
    an_room_text(largest, sizeof largest, &room);
    suggest_parts(parts, sizeof parts, t->batch * t->parts, room.largest);
    return AN_FAIL(ALEXNET_ERROR_NO_MEMORY,
                   "out of memory: training %s needs %.2f GiB with batches of %d, and %s has "
                   "%.2f GiB available; %s%s",
                   t->net->network->name, (double)room.bytes / GIB, t->batch,
                   room.own ? t->net->backend->api->name : "this process",
                   (double)room.available / GIB, largest, parts);
}
