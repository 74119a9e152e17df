#include "data/dataset.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/utf8.h"
#include "data/dataset_notes.h"
#include "data/source/names.h"

static alexnet_status allocate(alexnet_dataset **out, an_data_source *source, int classes)
{
    alexnet_dataset *d = an_calloc(1, sizeof *d);
    *out = d;
    if (!d)
        return AN_FAIL_MEMORY(sizeof *d, "a data set");
    atomic_init(&d->references, 1);
    d->source = an_data_source_retain(source);
    d->root = source->root;
    d->classes = classes;
    d->class_ids = an_calloc((size_t)classes, sizeof *d->class_ids);
    d->class_names = an_calloc((size_t)classes, sizeof *d->class_names);
    if (d->class_ids && d->class_names)
        return ALEXNET_OK;
    an_dataset_release(d);
    *out = NULL;
    return AN_FAIL_MEMORY((size_t)classes * 2 * sizeof(char *), "a data set");
}

static alexnet_status set_class(alexnet_dataset *dataset, int index, const char *id,
                                const char *name)
{
    dataset->class_ids[index] = an_strdup(id);
    dataset->class_names[index] = an_strdup(name);
    if (!dataset->class_ids[index] || !dataset->class_names[index])
        return AN_FAIL_MEMORY(strlen(id) + strlen(name), "a class name");
    return ALEXNET_OK;
}

alexnet_dataset *an_dataset_retain(alexnet_dataset *dataset)
{
    atomic_fetch_add(&dataset->references, 1);
    return dataset;
}

void an_dataset_release(alexnet_dataset *dataset)
{
    if (!dataset || atomic_fetch_sub(&dataset->references, 1) != 1)
        return;
    for (int c = 0; c < dataset->classes; c++) {
        if (dataset->class_ids)
            an_free(dataset->class_ids[c]);
        if (dataset->class_names)
            an_free(dataset->class_names[c]);
    }
    an_free(dataset->samples);
    an_free(dataset->class_ids);
    an_free(dataset->class_names);
    an_data_source_release(dataset->source);
    an_free(dataset);
}

/* Take the classes from a list or, without one, from the source. */
static alexnet_status make_classes(alexnet_dataset *dataset, const an_class_list *list)
{
    for (int c = 0; c < dataset->classes; c++) {
        const char *id = list ? list->ids[c] : dataset->source->classes.at[c];
        const char *fault = list ? NULL : an_text_fault(id);
        if (fault)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "the name of the class %s of %s %s; rename it", id,
                           dataset->root, fault);
        AN_CHECK(set_class(dataset, c, id, list ? list->names[c] : id));
    }
    return ALEXNET_OK;
}

/* Make room for samples. One more than are needed: there may be none. */
static alexnet_status make_room(alexnet_dataset *dataset, int64_t samples)
{
    dataset->samples = an_calloc((size_t)samples + 1, sizeof *dataset->samples);
    return dataset->samples
               ? ALEXNET_OK
               : AN_FAIL_MEMORY((size_t)samples * sizeof *dataset->samples, "a list of pictures");
}

alexnet_status an_dataset_new_like(alexnet_dataset **out, const alexnet_dataset *like,
                                   an_data_source *source, int64_t count)
{
    const an_class_list list = {like->classes, (const char *const *)like->class_ids,
                                (const char *const *)like->class_names};
    alexnet_status rc = allocate(out, source, list.count);
    if (rc == ALEXNET_OK)
        rc = make_classes(*out, &list);
    if (rc == ALEXNET_OK)
        rc = make_room(*out, count);
    if (rc != ALEXNET_OK) {
        an_dataset_release(*out);
        *out = NULL;
    }
    return rc;
}

/* ---- Labels ---- */

typedef struct numbered {
    const char *id;
    int index;
} numbered;

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const numbered *)a)->id, ((const numbered *)b)->id);
}

/* Whether the source's classes are numbers that the list has names for: no class of the list may be
 * called like one of the source. Then number k is class k of the list. */
