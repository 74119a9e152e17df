#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

/* Items that are sorted, or merged, before the work is asked whether to go on. */
enum { BLOCK = 1 << 16 };

typedef struct sorting {
    size_t size;
    int (*compare)(const void *, const void *);
    an_work *work;
} sorting;

/* Merge two sorted runs, [a, b) and [b, end), into `to`. */
static alexnet_status merge(const sorting *s, char *to, const char *a, const char *b,
                            const char *end)
{
    const char *const middle = b;
    for (size_t n = 0; a < middle || b < end; n++, to += s->size) {
        const bool first = b == end || (a < middle && s->compare(a, b) <= 0);
        if (n % BLOCK == 0)
            AN_CHECK(an_work_add(s->work, 0));
        memcpy(to, first ? a : b, s->size);
        a += first ? s->size : 0;
        b += first ? 0 : s->size;
    }
    return ALEXNET_OK;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Merge neighbouring runs of `run` items each, from one array into another. */
static alexnet_status merge_all(const sorting *s, char *to, const char *from, size_t count,
                                size_t run)
{
    for (size_t i = 0; i < count; i += 2 * run)
        AN_CHECK(merge(s, to + i * s->size, from + i * s->size,
                       from + least(i + run, count) * s->size,
                       from + least(i + 2 * run, count) * s->size));
    return ALEXNET_OK;
}

/* Merge sorted blocks. `from` has every item at any time. @param other  room for all items */
static alexnet_status merge_blocks(const sorting *s, char *items, char *other, size_t count)
{
    alexnet_status rc = ALEXNET_OK;
    char *from = items, *to = other;
    for (size_t run = BLOCK; run < count; run *= 2) {
        rc = merge_all(s, to, from, count, run);
        if (rc != ALEXNET_OK)
            break;
        char *merged = to;
        to = from;
        from = merged;
    }
    if (from != items)
        memcpy(items, from, count * s->size);
    return rc;
}

alexnet_status an_sort(void *items, size_t count, size_t size,
                       int (*compare)(const void *, const void *), an_work *work)
{
    const sorting s = {size, compare, work};
    char *at = items;
    for (size_t i = 0; i < count; i += BLOCK) {
        AN_CHECK(an_work_add(work, 0));
        qsort(at + i * size, least(BLOCK, count - i), size, compare);
    }
    if (count <= BLOCK)
        return ALEXNET_OK;
    char *other = an_malloc(count * size);
    if (!other)
        return AN_FAIL_MEMORY(count * size, "sorting");
    const alexnet_status rc = merge_blocks(&s, items, other, count);
    an_free(other);
    return rc;
}
