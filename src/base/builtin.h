/*
 * Texts compiled into the library from nets/ and recipes/ by cmake/EmbedTexts.cmake.
 */
#ifndef AN_BASE_BUILTIN_H
#define AN_BASE_BUILTIN_H

typedef struct an_builtin {
    const char *name; /* file name without its ending; NULL after the last */
    const char *text;
} an_builtin;

extern const an_builtin an_builtin_networks[];
extern const an_builtin an_builtin_recipes[];

#endif
