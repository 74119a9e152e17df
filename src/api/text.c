#include "base/text.h"

#include <stddef.h>

#include "alexnet/alexnet.h"

static const char *word_at(void *user, int i)
{
    return ((const char *const *)user)[i];
}

const char *alexnet_word_nearest(const char *word, const char *const *words, int count)
{
    if (!word || !words)
        return NULL;
    return an_text_nearest(word, count, word_at, (void *)words);
}
