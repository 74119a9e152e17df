/*
 * The rows of a tuning, shared by reading (tuning_read.c) and looking up (tuning.c).
 */
#ifndef AN_BACKEND_TUNING_ROWS_H
#define AN_BACKEND_TUNING_ROWS_H

#include "backend/tuning.h"

enum { AN_UNSAID = -1 };

typedef struct an_tuning_entry {
    int line;
    char *isa, *processor, *library, *precision, *operator, * tail; /* owned; NULL: unsaid */
    int deterministic, training;                                    /* AN_UNSAID, 0 or 1 */
    int batch;                                                      /* AN_UNSAID, or >= 1 */
    char *word[AN_DIRECTIONS];                                      /* owned; NULL: unsaid */
    int word_line[AN_DIRECTIONS];
    an_variant variant[AN_DIRECTIONS]; /* named by the words, or AN_UNSAID */
} an_tuning_entry;

struct an_tuning {
    int count;
    an_tuning_entry *entries;
};

/** Free what an entry owns. */
void an_tuning_entry_free(an_tuning_entry *entry);
/** Whether `list` is a star or has `word` among its words. */
bool an_tuning_has_word(const char *list, const char *word);

#endif
