#include "api/options.h"

#include <string.h>

#include "base/status.h"

alexnet_status an_options_take(void *mine, size_t size, const void *theirs)
{
    size_t their_size;
    if (!theirs)
        return ALEXNET_OK;
    memcpy(&their_size, theirs, sizeof their_size);
    if (their_size < sizeof their_size || their_size > 4096 || their_size % _Alignof(size_t) != 0)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "an option struct has size = %zu; set it with its _INIT macro", their_size);
    memcpy(mine, theirs, their_size < size ? their_size : size);
    return ALEXNET_OK;
}
