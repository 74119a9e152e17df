#include "data/tar/tar_index.h"

#include <sys/stat.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"

alexnet_status an_tar_stamp_of(an_tar_stamp *out, const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return an_file_fail("open", path);
    if (!S_ISREG(info.st_mode))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "cannot read %s: it is not a file", path);
    *out = (an_tar_stamp){(uint64_t)info.st_size,
                          (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec};
    return ALEXNET_OK;
}

void an_tar_index_free(an_tar_index *index)
{
    an_free(index->pictures);
    an_free(index->names);
    an_strings_free(&index->folders);
    an_strings_free(&index->labels);
    *index = (an_tar_index){0};
}
