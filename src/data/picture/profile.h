/*
 * Colour profiles (ICC.1) in picture files. They are not applied to pixels; the examination of a
 * data set reports their names. A damaged profile counts as none.
 */
#ifndef AN_DATA_PICTURE_PROFILE_H
#define AN_DATA_PICTURE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

/** Larger profiles are cut off at this size; their name is in the part that is kept. */
enum { AN_PROFILE_MAX = 1 << 20 };

/** A profile's bytes, owned; none: NULL. */
typedef struct an_profile {
    uint8_t *bytes;
    size_t length;
} an_profile;

/**
 * The profile of a JPEG, PNG, WebP, TIFF, HEIC or AVIF file.
 * @return ALEXNET_ERROR_NO_MEMORY
 */
alexnet_status an_profile_find(an_profile *out, const void *bytes, size_t length);

enum { AN_PROFILE_NAME = 80 };
/**
 * The name that a profile gives itself, as UTF-8 without control characters; "without a name" if it
 * has none. @return false if the bytes are not a profile
 */
bool an_profile_name(char name[AN_PROFILE_NAME], const an_profile *profile);
/** Whether it is sRGB: by its name, or by its primaries and its tone curve. */
bool an_profile_is_srgb(const an_profile *profile);

#endif
