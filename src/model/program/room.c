#include "model/program/room.h"

#include <stdio.h>

#include "base/status.h"

alexnet_status an_room_largest(int *out, an_batch_need *need, const void *user, int most,
                               uint64_t available, bool own)
{
    int fails = most + 1;
    *out = 0;
    while (fails - *out > 1) {
        const int middle = *out + (fails - *out) / 2;
        uint64_t bytes;
        AN_CHECK(need(user, middle, own, &bytes));
        if (bytes <= available)
            *out = middle;
        else
            fails = middle;
    }
    return ALEXNET_OK;
}

alexnet_status an_room_find(an_room *out, const an_net *net, int unfilled, an_batch_need *need,
                            const void *user, int batch)
{
    *out = (an_room){.largest = batch};
    AN_CHECK(an_net_available(net, unfilled, &out->available, &out->own));
    AN_CHECK(need(user, batch, out->own, &out->bytes));
    if (out->bytes <= out->available)
        return ALEXNET_OK;
    return an_room_largest(&out->largest, need, user, batch - 1, out->available, out->own);
}

void an_room_text(char *text, size_t size, const an_room *room)
{
    if (room->largest == 0)
        snprintf(text, size, "no batch fits");
    else
        snprintf(text, size, "the largest batch that fits is %d", room->largest);
}
