/*
 * Colour profiles (ICC.1) in picture files. They are not applied to pixels; what they are called is
 * told by the examination of a data set. A profile that is damaged is none.
 */
#ifndef AN_DATA_PROFILE_H
#define AN_DATA_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

/** Profiles beyond this are cut off here: what they are called stands before. */
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
 * What a profile calls itself, as UTF-8 without control characters; "without a name" if it does not
 * say. @return false for what is no profile
 */
bool an_profile_name(char name[AN_PROFILE_NAME], const an_profile *profile);
/** Whether it is sRGB: by its name, or by its primaries and its tone curve. */
bool an_profile_is_srgb(const an_profile *profile);

#endif
