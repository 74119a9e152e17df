/*
 * The entries of one folder. Hidden ones (an_is_hidden()) are ignored.
 */
#ifndef AN_BASE_FOLDER_H
#define AN_BASE_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strings.h"
#include "base/work.h"

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

/** What an entry is. */
typedef enum an_entry_kind {
    AN_ENTRY_FILE,
    AN_ENTRY_FOLDER,
    AN_ENTRY_LINKED_FOLDER,
    AN_ENTRY_LOST, /* a link to what is not there, or what the file system cannot tell about */
    AN_ENTRY_KINDS
} an_entry_kind;

/** Which entries of a folder are read, into a list for each kind. Lists may be the same, or NULL.
 */
typedef struct an_wanted {
    bool hidden; /* these, else those that are not hidden */
    an_strings *lists[AN_ENTRY_KINDS];
    int64_t others; /* the number of other entries is added to this */
} an_wanted;

/** Read a folder, in the order of the disk. @param work  counts files; NULL allowed
 *  @return as an_folder_read(), with the folder's path */
alexnet_status an_folder_list(an_work *work, const char *path, an_wanted *wanted);

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

#endif
