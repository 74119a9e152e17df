/*
 * Data sets: classes, and samples of a source. See the public header for what a tree may look like.
 *
 *     dataset.c          made from a source
 *     dataset_split.c    split for validation; the fingerprint
 *     dataset_stamps.c   the stamps of samples, which the fingerprint contains
 *     dataset_classes.c  the classes of training and validation: the same ones, with pictures
 *     dataset_shared.c   pictures that are in both
 *     dataset_outside.c  output folders, which must not be inside a data set
 */
#ifndef AN_DATA_DATASET_H
#define AN_DATA_DATASET_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/context.h"
#include "data/source/source.h"

typedef struct an_sample {
    int64_t item;     /* of the source */
    int label;        /* -1: none */
    const char *name; /* for messages; owned by the source */
} an_sample;

/** How pictures are chosen for validation. Each has a random number, from the seed and a key. Runs
 *  of earlier versions continue with the older rules. */
typedef enum an_split_rule {
    AN_SPLIT_BY_PATH,  /* those with a number below the share. The key is the kind's split_key(), so
                          a picture's side depends on no other picture */
    AN_SPLIT_BY_HASH,  /* the same with the item's key, which may depend on others */
    AN_SPLIT_BY_COUNT, /* by that key too: in each class, those with the lowest numbers, as many as
                          the share rounded, and at least one of two or more */
} an_split_rule;

/** Which part of its source a data set is. */
typedef struct an_part {
    double share; /* the share of validation in an_dataset_split(); 0: the whole */
    uint64_t seed;
    bool val; /* the validation part */
    an_split_rule rule;
} an_part;

struct alexnet_dataset {
    atomic_int references;
    an_part part;
    an_data_source *source;
    const char *root; /* owned by the source */
    int classes;
    char **class_ids;   /* as the source has them: names of folders */
    char **class_names; /* readable names; equal to the ids without a names file */
    int64_t count;
    an_sample *samples; /* in the source's order; labels in any order */
};

/** Classes to use in place of the source's own numbering. */
typedef struct an_class_list {
    int count;
    const char *const *ids;
    const char *const *names;
} an_class_list;

/** @param ctx  may be NULL */
alexnet_status an_dataset_layout(alexnet_ctx *ctx, const char *path, alexnet_dataset_kind *kind);
/**
 * @param ctx         its log gets warnings about ignored files and likely mistakes; or NULL
 * @param names_file  or NULL
 * @param classes     or NULL. A class of the source that is not in the list is an error
 */
alexnet_status an_dataset_open(alexnet_dataset **out, alexnet_ctx *ctx, const char *path,
                               const char *names_file, const an_class_list *classes);
/** Open it to be examined (an_data_source_examine()); logs no warnings. */
alexnet_status an_dataset_examine(alexnet_dataset **out, alexnet_ctx *ctx, const char *path,
                                  const char *names_file, const an_class_list *classes);
/** Make a data set from a source; takes ownership of it, also on failure. Parameters as above. */
alexnet_status an_dataset_new(alexnet_dataset **out, alexnet_ctx *ctx, an_data_source *source,
                              const char *names_file, const an_class_list *classes);
/** Without labels: see an_data_source_files(). */
alexnet_status an_dataset_of_files(alexnet_dataset **out, alexnet_ctx *ctx,
                                   const char *const *paths, int64_t count);
/** AN_SPLIT_BY_PATH; see the public header. */
alexnet_status an_dataset_split(const alexnet_dataset *dataset, double share, uint64_t seed,
                                alexnet_dataset **train, alexnet_dataset **val);
/**
 * Open a data set, or a part of one, from what a run has recorded.
 * @param ctx   as above, but without the warnings
 * @param kind  an_data_kind's name
 */
alexnet_status an_dataset_reopen(alexnet_dataset **out, alexnet_ctx *ctx, const char *kind,
                                 const char *root, an_part part, const an_class_list *classes);
/** The same for an open source; takes ownership of it, also on failure. */
alexnet_status an_dataset_of_part(alexnet_dataset **out, an_data_source *source, an_part part,
                                  const an_class_list *classes);
/** Make a data set of some samples of another, given by index, with all its classes. */
alexnet_status an_dataset_of_samples(alexnet_dataset **out, const alexnet_dataset *from,
                                     const uint32_t *samples, int64_t count);
/** Make a data set over a source, with the classes of another and room for `count` samples, which
 *  the caller adds. For dataset_*.c. */
alexnet_status an_dataset_new_like(alexnet_dataset **out, const alexnet_dataset *like,
                                   an_data_source *source, int64_t count);
alexnet_dataset *an_dataset_retain(alexnet_dataset *dataset);
void an_dataset_release(alexnet_dataset *dataset); /* NULL allowed */

/**
 * The stamps of all samples, looked up by the threads of the context.
 * @param out    [count], owned
 * @param timed  as for an_data_kind.stamp()
 * @return ALEXNET_ERROR_CANCELLED; ALEXNET_ERROR_IO for threads that do not start
 */
alexnet_status an_dataset_stamps(int64_t **out, alexnet_ctx *ctx, const alexnet_dataset *dataset,
                                 bool timed);
/** A number that changes when a sample's key, label or stamp changes, or a class. */
uint64_t an_dataset_fingerprint(const alexnet_dataset *dataset, const int64_t *stamps);

/**
 * Give the validation set the classes of the training set; its own must be the same. Only if they
 * are numbers may it lack some: its largest label need not be the largest of training.
 * @param out  to be released
 * @return ALEXNET_ERROR_FORMAT names the first class that only one of them has
 */
alexnet_status an_dataset_match_classes(alexnet_dataset **out, const alexnet_dataset *train,
                                        const alexnet_dataset *val);
/** @return ALEXNET_ERROR_INVALID_ARGUMENT names the first sample without a label */
alexnet_status an_dataset_check_labels(const alexnet_dataset *dataset);
/** Warn about classes without pictures. @param val  or NULL */
alexnet_status an_dataset_warn_absent(alexnet_ctx *ctx, const alexnet_dataset *train,
                                      const alexnet_dataset *val);
/**
 * Warn about validation pictures whose content is also that of a training picture. Reads at most
 * AN_COMPARE_BYTES in all, so in large data sets only some of the validation pictures are compared.
 * @param train_stamps, val_stamps  as an_dataset_stamps() gives them
 * @return ALEXNET_ERROR_CANCELLED
 */
alexnet_status an_dataset_warn_shared(alexnet_ctx *ctx, const alexnet_dataset *train,
                                      const int64_t *train_stamps, const alexnet_dataset *val,
                                      const int64_t *val_stamps);
#define AN_COMPARE_BYTES ((int64_t)256 << 20)

/**
 * Whether so many pictures are unreadable that something must be wrong with the data set: more than
 * 1% of them, and more than `allowed`.
 */
bool an_too_many_bad(int64_t bad, int64_t pictures, int64_t allowed);

/**
 * Fail with ALEXNET_ERROR_BAD_DATA because no picture of a data set can be read; the text says why
 * the first one cannot.
 * @param what  "training ", ...; "": all of them
 */
alexnet_status an_fail_none_read(const alexnet_dataset *dataset, const char *what);

/**
 * Check that an output folder, which need not exist yet, is not inside a data set of class folders,
 * where it would become a class or part of one.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT if it is inside, ALEXNET_ERROR_IO
 */
alexnet_status an_dataset_check_outside(const alexnet_dataset *dataset, const char *folder);

#endif