static bool goes_by_number(const alexnet_dataset *dataset, const numbered *sorted)
{
    const an_strings *theirs = &dataset->source->classes;
    if (!dataset->source->numbered || theirs->count > dataset->classes)
        return false;
    for (int64_t i = 0; i < theirs->count; i++) {
        const numbered wanted = {.id = theirs->at[i]};
        if (bsearch(&wanted, sorted, (size_t)dataset->classes, sizeof *sorted, compare_ids))
            return false;
    }
    return true;
}

static alexnet_status fail_stranger(const alexnet_dataset *dataset, const char *id)
{
    if (dataset->source->numbered && dataset->source->classes.count > dataset->classes)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "the labels of %s are numbers up to %lld, but the model's %d classes, which "
                       "begin with \"%s\", are counted from 0",
                       dataset->root, (long long)dataset->source->classes.count - 1,
                       dataset->classes, dataset->classes > 0 ? dataset->class_ids[0] : "");
    char name[160], other[160];
    const char *like = an_class_like(id, dataset->classes, dataset->class_ids);
    const char *shown = like ? like : dataset->classes > 0 ? dataset->class_ids[0] : "";
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "the class %s of %s is not one of the model's %d classes, %s %s%s",
                   an_text_spell(name, sizeof name, id), dataset->root, dataset->classes,
                   like ? "of which the most similar is" : "which begin with",
                   an_text_spell(other, sizeof other, shown),
                   like ? ""
                        : "; `alexnet_trainer_new()` with `init_from` makes a model with other "
                          "classes from this one");
}

/* Labels that are taken by number are perhaps counted from 1, which nothing else would show. */
static void note_numbers(alexnet_ctx *ctx, const alexnet_dataset *dataset)
{
    const an_data_source *source = dataset->source;
    int smallest = INT_MAX;
    for (int64_t i = 0; i < source->count; i++)
        smallest = source->items[i].class < smallest ? source->items[i].class : smallest;
    if (smallest == 1)
        an_log(
            ctx, ALEXNET_LOG_WARNING,
            "the smallest label of %s is 1, and labels are counted from 0: 1 is taken for \"%s\"",
            dataset->root, dataset->class_ids[1]);
}

/* Map each class of the source to its number in the data set. */
static alexnet_status map_classes(int *labels, alexnet_ctx *ctx, const alexnet_dataset *dataset)
{
    const an_strings *theirs = &dataset->source->classes;
    numbered *sorted = an_calloc((size_t)dataset->classes, sizeof *sorted);
    if (!sorted)
        return AN_FAIL_MEMORY((size_t)dataset->classes * sizeof *sorted, "classes");
    alexnet_status rc = ALEXNET_OK;
    for (int c = 0; c < dataset->classes; c++)
        sorted[c] = (numbered){dataset->class_ids[c], c};
    qsort(sorted, (size_t)dataset->classes, sizeof *sorted, compare_ids);
    const bool by_number = goes_by_number(dataset, sorted);
    if (by_number)
        note_numbers(ctx, dataset);
    for (int64_t i = 0; i < theirs->count && rc == ALEXNET_OK; i++) {
        numbered wanted = {.id = theirs->at[i]};
        const numbered *found =
            bsearch(&wanted, sorted, (size_t)dataset->classes, sizeof *sorted, compare_ids);
        if (found || by_number)
            labels[i] = found ? found->index : (int)i;
        else
            rc = fail_stranger(dataset, wanted.id);
    }
    an_free(sorted);
    return rc;
}

static alexnet_status make_samples(alexnet_dataset *dataset, alexnet_ctx *ctx)
{
    const an_data_source *source = dataset->source;
    alexnet_status rc;
    int *labels = an_calloc((size_t)source->classes.count + 1, sizeof *labels);
    if (!labels) {
        rc = AN_FAIL_MEMORY((size_t)source->classes.count * sizeof *labels, "classes");
        goto cleanup;
    }
    AN_TRY(make_room(dataset, source->count));
    AN_TRY(map_classes(labels, ctx, dataset));
    for (int64_t i = 0; i < source->count; i++) {
        int class = source->items[i].class;
        dataset->samples[i] = (an_sample){i, class < 0 ? -1 : labels[class], source->items[i].name};
    }
    dataset->count = source->count;
cleanup:
    an_free(labels);
    return rc;
}

