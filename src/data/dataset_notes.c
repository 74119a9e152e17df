#include "data/dataset_notes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/text.h"
#include "base/utf8.h"
#include "data/picture/endings.h"

/* ---- Files ---- */

static void note_left_out(alexnet_ctx *ctx, const an_data_source *source)
{
    char counts[256], remedy[256], names[128], worst[256] = "";
    const char *help = an_endings_remedy(remedy, sizeof remedy, &source->left_out);
    if (source->worst.left_out > source->worst.items)
        snprintf(worst, sizeof worst, "; of class %.100s %lld are read and %lld are not",
                 source->classes.at[source->worst.class], (long long)source->worst.items,
                 (long long)source->worst.left_out);
    an_log(ctx, help ? ALEXNET_LOG_WARNING : ALEXNET_LOG_INFO,
           "left out %s of %s: pictures are the %s files%s%s%s",
           an_endings_text(counts, sizeof counts, &source->left_out),
           an_data_source_searched(source), an_picture_endings_text(names, sizeof names), worst,
           help ? "; " : "", help ? help : "");
}

/* Pictures by their endings, if there are several: a class whose files were renamed or exported in
 * another format is then known to be read. */
static void note_endings(alexnet_ctx *ctx, const an_data_source *source)
{
    an_endings taken = {0};
    char counts[256];
    for (int64_t i = 0; i < source->count; i++)
        if (an_has_picture_ending(source->items[i].name))
            an_endings_add(&taken, source->items[i].name);
    if (taken.rows > 1)
        an_log(ctx, ALEXNET_LOG_INFO, "pictures of %s: %s", source->root,
               an_endings_text(counts, sizeof counts, &taken));
}

void an_note_files(alexnet_ctx *ctx, const alexnet_dataset *dataset)
{
    const an_data_source *source = dataset->source;
    note_endings(ctx, source);
    if (source->left_out.total > 0)
        note_left_out(ctx, source);
    if (source->loose > 0)
        an_log(ctx, ALEXNET_LOG_WARNING,
               "left out %lld %s of %s without a class: in no class folder, and without a label",
               (long long)source->loose, an_text_plural(source->loose, "picture", "pictures"),
               source->root);
}

/* ---- Classes ---- */

static int compare_cases(const void *a, const void *b)
{
    return an_utf8_compare_folded(*(char *const *)a, *(char *const *)b);
}

typedef int (*comparison)(const void *, const void *);

/* Sort `texts` and count those equal to the one before; *example: the index of the first of
 * these. */
static int count_equal(const char **texts, int count, comparison compare, int *example)
{
    int equal = 0;
    qsort(texts, (size_t)count, sizeof *texts, compare);
    for (int i = 1; i < count; i++)
        if (compare(&texts[i - 1], &texts[i]) == 0 && equal++ == 0)
            *example = i;
    return equal;
}

alexnet_status an_note_classes(alexnet_ctx *ctx, const alexnet_dataset *dataset)
{
    size_t bytes = (size_t)dataset->classes * sizeof(char *);
    char names[2][160];
    const char **texts = an_malloc(bytes ? bytes : 1);
    int i = 0;
    if (!texts)
        return AN_FAIL_MEMORY(bytes, "class names");
    for (int c = 0; c < dataset->classes; c++)
        texts[c] = dataset->class_ids[c];
    if (count_equal(texts, dataset->classes, compare_cases, &i) > 0)
        an_log(ctx, ALEXNET_LOG_WARNING,
               "the classes %s and %s of %s differ only in capitals or in the encoding of accents; "
               "they count as two classes",
               an_text_spell(names[0], sizeof names[0], texts[i - 1]),
               an_text_spell(names[1], sizeof names[1], texts[i]), dataset->root);
    for (int c = 0; c < dataset->classes; c++)
        texts[c] = dataset->class_names[c];
    int shared = count_equal(texts, dataset->classes, an_strings_compare, &i);
    if (shared > 0)
        an_log(ctx, ALEXNET_LOG_WARNING,
               "%d %s the readable name of another, such as \"%s\": reports cannot tell them apart",
               shared, an_text_plural(shared, "class has", "classes have"), texts[i]);
    an_free(texts);
    return ALEXNET_OK;
}

void an_note_strangers(alexnet_ctx *ctx, const alexnet_dataset *dataset, const char *names_file)
{
    enum { SHOWN = 3 };
    char classes[256] = "";
    for (int i = 0; i < dataset->classes && i < SHOWN; i++)
        an_text_add(classes, sizeof classes, "%s%s", i ? ", " : "", dataset->class_ids[i]);
    an_log(ctx, ALEXNET_LOG_WARNING,
           "no line of %s names a class: a line is an identifier, a space or tab, and words, such "
           "as \"%s some words\", and the identifiers of the %d classes are %s%s",
           names_file, dataset->class_ids[0], dataset->classes, classes,
           dataset->classes > SHOWN ? ", ..." : "");
}

static const char *id_at(void *user, int index)
{
    return ((char *const *)user)[index];
}

const char *an_class_like(const char *id, int count, char *const *ids)
{
    for (int i = 0; i < count; i++)
        if (an_utf8_compare_folded(ids[i], id) == 0)
            return ids[i];
    return an_text_nearest(id, count, id_at, (void *)ids);
}
