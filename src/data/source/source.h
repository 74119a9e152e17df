/*
 * Where the pictures of a data set come from: items behind a small table of functions.
 *
 *     source.c          what all kinds have in common
 *     source_open.c     the list of kinds, and opening a path as one of them
 *     source_folders.c  a tree with one folder per class, whose root class_root.c checks
 *     source_tar.c      archives: shards as WebDataset has them, and those of ImageNet
 *     source_list.c     lists of files with their labels
 *     source_lmdb.c     Caffe's databases
 *     source_idx.c      the files of MNIST
 *     source_cifar.c    the files of CIFAR-10 and CIFAR-100
 *     source_files.c    files and folders that a caller names, without classes
 *     source_own.c      the caller's callbacks
 *
 * A kind opens a path as a list of items, each with a name for people, a key that stays the same
 * when the data set is moved, and a class; and it reads an item's bytes, or its pixels.
 */
#ifndef AN_DATA_SOURCE_SOURCE_H
#define AN_DATA_SOURCE_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/context.h"
#include "base/strings.h"
#include "base/walk.h"
#include "data/picture/picture.h"

typedef struct an_data_source an_data_source;

/** The most items of a source: an epoch's order has 32-bit numbers, one of which means none. */
#define AN_PICTURES_MAX ((int64_t)UINT32_MAX - 1)

/** An item of a source: the bytes of a picture file or, if there are none, pixels. */
typedef struct an_item_data {
    unsigned char *bytes; /* owned */
    size_t length;
    an_picture pixels; /* owned */
} an_item_data;

/** An archive, and where an item's bytes are in it. */
typedef struct an_item_place {
    uint64_t offset, length;
    int32_t archive;
} an_item_place;

typedef struct an_data_kind {
    const char *name; /* such as "folders"; kept in a run's record */
    /** Whether a path is of this kind. @param ctx  may be NULL
     *  @return ALEXNET_ERROR_NO_MEMORY, ALEXNET_ERROR_CANCELLED; other failures mean no */
    alexnet_status (*accepts)(alexnet_ctx *ctx, const char *path, bool *yes);
    /** Fill in classes, items and left_out. `kind` and `root` are set. The caller closes `source`
     *  on failure.
     */
    alexnet_status (*open)(an_data_source *source);
    /** Read an item. Any thread, many at once. On failure *out is empty. */
    alexnet_status (*read)(const an_data_source *source, int64_t item, an_item_data *out);
    /** A number that changes when the item does, such as its size; -1 if unknown.
     *  @param timed  it depends on when the item's file was last written, too, if it is in one */
    int64_t (*stamp)(const an_data_source *source, int64_t item, bool timed);
    /** A key that depends on no other item; NULL: the item's `key` is one. */
    const char *(*split_key)(const an_data_source *source, int64_t item);
    /** Tell where an item is in an archive; read any place of an archive. Used to read archives
     *  from front to back. Both NULL for kinds without archives. */
    void (*place)(const an_data_source *source, int64_t item, an_item_place *out);
    alexnet_status (*read_place)(const an_data_source *source, const an_item_place *place,
                                 void *dst);
    void (*close)(an_data_source *source); /* frees `state`; NULL if there is none */
    /** Whether a path has the parts train and val (divided.h); NULL: never */
    alexnet_status (*divided)(alexnet_ctx *ctx, const char *path, bool *yes);
    /** The kind that opens the same pictures without labels; NULL: this kind. */
    const struct an_data_kind *pictures;
} an_data_kind;

typedef struct an_item {
    char *name;      /* for people, and for error texts: a path. Owned */
    const char *key; /* the part of it that names the item within the source */
    int class;       /* among the source's classes; -1: none */
} an_item;

/** Something odd, noted when a source is examined; otherwise an error, or not reported. */
typedef struct an_oddity {
    alexnet_problem problem;
    char *path, *text; /* where, and more about it. Owned */
    int class;         /* -1: none */
    int64_t count;     /* of files */
} an_oddity;

struct an_data_source {
    const an_data_kind *kind;
    atomic_int references;
    char *root; /* what `open` is given: an absolute path, so that a resume finds it. Of a source
                   without a path, what errors call it */
    alexnet_ctx *ctx;   /* only while it is opened, to log and to be cancelled. May be NULL */
    an_strings classes; /* identifiers; none: the pictures have no labels */
    bool numbered; /* class k is called k, so a list of at least as many classes can name them */
    an_item *items;
    int64_t count;
    char *searched; /* the archive of which `root` is a part: `left_out` is of all of it. Owned;
                       NULL: `root` is whole */
    an_endings left_out; /* files found that are not items, by their endings */
    struct {             /* the class with the most files left out */
        int class;
        int64_t left_out, items;
    } worst;
    int64_t loose; /* pictures found that have no class */
    bool examined; /* opened only to be examined: oddities are noted and are not errors */
    an_oddity *oddities;
    int64_t oddity_count;
    char *doubt; /* why another data set may have been meant, for the log; NULL: no doubt */
    void *state; /* the kind's own */
};

