/*
 * Pictures of noise, the same as a script in tools/ draws, and the hash of pixels that golden files
 * hold (64-bit FNV-1a of Fowler, Noll and Vo).
 */
#ifndef TESTS_UNIT_NOISE_H
#define TESTS_UNIT_NOISE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "data/picture/picture.h"

static inline uint64_t fnv(const uint8_t *bytes, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

/** The caller frees its pixels with free(). */
static inline an_picture noise(int width, int height)
{
    size_t count = (size_t)width * (size_t)height * 3;
    an_picture picture = {width, height, malloc(count)};
    assert_non_null(picture.rgb);
    for (size_t i = 0; i < count; i++)
        picture.rgb[i] = (uint8_t)(an_random(1, AN_PURPOSE_TEST, 0, i / 4, 0).v[i % 4] >> 24);
    return picture;
}

#endif
