#include "base/interned.h"

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/status.h"

/* The slot that holds a text, or the empty one where it would go. The table is never full. */
static int64_t *slot_of(const an_interned *interned, const char *text)
{
    const uint64_t hash = an_hash_text(AN_HASH_START, text);
    int64_t at = (int64_t)((hash ^ hash >> 32) & (uint64_t)(interned->room - 1));
    while (interned->slots[at] && strcmp(interned->list.at[interned->slots[at] - 1], text) != 0)
        at = (at + 1) & (interned->room - 1);
    return &interned->slots[at];
}

static alexnet_status grow(an_interned *interned)
{
    an_interned larger = {interned->list, NULL, interned->room ? 2 * interned->room : 64};
    larger.slots = an_calloc((size_t)larger.room, sizeof *larger.slots);
    if (!larger.slots)
        return AN_FAIL_MEMORY((size_t)larger.room * sizeof *larger.slots, "a table of texts");
    for (int64_t i = 0; i < larger.list.count; i++)
        *slot_of(&larger, larger.list.at[i]) = i + 1;
    an_free(interned->slots);
    *interned = larger;
    return ALEXNET_OK;
}

alexnet_status an_interned_add(an_interned *interned, const char *text, int64_t *index)
{
    if (2 * interned->list.count >= interned->room)
        AN_CHECK(grow(interned));
    int64_t *slot = slot_of(interned, text);
    if (*slot == 0) {
        AN_CHECK(an_strings_add(&interned->list, an_strdup(text)));
        *slot = interned->list.count;
    }
    *index = *slot - 1;
    return ALEXNET_OK;
}

int64_t an_interned_find(const an_interned *interned, const char *text)
{
    return interned->room ? *slot_of(interned, text) - 1 : -1;
}

void an_interned_free(an_interned *interned)
{
    an_strings_free(&interned->list);
    an_free(interned->slots);
    *interned = (an_interned){0};
}
