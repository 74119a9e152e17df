/*
 * Folders that are to be written: one within a data set of folders would be part of it, or break
 * it, when it is opened next.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "data/dataset.h"

/* The real path of a folder or, where it is not there yet, of the nearest above it that is; NULL
 * with errno. To be freed by free(). */
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
    if (dataset->source->kind != &an_folders_kind) /* what is below counts for nothing there */
        return ALEXNET_OK;
    char *real = real_folder(folder);
    if (!real && errno == ENOMEM)
        return AN_FAIL_MEMORY(strlen(folder), "a path");
    if (!real)
        return an_file_fail("find", folder);
    const bool inside = an_path_is_within(real, root);
    free(real); /* realpath's own */
    return inside ? AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                            "%s lies in the data set %s; name a folder outside", folder, root)
                  : ALEXNET_OK;
}
