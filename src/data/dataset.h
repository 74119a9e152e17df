/*
 * Data sets: paths and labels. See the public header for what a tree may look like.
 */
#ifndef AN_DATA_DATASET_H
#define AN_DATA_DATASET_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/context.h"
#include "data/picture.h"

typedef struct an_sample {
    char *path; /* as the files are opened: the root and the path below it */
    int label;
} an_sample;

/** Which part of a tree a data set is. */
typedef struct an_part {
    double share; /* of validation in an_dataset_split(); 0: the whole tree */
    uint64_t seed;
    bool val; /* the validation part */
} an_part;

struct alexnet_dataset {
    atomic_int references;
    an_part part;
    char *root; /* absolute, so that a resume finds it from anywhere */
    int classes;
    char **class_ids;   /* folder names */
    char **class_names; /* readable names; equal to the ids without a names file */
    int names_matched;  /* classes that the names file knows */
    int64_t count;
    an_sample *samples; /* in byte order of class and path below it */
};

/** Classes to use in place of the folders' own numbering. */
typedef struct an_class_list {
    int count;
    const char *const *ids;
    const char *const *names;
} an_class_list;

alexnet_status an_dataset_layout(const char *path, alexnet_dataset_kind *kind);
/**
 * @param names_file  or NULL
 * @param classes     or NULL. A folder that is not among them is an error that names both.
 */
alexnet_status an_dataset_open(alexnet_dataset **out, const char *path, const char *names_file,
                               const an_class_list *classes);
alexnet_status an_dataset_split(const alexnet_dataset *dataset, double share, uint64_t seed,
                                alexnet_dataset **train, alexnet_dataset **val);
/** Open a data set, or a part of one, as a run remembers it. */
alexnet_status an_dataset_reopen(alexnet_dataset **out, const char *root, an_part part,
                                 const an_class_list *classes);
alexnet_dataset *an_dataset_retain(alexnet_dataset *dataset);
void an_dataset_release(alexnet_dataset *dataset); /* NULL allowed */

/** A number that changes when a path below the root, its label, its size or the classes change. */
uint64_t an_dataset_fingerprint(const alexnet_dataset *dataset);

/** A data set of loose files without labels (label -1), for classification. Paths are copied. */
alexnet_status an_dataset_of_files(alexnet_dataset **out, const char *const *paths, int64_t count);

#endif
