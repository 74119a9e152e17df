/*
 * Reads the windows of a pass (shard_order.h) in their order, on one thread, ahead of the threads
 * that decode: the window in use and the next one are in memory.
 */
#ifndef AN_DATA_LOADER_READ_AHEAD_H
#define AN_DATA_LOADER_READ_AHEAD_H

#include "data/loader/shard_order.h"

typedef struct an_read_ahead an_read_ahead;

/**
 * Begin to read the windows that places from `position` on need.
 * @param shards  borrowed; its current order is that of the pass, and is copied
 */
alexnet_status an_read_ahead_start(an_read_ahead **out, const an_shard_order *shards,
                                   int64_t position);
/**
 * The bytes of the picture at a place. Waits for its window. Each place is taken once, then
 * released once with an_read_ahead_done(), by any thread; a window is freed when all its places are
 * released.
 * @param bytes  out, borrowed until an_read_ahead_done(); NULL: its stretch could not be read, or
 *               reading was stopped; read the picture on its own, which reports the error
 */
void an_read_ahead_take(an_read_ahead *ahead, int64_t place, uint32_t sample,
                        const unsigned char **bytes, size_t *length);
void an_read_ahead_done(an_read_ahead *ahead, int64_t place);
/** Stop reading: waiting calls return, and no more bytes are given. */
void an_read_ahead_stop(an_read_ahead *ahead);
/** Call it only when no place is taken. NULL allowed. */
void an_read_ahead_free(an_read_ahead *ahead);

#endif
