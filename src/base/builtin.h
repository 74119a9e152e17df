/*
 * Texts compiled into the library by cmake/EmbedTexts.cmake: nets/, recipes/, classes/, and the
 * tuning.ini of each backend that has one. Tables end with a row whose name is NULL.
 */
#ifndef AN_BASE_BUILTIN_H
#define AN_BASE_BUILTIN_H

#include "alexnet/alexnet.h"

extern const alexnet_builtin an_builtin_networks[];
extern const alexnet_builtin an_builtin_recipes[];
extern const alexnet_builtin an_builtin_tunings[]; /* each named after its backend */
extern const alexnet_builtin an_builtin_classes[]; /* "imagenet": lines "identifier words" */

/** Row `index` of a table, or NULL if there is none. */
const alexnet_builtin *an_builtin_get(const alexnet_builtin *table, int index);
/** The row of this name, or NULL if there is none. */
const alexnet_builtin *an_builtin_find(const alexnet_builtin *table, const char *name);
/** ALEXNET_ERROR_INVALID_ARGUMENT for what is neither a name in the table nor a file, with the name
 * that may be meant. @param what  "network" */
alexnet_status an_builtin_fail(const alexnet_builtin *table, const char *what, const char *name);

#endif
