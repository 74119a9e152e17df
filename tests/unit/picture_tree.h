/*
 * Trees of files named like pictures, for tests of data sets. Each file contains its own path.
 */
#ifndef TESTS_UNIT_PICTURE_TREE_H
#define TESTS_UNIT_PICTURE_TREE_H

#include "scratch.h"
#include "stamps.h"

#include "base/files.h"
#include "base/status.h"
#include "data/dataset.h"

/** Make a file, with the folders it lies in. */
static inline void put(const char *path)
{
    char folder[4096];
    strcpy(folder, path);
    *strrchr(folder, '/') = '\0';
    assert_int_equal(an_make_folder(folder), ALEXNET_OK);
    scratch_text(path, path);
}

/** Open a data set; the test fails if it cannot be opened. */
static inline alexnet_dataset *open_good(const char *path, const char *names,
                                         const an_class_list *list)
{
    alexnet_dataset *d;
    if (an_dataset_open(&d, NULL, path, names, list) != ALEXNET_OK)
        fail_msg("%s", an_error_text());
    return d;
}

/** A sample's path below the root. */
static inline const char *below(const alexnet_dataset *d, int64_t i)
{
    size_t root = strlen(d->root);
    assert_memory_equal(d->samples[i].name, d->root, root);
    assert_int_equal(d->samples[i].name[root], '/');
    return d->samples[i].name + root + 1;
}

#endif
