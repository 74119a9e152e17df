#include "infer/centre.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "infer/runner.h"
#include "infer/views.h"

/* The offset in bytes of a row of the centre within a stored square. */
static size_t row_at(const alexnet_network *network, int row)
{
    const an_input *input = &network->input;
    an_slot slot;
    an_view_place(&slot, input->side, input->size, AN_VIEW_CENTRE);
    return (((size_t)slot.y + (size_t)row) * (size_t)input->side + (size_t)slot.x) * 3;
}

void an_centre_copy(uint8_t *crop, const alexnet_network *network, const uint8_t *stored)
{
    size_t row_bytes = (size_t)network->input.size * 3;
    for (int row = 0; row < network->input.size; row++)
        memcpy(crop + (size_t)row * row_bytes, stored + row_at(network, row), row_bytes);
}

void an_centre_lay(uint8_t *stored, const alexnet_network *network, const uint8_t *crop)
{
    size_t row_bytes = (size_t)network->input.size * 3;
    for (int row = 0; row < network->input.size; row++)
        memcpy(stored + row_at(network, row), crop + (size_t)row * row_bytes, row_bytes);
}

alexnet_status an_centre_cut(uint8_t *crop, const alexnet_network *network,
                             const an_picture *picture)
{
    size_t bytes = (size_t)network->input.side * (size_t)network->input.side * 3;
    uint8_t *stored = an_malloc(bytes);
    if (!stored)
        return AN_FAIL_MEMORY(bytes, "a picture");
    alexnet_status rc = an_fit_picture(stored, an_fit_of(network), picture);
    if (rc == ALEXNET_OK)
        an_centre_copy(crop, network, stored);
    an_free(stored);
    return rc;
}
