#include "train/epoch_order.h"

#include "base/random.h"
#include "base/status.h"

alexnet_status an_epoch_order_new(an_epoch_order *out, const alexnet_recipe *recipe,
                                  alexnet_dataset *dataset)
{
    const bool shards = an_recipe_choice(recipe, AN_KEY_ORDER) == AN_ORDER_SHARDS;
    const bool balanced = an_recipe_choice(recipe, AN_KEY_SAMPLING) == AN_SAMPLING_BALANCED;
    *out = (an_epoch_order){.seed = (uint64_t)an_recipe_integer(recipe, AN_KEY_SEED),
                            .count = (uint32_t)dataset->count};
    if (shards && balanced)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "sampling = balanced takes pictures from anywhere, but order = shards reads "
                       "archives from front to back; use class_weights = balanced instead");
    if (shards)
        return an_shard_order_new(&out->shards, dataset, 0, 0);
    return balanced ? an_balanced_new(&out->balanced, dataset) : ALEXNET_OK;
}

void an_epoch_order_make(an_epoch_order *order, uint32_t *samples, uint64_t epoch)
{
    if (order->shards)
        an_shard_order_make(order->shards, samples, order->seed, epoch);
    else if (order->balanced)
        an_balanced_make(order->balanced, samples, order->seed, epoch);
    else
        an_shuffle(samples, order->count, order->seed, AN_PURPOSE_SHUFFLE, epoch);
}

void an_epoch_order_free(an_epoch_order *order)
{
    an_shard_order_free(order->shards);
    an_balanced_free(order->balanced);
    *order = (an_epoch_order){0};
}
