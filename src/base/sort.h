/*
 * Sorting that can be cancelled: of millions of items, qsort() takes many seconds and does not
 * return before its end.
 */
#ifndef AN_BASE_SORT_H
#define AN_BASE_SORT_H

#include <stddef.h>

#include "base/work.h"

/**
 * Sort as qsort() does. On failure the items are the same, in any order.
 * @param compare  0 only for items that need no order
 * @param work     asked now and then; NULL allowed
 * @return ALEXNET_ERROR_CANCELLED; ALEXNET_ERROR_NO_MEMORY: many items need room for as many again
 */
alexnet_status an_sort(void *items, size_t count, size_t size,
                       int (*compare)(const void *, const void *), an_work *work);

#endif
