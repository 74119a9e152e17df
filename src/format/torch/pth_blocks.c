/*
 * The blocks of elements of a file from before version 1.6, one after another.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/byte_order.h"
#include "base/status.h"
#include "format/torch/pth.h"

static int by_key(const void *a, const void *b)
{
    const an_storage *const *x = a, *const *y = b;
    return strcmp((*x)->key, (*y)->key);
}

/* All storages of a pickle by key; owned. */
static alexnet_status sort_storages(const an_pickle *pickle, an_storage ***sorted, size_t *count)
{
    *count = 0;
    for (const an_storage *s = pickle->storages; s; s = s->next)
        ++*count;
    an_storage **list = an_calloc(*count + 1, sizeof *list);
    *sorted = list;
    if (!list)
        return AN_FAIL_MEMORY(*count * sizeof *list, "the tensors of a file");
    size_t i = 0;
    for (an_storage *s = pickle->storages; s; s = s->next)
        list[i++] = s;
    qsort(list, *count, sizeof *list, by_key);
    return ALEXNET_OK;
}

/* The first storage with a key; `count` if there is none. */
static size_t find_key(an_storage *const *sorted, size_t count, const char *key)
{
    size_t low = 0, high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(sorted[middle]->key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && strcmp(sorted[low]->key, key) == 0 ? low : count;
}

/* A block at `at`: its number of elements, then these. @param at  out: the end of the block */
static alexnet_status read_block(const an_section *section, uint64_t *at, const char *key,
                                 int width, uint64_t *start, uint64_t *bytes)
{
    unsigned char number[8];
    AN_CHECK(an_section_read(section, *at, number, sizeof number));
    const uint64_t count = an_little(number, sizeof number);
    *start = *at + sizeof number;
    if (count > (section->size - *start) / (unsigned)width)
        return AN_SECTION_FAIL(section,
                               "cut short or damaged: block %s is said to have %llu elements of %d "
                               "bytes, %llu bytes are left",
                               key, (unsigned long long)count, width,
                               (unsigned long long)(section->size - *start));
    *bytes = count * (unsigned)width;
    *at = *start + *bytes;
    return ALEXNET_OK;
}

alexnet_status an_pth_blocks(an_pickle *pickle, const an_section *section, uint64_t at)
{
    const an_value *keys;
    an_storage **sorted = NULL;
    size_t count;
    alexnet_status rc;
    AN_TRY(an_pickle_read(pickle, section, &at, &keys));
    AN_TRY(sort_storages(pickle, &sorted, &count));
    const an_item *item = keys->kind == AN_VALUE_LIST ? keys->is.items.first : NULL;
    for (; item; item = item->next) {
        const char *key = an_value_text(item->value);
        size_t i = key ? find_key(sorted, count, key) : count;
        if (i == count || sorted[i]->start) {
            rc = AN_SECTION_FAIL(
                section, "damaged: its list of blocks has one that no tensor uses, or one twice");
            goto cleanup;
        }
        uint64_t start, bytes;
        AN_TRY(read_block(section, &at, key, sorted[i]->type->width, &start, &bytes));
        for (; i < count && strcmp(sorted[i]->key, key) == 0; i++) {
            sorted[i]->start = start;
            sorted[i]->bytes = bytes;
        }
    }
cleanup:
    an_free(sorted);
    return rc;
}
