/*
 * Pictures that cannot be read are named one by one only while they are few: where a disk is gone,
 * all of them are bad.
 */
#ifndef AN_DATA_LOADER_BAD_PICTURES_H
#define AN_DATA_LOADER_BAD_PICTURES_H

#include <stdint.h>

#include "alexnet/alexnet.h"

/** So many are named before the rest is only counted. */
enum { AN_BAD_NAMED = 10 };

/**
 * Log a picture that cannot be read.
 * @param named  how many have been; 0 at first
 * @param list   a file that names all of them; NULL: none does
 */
void an_bad_picture_name(alexnet_ctx *ctx, int64_t *named, const char *error, const char *list);

#endif
