/*
 * Any bytes as a picture file that may have a colour profile, and as a profile itself: names are
 * UTF-8, and no longer than they may be.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "data/picture/facts.h"
#include "data/picture/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void try_profile(const an_profile *profile)
{
    char name[AN_PROFILE_NAME];
    const bool is_profile = an_profile_name(name, profile);
    if (an_profile_is_srgb(profile) && !is_profile)
        abort();
    if (!is_profile)
        return;
    if (strnlen(name, sizeof name) == sizeof name || !*name || !an_is_utf8(name))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    an_profile profile;
    an_misnamed("a.jpg", bytes, length);
    an_is_cmyk(bytes, length);
    if (an_profile_find(&profile, bytes, length))
        return 0;
    if (profile.length > AN_PROFILE_MAX || (!profile.bytes && profile.length))
        abort();
    try_profile(&profile);
    an_free(profile.bytes);
    profile = (an_profile){(uint8_t *)bytes, length};
    try_profile(&profile);
    return 0;
}
