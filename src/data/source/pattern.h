/*
 * Patterns of names. `{000..146}` stands for a range of numbers, with leading zeros if the first
 * one has them, and `{a,b}` for each of its words.
 */
#ifndef AN_DATA_SOURCE_PATTERN_H
#define AN_DATA_SOURCE_PATTERN_H

#include <stdbool.h>

#include "base/strings.h"

/** Whether a name has a pattern in it. */
bool an_is_pattern(const char *path);
/** List all texts that a pattern stands for. @return ALEXNET_ERROR_INVALID_ARGUMENT */
alexnet_status an_pattern_expand(an_strings *out, const char *pattern);

#endif
