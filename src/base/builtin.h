/*
 * Texts compiled into the library by cmake/EmbedTexts.cmake: nets/, recipes/, and the tuning.ini of
 * each backend that has one.
 */
#ifndef AN_BASE_BUILTIN_H
#define AN_BASE_BUILTIN_H

typedef struct an_builtin {
    const char *name; /* file name without its ending, or the backend's; NULL after the last */
    const char *text;
} an_builtin;

extern const an_builtin an_builtin_networks[];
extern const an_builtin an_builtin_recipes[];
extern const an_builtin an_builtin_tunings[];

#endif
