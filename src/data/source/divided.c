#include "data/source/divided.h"

#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"

static an_part_name part_of(const char *name)
{
    return strcmp(name, "train") == 0 ? AN_PART_TRAIN
           : strcmp(name, "val") == 0 ? AN_PART_VAL
                                      : AN_PART_WHOLE;
}

alexnet_status an_divided_path(char **folder, an_part_name *part, const char *path)
{
    struct stat info;
    const size_t above = an_path_folder(path);
    *folder = NULL;
    *part = AN_PART_WHOLE;
    if (stat(path, &info) == 0) {
        if (!S_ISDIR(info.st_mode))
            return ALEXNET_OK;
        *folder = an_strdup(path);
    } else {
        *part = part_of(path + above);
        if (*part == AN_PART_WHOLE)
            return ALEXNET_OK;
        *folder = above ? an_strndup(path, above) : an_strdup(".");
    }
    return *folder ? ALEXNET_OK : AN_FAIL_MEMORY(strlen(path), "a path");
}

const char *an_part_word(an_part_name part)
{
    return part == AN_PART_TRAIN ? "train" : "val";
}

alexnet_status an_divided_fail(const char *path)
{
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "%s holds the parts train and val; open %s/train or %s/val", path, path, path);
}
