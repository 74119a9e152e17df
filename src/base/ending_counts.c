#include "base/ending_counts.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/files.h"

const char *an_ending_of(const char *file_name)
{
    const char *dot = strrchr(an_path_last(file_name), '.');
    return dot && dot[1] ? dot : "";
}

static void count_ending(an_endings *endings, const char *ending, int64_t count)
{
    static const char kinds[] = {'*', AN_ENDING_LINK, AN_ENDING_OTHER, AN_ENDING_IDX};
    enum { KINDS = sizeof kinds }; /* rows that are kept for what is no ending */
    const bool kind = *ending && memchr(kinds, *ending, KINDS);
    int i = 0;
    while (i < endings->rows && strcmp(endings->row[i].ending, ending) != 0)
        i++;
    if (i == endings->rows && i >= AN_ENDING_ROWS - KINDS && !kind) {
        count_ending(endings, "*", count);
        return;
    }
    if (i == endings->rows)
        memcpy(endings->row[endings->rows++].ending, ending, strlen(ending) + 1);
    endings->row[i].count += count;
    endings->total += count;
}

/* Whether a file is called like MNIST's: train-images-idx3-ubyte, t10k-labels.idx1-ubyte.gz. */
static bool is_idx(const char *file_name)
{
    const char *name = an_path_last(file_name);
    return strstr(name, "idx3-ubyte") || strstr(name, "idx1-ubyte");
}

void an_endings_add(an_endings *endings, const char *file_name)
{
    if (is_idx(file_name)) {
        an_endings_add_as(endings, AN_ENDING_IDX);
        return;
    }
    const char *ending = an_ending_of(file_name);
    char lower[sizeof endings->row[0].ending] = "*";
    size_t length = strlen(ending);
    /* Numbers, as those of frames, are no formats, and would take the rows of endings that are. */
    const bool number = length > 1 && strspn(ending + 1, "0123456789") == length - 1;
    bool plain = length < sizeof lower && !number;
    for (size_t i = 1; i < length && plain; i++)
        plain = isalnum((unsigned char)ending[i]) && (unsigned char)ending[i] < 0x80;
    for (size_t i = 0; i <= length && plain; i++)
        lower[i] = (char)(ending[i] >= 'A' && ending[i] <= 'Z' ? ending[i] + 'a' - 'A' : ending[i]);
    count_ending(endings, lower, 1);
}

void an_endings_add_as(an_endings *endings, char kind)
{
    count_ending(endings, (const char[]){kind, '\0'}, 1);
}

void an_endings_join(an_endings *endings, const an_endings *others)
{
    for (int i = 0; i < others->rows; i++)
        count_ending(endings, others->row[i].ending, others->row[i].count);
    endings->hidden += others->hidden;
}
