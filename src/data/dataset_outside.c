/*
 * Checks output folders: one inside a data set of class folders would become part of it, or make it
 * invalid, the next time the data set is opened.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "data/dataset.h"

/* The real path of a folder or, if it does not exist yet, of the nearest folder above it that does;
 * NULL with errno. Free it with free(). */
static char *real_folder(const char *path)
{
    char *cut = an_strdup(path), *real = NULL;
    errno = ENOMEM;
    while (cut && !(real = realpath(*cut ? cut : ".", NULL)) && errno != ENOMEM && *cut) {
        char *slash = strrchr(cut, '/');
        *(slash ? slash + (slash == cut && slash[1]) : cut) = '\0';
    }
    const int reason = errno;
    an_free(cut);
    errno = reason;
    return real;
}

alexnet_status an_dataset_check_outside(const alexnet_dataset *dataset, const char *folder)
{
    const char *root = dataset->root;
    if (dataset->source->kind != &an_folders_kind) /* others ignore folders below their root */
        return ALEXNET_OK;
    char *real = real_folder(folder);
    if (!real && errno == ENOMEM)
        return AN_FAIL_MEMORY(strlen(folder), "a path");
    if (!real)
        return an_file_fail("find", folder);
    const bool inside = an_path_is_within(real, root);
    free(real); /* allocated by realpath() */
    return inside ? AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                            "%s is inside the data set %s; name a folder outside it", folder, root)
                  : ALEXNET_OK;
}
