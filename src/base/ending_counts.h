/*
 * Files counted by the endings of their names, for a note on those that are not used.
 */
#ifndef AN_BASE_ENDING_COUNTS_H
#define AN_BASE_ENDING_COUNTS_H

#include <stdint.h>

/** How many files have an ending. */
typedef struct an_ending_count {
    char ending[12]; /* ".heic", in lower case; "": none; "*": numbers, and all without a row of
                        their own; or one of the characters below */
    int64_t count;
} an_ending_count;

/** Files counted by their endings. The endings met first have rows; the row "*" is for the rest. */
enum { AN_ENDING_ROWS = 24 };
typedef struct an_endings {
    int rows;
    an_ending_count row[AN_ENDING_ROWS];
    int64_t total;
    int64_t hidden; /* hidden files and folders that were skipped; in no row and not in the total */
} an_endings;

void an_endings_add(an_endings *endings, const char *file_name);
/** Count a file as what it is, whatever its name ends in. */
void an_endings_add_as(an_endings *endings, char kind);
enum {
    AN_ENDING_LINK = '@',
    AN_ENDING_OTHER = '+', /* a picture of a key that has another, which is used */
    AN_ENDING_IDX = '#',   /* a file of MNIST's, of which only their folder is a data set */
};
void an_endings_join(an_endings *endings, const an_endings *others);
/** The ending of a file's name, from its last dot on; "" if there is none. Borrowed. */
const char *an_ending_of(const char *file_name);

#endif
