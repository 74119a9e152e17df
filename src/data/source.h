/*
 * Where the pictures of a data set come from: items behind a small table of functions.
 *
 *     source.c          what all kinds have in common, and the list of kinds
 *     source_folders.c  a tree with one folder per class
 *     source_tar.c      archives: shards as WebDataset has them, and those of ImageNet
 *     source_list.c     lists of files with their labels
 *     source_lmdb.c     Caffe's databases
 *     source_idx.c      the files of MNIST
 *     source_cifar.c    the files of CIFAR-10 and CIFAR-100
 *     source_files.c    files and folders that a caller names, without classes
 *     source_own.c      callbacks of the caller's
 *
 * A kind opens what lies at a path into a list of items, each with a name for people, a key that
 * stays the same where the data is moved, and a class; and it gives an item's bytes, or its pixels.
 */
#ifndef AN_DATA_SOURCE_H
#define AN_DATA_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/context.h"
#include "base/strings.h"
#include "base/walk.h"
#include "data/picture.h"

typedef struct an_data_source an_data_source;

/** Items of a source: numbers of 32 bits name them in an epoch's order, of which one means none. */
#define AN_PICTURES_MAX ((int64_t)UINT32_MAX - 1)

/** An item of a source: the bytes of a picture file or, if there are none, pixels. */
typedef struct an_item_data {
    unsigned char *bytes; /* owned */
    size_t length;
    an_picture pixels; /* owned */
} an_item_data;

/** Where the bytes of an item are in an archive, of which there are several. */
typedef struct an_item_place {
    uint64_t offset, length;
    int32_t archive;
} an_item_place;

typedef struct an_data_kind {
    const char *name; /* a run's record has it: "folders" */
    /** Whether what lies at a path is of this kind. @return ALEXNET_ERROR_NO_MEMORY; any other
     *  failure: no */
    alexnet_status (*accepts)(const char *path, bool *yes);
    /** Fill in classes, items and left_out. `source` has kind and root, and is closed on failure.
     */
    alexnet_status (*open)(an_data_source *source);
    /** Read an item. Any thread, many at once. On failure *out is empty. */
    alexnet_status (*read)(const an_data_source *source, int64_t item, an_item_data *out);
    /** A number that changes when the item does, as its size mostly does; -1 if it is not known. */
    int64_t (*stamp)(const an_data_source *source, int64_t item);
    /** Where an item is, and what is at any place of an archive, for those who read archives from
     *  front to back; both NULL for kinds without archives. */
    void (*place)(const an_data_source *source, int64_t item, an_item_place *out);
    alexnet_status (*read_place)(const an_data_source *source, const an_item_place *place,
                                 void *dst);
    void (*close)(an_data_source *source); /* frees `state`; NULL if there is none */
    /** Whether what lies at a path is the parts train and val; NULL: it never is (divided.h) */
    alexnet_status (*divided)(const char *path, bool *yes);
    /** The same for pictures that need no labels; NULL: the kind itself. */
    const struct an_data_kind *pictures;
} an_data_kind;

typedef struct an_item {
    char *name;      /* for people, and for error texts: a path. Owned */
    const char *key; /* the part of it that names the item within the source */
    int class;       /* among the source's classes; -1: none */
} an_item;

/** Something about a source that is opened to be examined, and otherwise an error or not told. */
typedef struct an_oddity {
    alexnet_problem problem;
    char *path, *text; /* where, and more about it. Owned */
    int class;         /* -1: none */
    int64_t count;     /* of files */
} an_oddity;

struct an_data_source {
    const an_data_kind *kind;
    atomic_int references;
    char *root; /* what `open` is given: an absolute path, so that a resume finds it; "": none */
    alexnet_ctx *ctx;   /* only while it is opened: its log, and whether to stop. May be NULL */
    an_strings classes; /* identifiers; none: the pictures have no labels */
    bool numbered; /* class k is called k: a list of as many classes or more has names for them */
    an_item *items;
    int64_t count, room;
    an_endings left_out; /* files that were found and are no items, by their endings */
    struct {             /* the class that most were left out of */
        int class;
        int64_t left_out, items;
    } worst;
    int64_t loose; /* pictures found that belong to no class */
    bool examined; /* not to be used but looked at: what is odd is noted, and no error */
    an_oddity *oddities;
    int64_t oddity_count;
    char *doubt; /* why this may not be what is meant, for the log; NULL: no reason */
    void *state; /* the kind's own */
};

