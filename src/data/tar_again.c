#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/tar_build.h"

enum { REPLACED = -2 }; /* in place of a label */

static int compare_names(const an_tar_index *index, int64_t x, int64_t y)
{
    const an_tar_picture *a = &index->pictures[x], *b = &index->pictures[y];
    if (a->folder != b->folder)
        return a->folder < b->folder ? -1 : 1;
    return strcmp(index->names + a->name, index->names + b->name);
}

static int compare(const void *a, const void *b, void *index)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    const int order = compare_names(index, x, y);
    return order ? order : x < y ? -1 : x > y;
}

static void drop_marked(an_tar_index *index)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < index->count; i++)
        if (index->pictures[i].label != REPLACED)
            index->pictures[kept++] = index->pictures[i];
    index->count = kept;
}

alexnet_status an_tar_drop_replaced(an_tar_builder *b)
{
    an_tar_index *index = b->index;
    const size_t count = (size_t)index->count;
    int64_t *sorted = an_calloc(count + 1, sizeof *sorted);
    if (!sorted)
        return AN_FAIL_MEMORY(count * sizeof *sorted, "the names of an archive");
    for (size_t i = 0; i < count; i++)
        sorted[i] = (int64_t)i;
    qsort_r(sorted, count, sizeof *sorted, compare, index);
    for (size_t i = 1; i < count; i++) {
        if (compare_names(index, sorted[i - 1], sorted[i]) != 0)
            continue;
        index->pictures[sorted[i - 1]].label = REPLACED;
        index->replaced++;
    }
    drop_marked(index);
    an_free(sorted);
    return ALEXNET_OK;
}
