#include "model/program/plan.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"

static int larger_first(const void *a, const void *b)
{
    const an_life *x = *(const an_life *const *)a, *y = *(const an_life *const *)b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return x < y ? -1 : x > y; /* a fixed order, for a reproducible plan */
}

static int lower_first(const void *a, const void *b)
{
    const an_life *x = *(const an_life *const *)a, *y = *(const an_life *const *)b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* The lowest offset at which `life` fits among the `n` placed tensors; `near` has room for `n`. */
static size_t lowest_gap(const an_life *life, an_life *const *placed, int n, const an_life **near)
{
    int count = 0;
    for (int i = 0; i < n; i++)
        if (placed[i]->first <= life->last && life->first <= placed[i]->last)
            near[count++] = placed[i];
    qsort(near, (size_t)count, sizeof *near, lower_first);
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        if (near[i]->offset >= at + life->bytes)
            break;
        size_t end = near[i]->offset + an_aligned(near[i]->bytes);
        at = end > at ? end : at;
    }
    return at;
}

alexnet_status an_plan(an_life *lives, int count, size_t *total)
{
    *total = 0;
    an_life **order = an_calloc((size_t)count, sizeof *order);
    const an_life **near = an_calloc((size_t)count, sizeof *near);
    alexnet_status rc = ALEXNET_OK;
    if (!order || !near) {
        rc = AN_FAIL_MEMORY(2 * (size_t)count * sizeof *order, "a memory plan");
        goto cleanup;
    }
    for (int i = 0; i < count; i++)
        order[i] = &lives[i];
    qsort(order, (size_t)count, sizeof *order, larger_first);
    for (int i = 0; i < count; i++) {
        order[i]->offset = lowest_gap(order[i], order, i, near);
        size_t end = order[i]->offset + an_aligned(order[i]->bytes);
        *total = end > *total ? end : *total;
    }
cleanup:
    an_free(order);
    an_free(near);
    return rc;
}
