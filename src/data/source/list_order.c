/*
 * The rows of a list in the order of a data set: labels become classes, and rows are sorted by
 * class, then by path, each path once.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/interned.h"
#include "base/sort.h"
#include "base/status.h"
#include "base/text.h"
#include "data/source/list_rows.h"
#include "data/source/names.h"

/* ---- Classes ---- */

static alexnet_status fail_mixed(const an_list_row *number, const an_list_row *name,
                                 const char *path)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "the labels of %s are both numbers and names: \"%.60s\" in line %lld, \"%.60s\" "
                   "in line %lld; use one kind",
                   path, number->label, (long long)number->line, name->label,
                   (long long)name->line);
}

static alexnet_status check_number(const an_list_row *row, int64_t value, const char *path)
{
    if (value >= AN_NAMES_MAX || value < 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%lld: the label is %s; classes are 0 to %d", path,
                       (long long)row->line, row->label, AN_NAMES_MAX - 1);
    return ALEXNET_OK;
}

/* Read the labels as numbers; *numbers: whether all of them are. */
static alexnet_status number_rows(an_list_rows *rows, bool *numbers, int *largest, const char *path)
{
    const an_list_row *number = NULL, *name = NULL;
    *largest = 0;
    for (int64_t i = 0; i < rows->count; i++) {
        an_list_row *row = &rows->at[i];
        int64_t value = 0;
        AN_CHECK(an_list_ask(rows, i));
        if (row->label[0] == '-' && an_text_to_int(row->label, &value))
            AN_CHECK(check_number(row, value, path));
        if (!an_text_to_count(row->label, &value)) {
            name = name ? name : row;
            continue;
        }
        number = number ? number : row;
        if (name)
            continue;
        AN_CHECK(check_number(row, value, path));
        row->class = (int)value;
        *largest = row->class > *largest ? row->class : *largest;
    }
    *numbers = !name;
    return number && name ? fail_mixed(number, name, path) : ALEXNET_OK;
}

/* Number the labels in the order in which they are met. */
static alexnet_status intern_labels(an_interned *labels, an_list_rows *rows, const char *path)
{
    for (int64_t i = 0; i < rows->count; i++) {
        int64_t number;
        AN_CHECK(an_list_ask(rows, i));
        AN_CHECK(an_interned_add(labels, rows->at[i].label, &number));
        if (number >= AN_NAMES_MAX)
            return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                           "%s has more than %d different labels, the most that are read", path,
                           AN_NAMES_MAX);
        rows->at[i].class = (int)number;
    }
    return ALEXNET_OK;
}

/* Make the labels classes in byte order. */
static alexnet_status name_rows(an_data_source *source, an_list_rows *rows)
{
    an_interned labels = {0};
    an_strings *classes = &source->classes;
    int *places = NULL; /* of each label among the classes */
    alexnet_status rc;
    AN_TRY(intern_labels(&labels, rows, source->root));
    for (int64_t k = 0; k < labels.list.count; k++)
        AN_TRY(an_strings_add(classes, an_strdup(labels.list.at[k])));
    an_strings_sort(classes);
    places = an_calloc((size_t)classes->count, sizeof *places);
    if (!places)
        AN_TRY(AN_FAIL_MEMORY((size_t)classes->count * sizeof *places, "the labels of a list"));
    for (int64_t c = 0; c < classes->count; c++)
        places[an_interned_find(&labels, classes->at[c])] = (int)c;
    for (int64_t i = 0; i < rows->count; i++)
        rows->at[i].class = places[rows->at[i].class];
cleanup:
    an_free(places);
    an_interned_free(&labels);
    return rc;
}

alexnet_status an_list_classify(an_data_source *source, an_list_rows *rows)
{
    bool numbers;
    int largest;
    AN_CHECK(number_rows(rows, &numbers, &largest, source->root));
    return numbers ? an_data_source_number(source, largest) : name_rows(source, rows);
}

/* ---- The order ---- */

static int compare_paths(const void *a, const void *b)
{
    const an_list_row *x = a, *y = b;
    const int order = strcmp(x->path, y->path);
    return order ? order : x->line < y->line ? -1 : x->line > y->line;
}

/* Of rows sorted by path, keep each path once. */
static alexnet_status drop_repeated(an_data_source *source, an_list_rows *rows)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < rows->count; i++) {
        const an_list_row *before = kept ? &rows->at[kept - 1] : NULL, *row = &rows->at[i];
        AN_CHECK(an_list_ask(rows, i));
        if (!before || strcmp(before->path, row->path) != 0)
            rows->at[kept++] = *row;
        else if (before->class != row->class)
            return AN_FAIL(ALEXNET_ERROR_FORMAT,
                           "%s gives %.200s two labels: \"%.60s\" in line %lld, \"%.60s\" in line "
                           "%lld",
                           source->root, row->path, before->label, (long long)before->line,
                           row->label, (long long)row->line);
    }
    const int64_t again = rows->count - kept;
    rows->count = kept;
    if (again == 0)
        return ALEXNET_OK;
    return an_data_source_doubt(
        source,
        an_format(
            "%lld %s of %s name a picture that an earlier one names; each picture is used once",
            (long long)again, an_text_plural(again, "line", "lines"), source->root));
}

/* Bring the rows of each class together, in the order in which they are. */
static alexnet_status group_by_class(an_list_rows *rows, int64_t classes)
{
    const size_t count = (size_t)rows->count;
    alexnet_status rc = ALEXNET_OK;
    int64_t *next =
        an_calloc((size_t)classes + 1, sizeof *next); /* where a class's next row goes */
    an_list_row *grouped = an_malloc(count * sizeof *grouped);
    if (!next || !grouped) {
        rc = AN_FAIL_MEMORY(count * sizeof *grouped, "a list of pictures");
        goto cleanup;
    }
    for (size_t i = 0; i < count; i++)
        next[rows->at[i].class + 1]++;
    for (int64_t c = 1; c <= classes; c++)
        next[c] += next[c - 1];
    for (size_t i = 0; i < count; i++) {
        AN_TRY(an_list_ask(rows, (int64_t)i));
        grouped[next[rows->at[i].class]++] = rows->at[i];
    }
    an_free(rows->at);
    rows->at = grouped;
    grouped = NULL;
cleanup:
    an_free(grouped);
    an_free(next);
    return rc;
}

alexnet_status an_list_sort(an_data_source *source, an_list_rows *rows)
{
    AN_CHECK(an_sort(rows->at, (size_t)rows->count, sizeof *rows->at, compare_paths, rows->work));
    AN_CHECK(drop_repeated(source, rows));
    return group_by_class(rows, source->classes.count);
}