/* ---- Opening ---- */

static alexnet_status fill(alexnet_dataset *dataset, alexnet_ctx *ctx, const char *names_file,
                           const an_class_list *classes)
{
    int named = 0;
    AN_CHECK(make_classes(dataset, classes));
    if (names_file)
        AN_CHECK(an_names_read(dataset->class_names, dataset->class_ids, dataset->classes,
                               names_file, &named));
    AN_CHECK(make_samples(dataset, ctx));
    an_note_files(ctx, dataset);
    if (!classes)
        AN_CHECK(an_note_classes(ctx, dataset));
    if (dataset->source->doubt)
        an_log(ctx, ALEXNET_LOG_WARNING, "%s", dataset->source->doubt);
    if (names_file && named == 0 && dataset->classes > 0)
        an_note_strangers(ctx, dataset, names_file);
    return ALEXNET_OK;
}

alexnet_status an_dataset_new(alexnet_dataset **out, alexnet_ctx *ctx, an_data_source *source,
                              const char *names_file, const an_class_list *classes)
{
    int count = classes ? classes->count : (int)source->classes.count;
    alexnet_status rc = allocate(out, source, count);
    an_data_source_release(source);
    if (rc == ALEXNET_OK)
        rc = fill(*out, ctx, names_file, classes);
    if (rc != ALEXNET_OK) {
        an_dataset_release(*out);
        *out = NULL;
    }
    return rc;
}

alexnet_status an_dataset_open(alexnet_dataset **out, alexnet_ctx *ctx, const char *path,
                               const char *names_file, const an_class_list *classes)
{
    an_data_source *source;
    *out = NULL;
    AN_CHECK(an_data_source_open(&source, ctx, path));
    return an_dataset_new(out, ctx, source, names_file, classes);
}

alexnet_status an_dataset_examine(alexnet_dataset **out, alexnet_ctx *ctx, const char *path,
                                  const char *names_file, const an_class_list *classes)
{
    an_data_source *source;
    *out = NULL;
    AN_CHECK(an_data_source_examine(&source, ctx, path));
    return an_dataset_new(out, NULL, source, names_file, classes);
}

alexnet_status an_dataset_of_files(alexnet_dataset **out, alexnet_ctx *ctx,
                                   const char *const *paths, int64_t count)
{
    an_data_source *source;
    *out = NULL;
    AN_CHECK(an_data_source_files(&source, ctx, paths, count));
    return an_dataset_new(out, ctx, source, NULL, NULL);
}

bool an_too_many_bad(int64_t bad, int64_t pictures, int64_t allowed)
{
    return bad > allowed && (double)bad > 0.01 * (double)pictures;
}

alexnet_status an_fail_none_read(const alexnet_dataset *dataset, const char *what)
{
    an_picture picture;
    const alexnet_status first =
        dataset->count > 0
            ? an_data_source_picture(dataset->source, dataset->samples[0].item, &picture)
            : ALEXNET_ERROR_BAD_DATA;
    const bool fails = dataset->count > 0 && first != ALEXNET_OK;
    if (first == ALEXNET_OK) /* it can be read now */
        an_picture_free(&picture);
    return AN_FAIL(ALEXNET_ERROR_BAD_DATA, "none of the %lld %spictures of %s can be read%s%s%s",
                   (long long)dataset->count, what, dataset->root,
                   first == ALEXNET_ERROR_IO ? ": are the disk and the folder still there?" : "",
                   fails ? "; the first: " : "", fails ? an_error_text() : "");
}

alexnet_status an_dataset_layout(alexnet_ctx *ctx, const char *path, alexnet_dataset_kind *kind)
{
    bool divided;
    *kind = ALEXNET_DATASET_CLASSES;
    AN_CHECK(an_data_source_check(ctx, path));
    AN_CHECK(an_data_source_divided(ctx, path, &divided));
    if (divided)
        *kind = ALEXNET_DATASET_TRAIN_VAL;
    return ALEXNET_OK;
}
