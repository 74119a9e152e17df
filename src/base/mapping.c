#include "base/mapping.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/files_private.h"
#include "base/status.h"

alexnet_status an_mapping_open(an_mapping *out, const char *path)
{
    int fd;
    uint64_t size;
    *out = (an_mapping){0};
    AN_CHECK(an_file_open(path, &fd, &size));
    void *bytes = size ? mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0) : NULL;
    alexnet_status rc = bytes == MAP_FAILED ? an_file_fail("map", path) : ALEXNET_OK;
    close(fd);
    if (rc == ALEXNET_OK)
        *out = (an_mapping){bytes, (size_t)size};
    return rc;
}

void an_mapping_close(an_mapping *mapping)
{
    if (mapping->bytes)
        munmap((void *)mapping->bytes, mapping->length);
    *mapping = (an_mapping){0};
}
