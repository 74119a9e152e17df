/*
 * Compressed files, and archives that are not read, by their first bytes.
 */
#ifndef AN_BASE_COMPRESSED_H
#define AN_BASE_COMPRESSED_H

#include <stdbool.h>
#include <stddef.h>

/** Enough of a file's first bytes for the functions below. */
enum { AN_COMPRESSED_HEAD = 512 };

typedef struct an_compressed {
    const char *magic;
    size_t length;
    const char *tool; /* the program that unpacks it */
    bool archive;     /* of files; else it is one file, such as a tar archive */
} an_compressed;

/** What bytes begin like; NULL: none of these. */
const an_compressed *an_compressed_of(const void *bytes, size_t length);
/** Whether bytes begin like a tar archive of POSIX or GNU. */
bool an_is_tar(const void *bytes, size_t length);

#endif