/**
 * Whether some kind accepts a path.
 * @return ALEXNET_ERROR_IO, ALEXNET_ERROR_FORMAT, naming what is expected
 */
alexnet_status an_data_source_check(alexnet_ctx *ctx, const char *path);
/** Open a path as the first kind that accepts it. */
alexnet_status an_data_source_open(an_data_source **out, alexnet_ctx *ctx, const char *path);
/**
 * Open a path as pictures without labels if a kind other than folders accepts it.
 * @param out      NULL: none does; it is a picture, a folder of pictures, or of no known kind
 * @param divided  out: the path is a folder with the parts train and val in its files (divided.h),
 *                 so that it is not one source; *out is then NULL too
 */
alexnet_status an_data_source_open_pictures(an_data_source **out, alexnet_ctx *ctx,
                                            const char *path, bool *divided);
/** Whether a path has the parts train and val, as folders or in files. */
alexnet_status an_data_source_divided(alexnet_ctx *ctx, const char *path, bool *yes);
/** Open a path again as the kind with this name. */
alexnet_status an_data_source_reopen(an_data_source **out, alexnet_ctx *ctx, const char *kind,
                                     const char *path);
/** Make a source without items, which the caller adds. */
alexnet_status an_data_source_new(an_data_source **out, const an_data_kind *kind, const char *root);
an_data_source *an_data_source_retain(an_data_source *source);
void an_data_source_release(an_data_source *source); /* NULL allowed */

/** Open it to be examined. */
alexnet_status an_data_source_examine(an_data_source **out, alexnet_ctx *ctx, const char *path);
/** Note an oddity; takes ownership of its strings, also on failure. A NULL string counts as a
 *  failed allocation. */
alexnet_status an_data_source_note(an_data_source *source, an_oddity oddity);

/** Add an item; takes ownership of `name`, also on failure; NULL counts as a failed allocation.
 *  `key` points into it. */
alexnet_status an_data_source_add(an_data_source *source, char *name, const char *key, int class);
/** Classes called 0 to `largest`. */
alexnet_status an_data_source_number(an_data_source *source, int largest);
/** Add to the doubts; takes ownership of the text. NULL counts as a failed allocation. */
alexnet_status an_data_source_doubt(an_data_source *source, char *text);
/** Report links below a folder that a walk did not follow: note each one if the source is examined,
 *  else add a doubt with the first and how many more there are. */
alexnet_status an_data_source_note_links(an_data_source *source, const an_walk *walk,
                                         const char *folder);
/** Add a doubt if there are classes without items. All items must have a class. */
alexnet_status an_data_source_note_holes(an_data_source *source);
/** What was searched for pictures: its root, or the archive of which that is a part. Borrowed. */
const char *an_data_source_searched(const an_data_source *source);
/** The key by which an item is split for validation, and by which it is known in a pack. */
const char *an_data_source_split_key(const an_data_source *source, int64_t item);
/** Read and decode an item. On failure *out is empty. */
alexnet_status an_data_source_picture(const an_data_source *source, int64_t item, an_picture *out);
/** The same for a target. @param target  NULL: as it is */
alexnet_status an_data_source_picture_for(const an_data_source *source, int64_t item,
                                          const an_target *target, an_picture *out);

/** Read and stamp for items that are files, whose name is the path. */
alexnet_status an_file_item_read(const an_data_source *source, int64_t item, an_item_data *out);
int64_t an_file_item_stamp(const an_data_source *source, int64_t item, bool timed);
/** The timed stamp of an item that has this one without the time.
 *  @param written  when its file last was, in nanoseconds */
int64_t an_data_stamp_timed(int64_t stamp, int64_t written);

extern const an_data_kind an_folders_kind;
extern const an_data_kind an_tar_kind;
extern const an_data_kind an_list_kind;
extern const an_data_kind an_idx_kind;
extern const an_data_kind an_cifar_kind;
extern const an_data_kind an_lmdb_kind;

/**
 * A source of paths that a caller gives: files, whatever they are called, and all pictures in
 * folders, at any depth, and in archives. A missing file is an item too, and so is a folder below
 * one of these that cannot be read or, of several paths, a folder without pictures; reading it
 * fails.
 * @return ALEXNET_ERROR_FORMAT also if the only path is a folder without pictures
 */
alexnet_status an_data_source_files(an_data_source **out, alexnet_ctx *ctx,
                                    const char *const *paths, int64_t count);

#endif
