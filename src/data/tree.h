/*
 * Folders as data sets see them: pictures by their endings, at any depth, hidden entries passed
 * over.
 */
#ifndef AN_DATA_TREE_H
#define AN_DATA_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

/** Endings of pictures' names, in lower case; any case is taken. The last is NULL. */
extern const char *const an_picture_endings[];

/** A growing list of strings, owned. */
typedef struct an_names {
    char **name;
    int64_t count, room;
} an_names;

/** Take a string over; NULL is taken as a failed allocation. On failure it is freed. */
alexnet_status an_names_add(an_names *names, char *name);
void an_names_sort(an_names *names); /* in byte order */
void an_names_free(an_names *names);

/** What stands directly in a folder. */
typedef struct an_folder {
    an_names folders; /* names, in byte order */
    int64_t pictures;
} an_folder;

alexnet_status an_folder_read(an_folder *out, const char *path);
void an_folder_free(an_folder *folder);
bool an_folder_has(const an_folder *folder, const char *name);

/**
 * Add the paths of all pictures below a folder of `root`: `path` and what lies below it, in byte
 * order. Links are followed, but not one that leads back to a folder it lies in, up to the root.
 */
alexnet_status an_tree_pictures(an_names *pictures, const char *root, const char *path);

#endif
