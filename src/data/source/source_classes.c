/* Shared by the kinds whose labels are numbers. */
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "data/source/source.h"

alexnet_status an_data_source_number(an_data_source *source, int largest)
{
    source->numbered = true;
    for (int c = 0; c <= largest; c++)
        AN_CHECK(an_strings_add(&source->classes, an_format("%d", c)));
    return ALEXNET_OK;
}

alexnet_status an_data_source_doubt(an_data_source *source, char *text)
{
    char *both = text && source->doubt ? an_format("%s; %s", source->doubt, text) : NULL;
    if (!text || (source->doubt && !both)) {
        an_free(text);
        return AN_FAIL_MEMORY(strlen(source->root), "a text");
    }
    if (both) {
        an_free(source->doubt);
        an_free(text);
    }
    source->doubt = both ? both : text;
    return ALEXNET_OK;
}

alexnet_status an_data_source_note_holes(an_data_source *source)
{
    const int64_t classes = source->classes.count;
    int64_t holes = 0, first = 0;
    if (source->examined) /* the examination reports each of them */
        return ALEXNET_OK;
    bool *taken = an_calloc((size_t)classes + 1, sizeof *taken);
    if (!taken)
        return AN_FAIL_MEMORY((size_t)classes, "classes");
    for (int64_t i = 0; i < source->count; i++)
        taken[source->items[i].class] = true;
    for (int64_t c = classes - 1; c >= 0; c--)
        if (!taken[c]) {
            holes++;
            first = c;
        }
    an_free(taken);
    if (holes == 0)
        return ALEXNET_OK;
    return an_data_source_doubt(
        source, an_format("%lld of the %lld classes of %s %s no pictures; the first is %s%s",
                          (long long)holes, (long long)classes, source->root,
                          an_text_plural(holes, "has", "have"), source->classes.at[first],
                          source->numbered && first == 0 ? " (labels are counted from 0)" : ""));
}
