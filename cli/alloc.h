/*
 * Memory, strings and lists of strings: what every file of the command may use.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_ALLOC_H
#define CLI_ALLOC_H

#include <stddef.h>

#if defined(__GNUC__)
#define CLI_PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define CLI_PRINTF(at, first)
#endif

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/**
 * Memory for the command's own small data; cli_alloc() sets it to zero. If there is none left, the
 * program exits with code 1.
 */
void *cli_alloc(size_t size);
void *cli_realloc(void *block, size_t size);
char *cli_copy(const char *text);
/** A formatted string that the caller frees. */
char *cli_format(const char *format, ...) CLI_PRINTF(1, 2);

/** A growing list, which owns its strings. Starts as all zero. */
typedef struct string_list {
    char **items;
    size_t count, room;
} string_list;

/** Add a string, which the list then owns. */
void string_list_add(string_list *list, char *item);
void string_list_free(string_list *list);

#endif
