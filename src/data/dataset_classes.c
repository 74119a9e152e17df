/*
 * The classes of training and validation: that they are the same, and that they have pictures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/text.h"
#include "base/utf8.h"
#include "data/dataset.h"

/* ---- The same classes ---- */

/* The identifiers in byte order. The array is owned, its strings are not. */
static const char **sorted_ids(const alexnet_dataset *d)
{
    const char **ids = an_malloc(((size_t)d->classes + 1) * sizeof *ids);
    for (int c = 0; ids && c < d->classes; c++)
        ids[c] = d->class_ids[c];
    if (ids)
        qsort(ids, (size_t)d->classes, sizeof *ids, an_strings_compare);
    return ids;
}

/* The first of `ids` that is not in `others`, both in byte order; NULL: none. *missing: how many
 * are not. */
static const char *first_missing(const char **ids, int count, const char **others, int other_count,
                                 int *missing)
{
    const char *first = NULL;
    int j = 0;
    *missing = 0;
    for (int i = 0; i < count; i++) {
        while (j < other_count && strcmp(others[j], ids[i]) < 0)
            j++;
        if (j < other_count && strcmp(others[j], ids[i]) == 0)
            continue;
        if (!first)
            first = ids[i];
        ++*missing;
    }
    return first;
}

/* " (and 3 more) only in PATH" */
static void describe(char *out, size_t room, const char *id, int missing, const char *root)
{
    char name[160], more[32] = "";
    *out = '\0';
    if (missing > 1)
        snprintf(more, sizeof more, " and %d more", missing - 1);
    if (id)
        snprintf(out, room, "%s%s only in %s", an_text_spell(name, sizeof name, id), more, root);
}

static alexnet_status fail_classes(const alexnet_dataset *train, const alexnet_dataset *val,
                                   const char **ours, const char **theirs)
{
    int our_count, their_count;
    char left[512], right[512];
    const char *a = first_missing(ours, train->classes, theirs, val->classes, &our_count);
    const char *b = first_missing(theirs, val->classes, ours, train->classes, &their_count);
    describe(left, sizeof left, a, our_count, train->root);
    describe(right, sizeof right, b, their_count, val->root);
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "training and validation do not have the same classes (%d and %d): %s%s%s%s",
                   train->classes, val->classes, left, a && b ? ", " : "", right,
                   !a && !b ? "their order differs"
                   : a && b && an_utf8_compare_folded(a, b) == 0
                       ? "; capitals and the encoding of accents count"
                       : "");
}

/* Whether the classes of one data set are the first of another's. */
static bool are_first(const alexnet_dataset *val, const alexnet_dataset *train)
{
    bool same = val->classes <= train->classes;
    for (int c = 0; same && c < val->classes; c++)
        same = strcmp(train->class_ids[c], val->class_ids[c]) == 0;
    return same;
}

/* The validation set with all classes of the training set; its own are the first of these. */
static alexnet_status extend(alexnet_dataset **out, const alexnet_dataset *train,
                             const alexnet_dataset *val)
{
    AN_CHECK(an_dataset_new_like(out, train, val->source, val->count));
    alexnet_dataset *d = *out;
    for (int64_t i = 0; i < val->count; i++)
        d->samples[i] = val->samples[i];
    d->count = val->count;
    d->part = val->part;
    return ALEXNET_OK;
}

alexnet_status an_dataset_match_classes(alexnet_dataset **out, const alexnet_dataset *train,
                                        const alexnet_dataset *val)
{
    const bool first = are_first(val, train);
    *out = NULL;
    if (first && val->classes == train->classes) {
        *out = an_dataset_retain((alexnet_dataset *)val);
        return ALEXNET_OK;
    }
    if (first && val->source->numbered && train->source->numbered)
        return extend(out, train, val);
    const char **ours = sorted_ids(train), **theirs = sorted_ids(val);
    alexnet_status rc = ours && theirs ? fail_classes(train, val, ours, theirs)
                                       : AN_FAIL_MEMORY(train->classes * 8.0, "class names");
    an_free(ours);
    an_free(theirs);
    return rc;
}

/* ---- Classes without pictures ---- */

/* How many classes have no picture; *example: the first of them. @return -1 if out of memory */
static int count_absent(const alexnet_dataset *d, const char **example)
{
    int absent = 0;
    bool *seen = an_calloc((size_t)d->classes, sizeof *seen);
    if (!seen)
        return -1;
    for (int64_t i = 0; i < d->count; i++)
        if (d->samples[i].label >= 0)
            seen[d->samples[i].label] = true;
    for (int c = d->classes - 1; c >= 0; c--)
        if (!seen[c]) {
            absent++;
            *example = d->class_names[c];
        }
    an_free(seen);
    return absent;
}

static alexnet_status warn_absent(alexnet_ctx *ctx, const alexnet_dataset *d, const char *what,
                                  const char *remedy)
{
    const char *example = "";
    const int absent = count_absent(d, &example);
    if (absent < 0)
        return AN_FAIL_MEMORY((size_t)d->classes, "a list of classes");
    if (absent > 0)
        an_log(ctx, ALEXNET_LOG_WARNING, "%d of %d classes, such as \"%s\", %s no picture %s%s",
               absent, d->classes, example, an_text_plural(absent, "has", "have"), what,
               d->part.share > 0 ? remedy : "");
    return ALEXNET_OK;
}

alexnet_status an_dataset_warn_absent(alexnet_ctx *ctx, const alexnet_dataset *train,
                                      const alexnet_dataset *val)
{
    AN_CHECK(warn_absent(ctx, train, "to train on",
                         "; reduce the share for validation, or add pictures"));
    if (!val)
        return ALEXNET_OK;
    return warn_absent(ctx, val, "to validate with",
                       "; increase the share for validation, or add pictures");
}

/* ---- Samples without classes ---- */

alexnet_status an_dataset_check_labels(const alexnet_dataset *dataset)
{
    for (int64_t i = 0; i < dataset->count; i++)
        if (dataset->samples[i].label < 0)
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s has no label",
                           dataset->samples[i].name);
    return ALEXNET_OK;
}
