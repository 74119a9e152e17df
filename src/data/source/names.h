/*
 * Readable class names from a file of lines "identifier words", such as synset_words.txt.
 */
#ifndef AN_DATA_SOURCE_NAMES_H
#define AN_DATA_SOURCE_NAMES_H

#include <stdbool.h>

#include "alexnet/alexnet.h"

/**
 * Replace the names of the classes that the file knows; the others keep theirs. The first tab
 * of a line ends the identifier, or, without one, the first space. Blank lines are skipped; the
 * order of lines does not matter.
 * @param names  [count] owned strings
 * @param known  out, how many classes the file knows
 * @return ALEXNET_ERROR_FORMAT with file and line for a line without words, for one that is not
 *         UTF-8 text and for an identifier given twice
 */
alexnet_status an_names_read(char **names, char *const *ids, int count, const char *path,
                             int *known);

/**
 * The lines of such a file in order, as classes; their number at most AN_NAMES_MAX.
 * @param ids, names  out, owned lists of owned strings
 */
alexnet_status an_names_list(char ***ids, char ***names, int *count, const char *path);
enum { AN_NAMES_MAX = 100000 };

/**
 * Why a string cannot be a name: it must be UTF-8 without control characters, so that it can be
 * shown and stored.
 * @return the rest of a sentence, such as "has a tab in it"; NULL: it can be a name
 */
const char *an_text_fault(const char *text);

#endif
