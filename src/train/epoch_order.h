/*
 * The order in which an epoch shows the training pictures, as a recipe says: a function of the seed
 * and the epoch's number alone.
 */
#ifndef AN_TRAIN_EPOCH_ORDER_H
#define AN_TRAIN_EPOCH_ORDER_H

#include "data/loader/balanced.h"
#include "data/loader/shard_order.h"
#include "train/recipe.h"

typedef struct an_epoch_order {
    uint64_t seed;
    uint32_t count;
    an_shard_order *shards; /* NULL: order = random */
    an_balanced *balanced;  /* NULL: sampling = uniform */
} an_epoch_order;

/** @return ALEXNET_ERROR_INVALID_ARGUMENT for order = shards with data that is not in archives, or
 *          with sampling = balanced */
alexnet_status an_epoch_order_new(an_epoch_order *out, const alexnet_recipe *recipe,
                                  alexnet_dataset *dataset);
/** @param order  out, [count] samples. @param epoch  from 0 */
void an_epoch_order_make(an_epoch_order *order, uint32_t *samples, uint64_t epoch);
void an_epoch_order_free(an_epoch_order *order);

#endif
