#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "base/status.h"
#include "data/tar/tar_build.h"

enum { REPLACED = -2 }; /* in place of a label */

/* A picture of the index, and what names it. */
typedef struct named {
    int64_t picture, folder;
    const char *name;
} named;

static int compare_names(const named *a, const named *b)
{
    if (a->folder != b->folder)
        return a->folder < b->folder ? -1 : 1;
    return strcmp(a->name, b->name);
}

static int compare(const void *a, const void *b)
{
    const named *x = a, *y = b;
    const int order = compare_names(x, y);
    return order ? order : x->picture < y->picture ? -1 : x->picture > y->picture;
}

/* @param sorted  all pictures, those of one name in their order in the archive */
static void drop_replaced(an_tar_index *index, const named *sorted)
{
    int64_t kept = 0;
    for (int64_t i = 1; i < index->count; i++) {
        if (compare_names(&sorted[i - 1], &sorted[i]) != 0)
            continue;
        index->pictures[sorted[i - 1].picture].label = REPLACED;
        index->replaced++;
    }
    for (int64_t i = 0; i < index->count; i++)
        if (index->pictures[i].label != REPLACED)
            index->pictures[kept++] = index->pictures[i];
    index->count = kept;
}

alexnet_status an_tar_drop_replaced(an_tar_builder *b)
{
    an_tar_index *index = b->index;
    const size_t count = (size_t)index->count;
    named *sorted = an_calloc(count + 1, sizeof *sorted);
    if (!sorted)
        return AN_FAIL_MEMORY(count * sizeof *sorted, "the names of an archive");
    for (size_t i = 0; i < count; i++) {
        const an_tar_picture *picture = &index->pictures[i];
        sorted[i] = (named){(int64_t)i, picture->folder, index->names + picture->name};
    }
    const alexnet_status rc = an_sort(sorted, count, sizeof *sorted, compare, b->work);
    if (rc == ALEXNET_OK)
        drop_replaced(index, sorted);
    an_free(sorted);
    return rc;
}
