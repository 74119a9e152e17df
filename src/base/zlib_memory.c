#include "base/zlib_memory.h"

#include "base/alloc.h"

void *an_zlib_alloc(void *user, unsigned count, unsigned bytes)
{
    (void)user;
    return an_calloc(count, bytes);
}

void an_zlib_free(void *user, void *block)
{
    (void)user;
    an_free(block);
}
