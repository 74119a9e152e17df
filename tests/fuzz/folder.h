/*
 * A folder of a fuzz target's own, in TMPDIR or /tmp, which is removed when the process ends.
 */
#ifndef FUZZ_FOLDER_H
#define FUZZ_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/require.h"

static char folder[256];

static inline int folder_remove_entry(const char *path, const struct stat *info, int kind,
                                      struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    return remove(path);
}

static inline void folder_remove(void)
{
    nftw(folder, folder_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/** Make it, once. */
static inline void folder_make(void)
{
    const char *where = getenv("TMPDIR");
    if (*folder)
        return;
    snprintf(folder, sizeof folder, "%s/alexnet-fuzz-XXXXXX", where && *where ? where : "/tmp");
    require(mkdtemp(folder) && atexit(folder_remove) == 0);
}

/** The path of a file in it; valid until the next call. */
static inline const char *folder_path(const char *name)
{
    static char path[320];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/** Write a file; without bytes (NULL) it is removed. */
static inline void folder_write(const char *name, const void *bytes, size_t length)
{
    const char *path = folder_path(name);
    unlink(path);
    if (!bytes)
        return;
    FILE *file = fopen(path, "wb");
    require(file && fwrite(bytes, 1, length, file) == length && fclose(file) == 0);
}

/** Read a file, a zero byte added; freed by the caller. NULL: there is none. */
static inline char *folder_read(const char *name, size_t *length)
{
    FILE *file = fopen(folder_path(name), "rb");
    if (!file)
        return NULL;
    require(fseek(file, 0, SEEK_END) == 0);
    *length = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*length + 1);
    require(bytes && fread(bytes, 1, *length, file) == *length && fclose(file) == 0);
    bytes[*length] = '\0';
    return bytes;
}

/** One of the texts in the input. Each ends at a zero byte, the last at the end of the input. */
typedef struct section {
    const char *at; /* NULL: there are no more */
    size_t length;
} section;

static inline section section_next(const uint8_t **at, const uint8_t *end, bool last)
{
    if (!*at)
        return (section){NULL, 0};
    const char *text = (const char *)*at;
    const size_t rest = (size_t)(end - *at), length = last || !rest ? rest : strnlen(text, rest);
    *at = length < rest ? *at + length + 1 : NULL;
    return (section){text, length};
}

#endif
