/*
 * Reading of the windows of a pass (shard_order.h) from front to back, one thread, ahead of the
 * threads that decode: the window in use and the next are in memory.
 */
#ifndef AN_DATA_READ_AHEAD_H
#define AN_DATA_READ_AHEAD_H

#include "data/shard_order.h"

typedef struct an_read_ahead an_read_ahead;

/**
 * Begin to read what the places from `position` on need.
 * @param shards  borrowed, with the order of the pass, which it need not keep
 */
alexnet_status an_read_ahead_start(an_read_ahead **out, const an_shard_order *shards,
                                   int64_t position);
/**
 * The bytes of the picture at a place. Waits for its window. Each place is taken once and put down
 * once, by any thread; a window is over when all its places are.
 * @param bytes  out, borrowed until an_read_ahead_done(); NULL: its stretch could not be read, so
 *               that the picture is to be read by itself, which says what is wrong
 */
void an_read_ahead_take(an_read_ahead *ahead, int64_t place, uint32_t sample,
                        const unsigned char **bytes, size_t *length);
void an_read_ahead_done(an_read_ahead *ahead, int64_t place);
/** End it: nobody waits any more, and no bytes are given. */
void an_read_ahead_stop(an_read_ahead *ahead);
/** Once no place is in hand. NULL allowed. */
void an_read_ahead_free(an_read_ahead *ahead);

#endif
