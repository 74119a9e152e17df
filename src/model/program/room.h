/*
 * Whether memory suffices for a batch, and for which it would.
 */
#ifndef AN_MODEL_PROGRAM_ROOM_H
#define AN_MODEL_PROGRAM_ROOM_H

#include "model/program/net.h"

/** Bytes that a batch needs; rises with its size.
 * @param own  as an_net_available() returns it */
typedef alexnet_status an_batch_need(const void *user, int batch, bool own, uint64_t *bytes);

typedef struct an_room {
    uint64_t bytes, available; /* what the batch needs, and what there is */
    bool own;                  /* as an_net_available() returns it */
    int largest; /* the largest batch that fits; the batch itself if it does. 0: none */
} an_room;

/** @param unfilled  how many of the net's arenas have not been written to; on the host, `need`
 *                   counts these and no others */
alexnet_status an_room_find(an_room *out, const an_net *net, int unfilled, an_batch_need *need,
                            const void *user, int batch);

/** "the largest batch that fits is 64", or that none does. */
void an_room_text(char *text, size_t size, const an_room *room);

/** The largest batch up to `most` that needs at most `available` bytes, found by bisection; 0:
 *  none. */
alexnet_status an_room_largest(int *out, an_batch_need *need, const void *user, int most,
                               uint64_t available, bool own);

#endif
