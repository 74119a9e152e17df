/*
 * Readable class names out of a file of lines "identifier words", such as synset_words.txt.
 */
#ifndef AN_DATA_NAMES_H
#define AN_DATA_NAMES_H

#include <stdbool.h>

#include "alexnet/alexnet.h"

/**
 * Replace the names of the classes that the file knows; the others keep theirs. The first space of
 * a line ends the identifier. Blank lines are passed over; the lines' order means nothing.
 * @param names  [count] owned strings
 * @param known  out, how many classes the file knows
 * @return ALEXNET_ERROR_FORMAT with file and line for a line without words, for one that is not
 *         UTF-8 text and for an identifier given twice
 */
alexnet_status an_names_read(char **names, char *const *ids, int count, const char *path,
                             int *known);

/** Whether a string is UTF-8 without control characters, so that it can be shown and stored. */
bool an_is_plain_text(const char *text);

#endif
