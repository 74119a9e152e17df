#include "format/torch/pickle_values.h"

#include "base/alloc.h"
#include "base/status.h"

enum { BLOCK = 1 << 14, ALIGN = 8 };

typedef struct an_pickle_block {
    struct an_pickle_block *next;
    size_t used, room;
    _Alignas(ALIGN) unsigned char bytes[];
} block;

an_value an_value_none = {.kind = AN_VALUE_NONE}, an_value_other = {.kind = AN_VALUE_OTHER},
         an_value_mark = {.kind = AN_VALUE_OTHER};

void *an_pickle_alloc(an_pickle *pickle, size_t bytes)
{
    block *top = pickle->blocks;
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    if (pickle->values >= pickle->limit)
        return NULL;
    if (!top || bytes > top->room - top->used) {
        const size_t room = bytes < BLOCK ? BLOCK : bytes;
        block *more = an_calloc(1, sizeof *more + room);
        if (!more)
            return NULL;
        more->next = top;
        more->room = room;
        pickle->blocks = top = more;
    }
    void *memory = top->bytes + top->used;
    top->used += bytes;
    pickle->values++;
    return memory;
}

alexnet_status an_pickle_fail(const an_pickle *pickle, const an_section *section)
{
    if (pickle->values < pickle->limit)
        return AN_FAIL_MEMORY(BLOCK, "the values of a pickle");
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s: over %llu values besides its tensors; save only the weights, with "
                   "torch.save(model.state_dict(), FILE)",
                   an_reader_name(section->reader), (unsigned long long)pickle->limit);
}

void an_pickle_free(an_pickle *pickle)
{
    while (pickle->blocks) {
        block *top = pickle->blocks;
        pickle->blocks = top->next;
        an_free(top);
    }
    *pickle = (an_pickle){0};
}

an_value *an_value_new(an_pickle *pickle, an_value_kind kind)
{
    an_value *value = an_pickle_alloc(pickle, sizeof *value);
    if (value)
        value->kind = kind;
    return value;
}

bool an_value_add(an_pickle *pickle, an_value *to, const an_value *key, const an_value *value)
{
    an_item *item = an_pickle_alloc(pickle, sizeof *item);
    if (!item)
        return false;
    item->key = key;
    item->value = value;
    if (to->is.items.last)
        to->is.items.last->next = item;
    else
        to->is.items.first = item;
    to->is.items.last = item;
    to->count++;
    to->has_tensors |= value->kind == AN_VALUE_TENSOR && key && an_value_text(key);
    return true;
}

const an_value *an_value_at(const an_value *value, int index)
{
    if (!value || (value->kind != AN_VALUE_TUPLE && value->kind != AN_VALUE_LIST) || index < 0 ||
        index >= value->count)
        return NULL;
    const an_item *item = value->is.items.first;
    while (index-- > 0)
        item = item->next;
    return item->value;
}

int64_t an_value_int(const an_value *value)
{
    return value && value->kind == AN_VALUE_INT ? value->is.integer : -1;
}

const char *an_value_text(const an_value *value)
{
    return value && value->kind == AN_VALUE_TEXT ? value->is.text : NULL;
}
