/*
 * All files below a folder.
 *
 * Hidden entries (an_is_hidden()) are ignored. Links are followed, except to a
 * folder above the one that they are in, whose other contents were not asked for. Each folder
 * is read once, however many links lead to it, so the work is bounded by the number of folders.
 */
#ifndef AN_BASE_WALK_H
#define AN_BASE_WALK_H

#include <sys/types.h>

#include "base/ending_counts.h"
#include "base/folder.h"

/** Greatest depth of nested folders; a deeper folder is an error that names it. */
enum { AN_WALK_DEPTH_MAX = 64 };

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
