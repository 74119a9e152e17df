#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "model/export/export.h"

/* Whether a file has these bytes. One of more than 1 MiB is none of those that are asked about. */
static alexnet_status contains(const char *path, const char *mark, bool *yes)
{
    unsigned char *bytes;
    size_t length;
    const alexnet_status rc = an_file_read(path, 1 << 20, &bytes, &length);
    *yes = rc == ALEXNET_OK && memmem(bytes, length, mark, strlen(mark));
    if (rc == ALEXNET_OK)
        an_free(bytes);
    return rc == ALEXNET_ERROR_UNSUPPORTED ? ALEXNET_OK : rc;
}

alexnet_status an_export_check_beside(const char *path, const char *mark)
{
    bool there, ours = false;
    AN_CHECK(an_file_check_own(path, true));
    AN_CHECK(an_file_exists(path, &there));
    if (there && mark)
        AN_CHECK(contains(path, mark, &ours));
    return !there || ours ? ALEXNET_OK
                          : AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                                    "%s exists, and is not from this program; move it, or choose "
                                    "another name for the model",
                                    path);
}
