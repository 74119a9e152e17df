/*
 * Directory traversal: the entries of a folder, and all files below it.
 *
 * Hidden entries (an_is_hidden()) are ignored. Links are followed, except to a
 * folder above the one that they are in, whose other contents were not asked for. Each folder
 * is read once, however many links lead to it, so the work is bounded by the number of folders.
 */
#ifndef AN_BASE_WALK_H
#define AN_BASE_WALK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strings.h"
#include "base/work.h"

/** Greatest depth of nested folders; a deeper folder is an error that names it. */
enum { AN_WALK_DEPTH_MAX = 64 };

/**
 * Whether the entry of a folder is hidden: its name begins with a dot, or systems keep things of
 * their own in folders of that name, such as a thumbnail of each picture.
 * @param name  `length` bytes
 */
bool an_is_hidden(const char *name, size_t length);

/** The entries of a folder: names in byte order. */
typedef struct an_folder {
    an_strings folders; /* folders and links to folders */
    an_strings files;   /* everything else, even broken links and devices, which fail when read */
    int64_t hidden;     /* hidden entries, which are in neither list */
} an_folder;

/** @return ALEXNET_ERROR_IO; ALEXNET_ERROR_CANCELLED by the context, which may be NULL */
alexnet_status an_folder_read(an_folder *out, alexnet_ctx *ctx, const char *path);
void an_folder_free(an_folder *folder);
/**
 * Whether a folder has an entry whose name is `like` something, hidden or not. Only names are read,
 * up to the first of these: on some disks it takes far longer to ask what each entry is.
 * @return as an_folder_read()
 */
alexnet_status an_folder_has(alexnet_ctx *ctx, const char *path, bool (*like)(const char *name),
                             bool *yes);
/** The names of the hidden folders in a folder, which an_folder_read() omits; in byte order. */
alexnet_status an_folder_hidden(an_strings *names, an_work *work, const char *path);
/** Begin to count the files that are met. @param ctx  may be NULL */
an_work an_walk_work(alexnet_ctx *ctx);

/** How many files have an ending. */
typedef struct an_ending_count {
    char ending[12]; /* ".heic", in lower case; "": none; "*": all without a row of their own; or
                        one of the characters below */
    int64_t count;
} an_ending_count;

/** Files counted by their endings. The endings met first have rows; the row "*" is for the rest. */
enum { AN_ENDING_ROWS = 24 };
typedef struct an_endings {
    int rows;
    an_ending_count row[AN_ENDING_ROWS];
    int64_t total;
    int64_t hidden; /* hidden files and folders that were skipped; in no row and not in the total */
} an_endings;

void an_endings_add(an_endings *endings, const char *file_name);
/** Count a member of an archive that is called like a picture, as what it is. */
void an_endings_add_as(an_endings *endings, char kind);
enum {
    AN_ENDING_LINK = '@',
    AN_ENDING_OTHER = '+', /* a picture of a key that has another, which is used */
};
void an_endings_join(an_endings *endings, const an_endings *others);
/** The ending of a file's name, from its last dot on; "" if there is none. Borrowed. */
const char *an_ending_of(const char *file_name);

/** A folder that a walk has read, or that is reserved. */
typedef struct an_seen_folder {
    dev_t device;
    ino_t inode;
    int64_t walk; /* the number of the walk that has read it, or AN_WALK_RESERVED */
} an_seen_folder;
enum { AN_WALK_RESERVED = -1 };

/** Several walks that share a table of folders read. Starts as {.takes = ...}, all else zero. */
typedef struct an_walk {
    bool (*takes)(const char *file_name);
    an_strings files;    /* paths of the files taken by the latest walk, in byte order */
    an_endings left_out; /* files that it did not take */
    an_strings folders; /* names of the folders directly in the one where it began, in byte order */
    int64_t direct;     /* files taken that are directly in that folder */
    an_strings upward;  /* links not followed because they lead to a folder above them */
    an_strings lost;    /* links that lead nowhere and are not called like a file to be taken */
    bool tolerant;      /* folders that cannot be read are listed here and are not errors: */
    an_strings unreadable, reasons; /* their paths, and of each the text of the error */
    const char *root; /* links above this folder are not followed either; NULL: none. Borrowed */
    int64_t walks;    /* begun so far */
    an_work *work;    /* counts the files met, and can be cancelled; NULL: none. Borrowed */
    an_seen_folder *seen; /* a hash table; `walk` 0: an empty place */
    size_t seen_count, seen_room;
} an_walk;

/**
 * Reserve a folder for the walk that begins in it: no other walk enters it.
 * @param first  out, false if it is already reserved, perhaps under another path
 */
alexnet_status an_walk_reserve(an_walk *walk, const char *folder, bool *first);
/**
 * Find all files below a folder. A folder that can be reached by its own path and by a link is read
 * by its own path.
 * @return ALEXNET_ERROR_IO, ALEXNET_ERROR_UNSUPPORTED (too deep), with the folder's path;
 *         ALEXNET_ERROR_CANCELLED
 */
alexnet_status an_walk_below(an_walk *walk, const char *folder);
void an_walk_free(an_walk *walk);

#endif