/**
 * Whether a kind accepts what lies at a path.
 * @return ALEXNET_ERROR_IO, ALEXNET_ERROR_FORMAT, with what is expected
 */
alexnet_status an_data_source_check(const char *path);
/** Open what lies at a path: the first kind that accepts it. */
alexnet_status an_data_source_open(an_data_source **out, alexnet_ctx *ctx, const char *path);
alexnet_status an_data_source_open_as(an_data_source **out, alexnet_ctx *ctx,
                                      const an_data_kind *kind, const char *path);
/**
 * Open what may lie at a path as pictures that need no labels.
 * @param out  NULL: it is a picture, a folder of them, or nothing that any kind knows
 */
alexnet_status an_data_source_open_pictures(an_data_source **out, alexnet_ctx *ctx,
                                            const char *path);
/** Whether what lies at a path has the parts train and val, in folders or in files. */
alexnet_status an_data_source_divided(const char *path, bool *yes);
/** Open it again, as the kind that it was. */
alexnet_status an_data_source_reopen(an_data_source **out, alexnet_ctx *ctx, const char *kind,
                                     const char *path);
/** An empty source, for those whose items are not found at a path. */
alexnet_status an_data_source_new(an_data_source **out, const an_data_kind *kind, const char *root);
an_data_source *an_data_source_retain(an_data_source *source);
void an_data_source_release(an_data_source *source); /* NULL allowed */

/** Open it to be examined. */
alexnet_status an_data_source_examine(an_data_source **out, alexnet_ctx *ctx, const char *path);
/** Note an oddity; takes its strings over, also on failure. A NULL is a failed allocation. */
alexnet_status an_data_source_note(an_data_source *source, an_oddity oddity);

/** Add an item; takes `name` over, also on failure. `key` points into it. */
alexnet_status an_data_source_add(an_data_source *source, char *name, const char *key, int class);
/** Classes called 0 to `largest`. */
alexnet_status an_data_source_number(an_data_source *source, int largest);
/** Add to the doubts; takes the text over, NULL is taken as a failed allocation. */
alexnet_status an_data_source_doubt(an_data_source *source, char *text);
/** Doubt a source with classes that no item has. All items must have one. */
alexnet_status an_data_source_note_holes(an_data_source *source);
/** Read and decode an item. On failure *out is empty. */
alexnet_status an_data_source_picture(const an_data_source *source, int64_t item, an_picture *out);
/** The same, decoded smaller where that is allowed. @param shrink  NULL: it is not */
alexnet_status an_data_source_smaller(const an_data_source *source, int64_t item,
                                      const an_shrink *shrink, an_picture *out);

/** Read and stamp for items that are files, whose name is the path. */
alexnet_status an_file_item_read(const an_data_source *source, int64_t item, an_item_data *out);
int64_t an_file_item_stamp(const an_data_source *source, int64_t item);

extern const an_data_kind an_folders_kind;
extern const an_data_kind an_tar_kind;
extern const an_data_kind an_list_kind;
extern const an_data_kind an_idx_kind;
extern const an_data_kind an_cifar_kind;
extern const an_data_kind an_lmdb_kind;

/** Whether all of several names are those of a split's parts, such as train and test. */
bool an_are_parts(const an_strings *names);

/**
 * A source of what a caller names: files, taken as they are called, folders, of which every
 * picture at any depth is taken, and archives, of which every picture is taken. A file that is not
 * there is an item; reading it fails.
 * @return ALEXNET_ERROR_FORMAT also for a folder without pictures
 */
alexnet_status an_data_source_files(an_data_source **out, alexnet_ctx *ctx,
                                    const char *const *paths, int64_t count);

#endif
