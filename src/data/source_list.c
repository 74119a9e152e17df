/*
 * A list of pictures with their labels: lines "path label", or a table. Paths are absolute, or
 * relative to the list's folder.
 *
 * Labels are the numbers of classes, or names, which make classes in byte order. Items are sorted
 * by class, then by path, as in a tree of class folders, so that the two give the same batches.
 * Their keys are the paths below the folder that holds them all. They are split by their paths
 * below the list's folder, which do not change when rows are added.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/reader.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/text.h"
#include "data/endings.h"
#include "data/list_rows.h"
#include "data/names.h"
#include "data/source.h"

/* The largest list that is read. */
#define LIST_MAX ((size_t)1 << 30)

/* Whether a file with the ending of a list is a picture: it begins like one, and is not text. */
static alexnet_status is_picture(const char *path, bool *yes)
{
    enum { ROOM = 64 };
    unsigned char head[ROOM];
    an_reader *reader;
    *yes = false;
    alexnet_status rc = an_reader_open(&reader, path);
    if (rc != ALEXNET_OK)
        return rc;
    const uint64_t size = an_reader_size(reader);
    const size_t length = size < ROOM ? (size_t)size : ROOM;
    rc = an_reader_read(reader, 0, head, length);
    an_reader_close(reader);
    *yes = rc == ALEXNET_OK && memchr(head, '\0', length) && an_picture_format(head, length);
    return rc;
}

static alexnet_status accept_list(alexnet_ctx *ctx, const char *path, bool *yes)
{
    (void)ctx;
    static const char *const endings[] = {".txt", ".csv", ".tsv", ".lst", ".list"};
    const char *dot = strrchr(path, '.');
    bool picture;
    *yes = false;
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        *yes = *yes || strcasecmp(dot, endings[i]) == 0;
    *yes = *yes && an_is_file(path);
    if (!*yes)
        return ALEXNET_OK;
    const alexnet_status rc = is_picture(path, &picture);
    *yes = !picture; /* opening it as a list says why it cannot be read */
    return rc == ALEXNET_ERROR_NO_MEMORY ? rc : ALEXNET_OK;
}

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

/* Sort the labels, and keep one of each. @return how many are left */
static int64_t unique_labels(const char **labels, const an_list_rows *rows)
{
    int64_t count = 0;
    for (int64_t i = 0; i < rows->count; i++)
        labels[i] = rows->at[i].label;
    qsort(labels, (size_t)rows->count, sizeof *labels, an_strings_compare);
    for (int64_t i = 0; i < rows->count; i++)
        if (count == 0 || strcmp(labels[count - 1], labels[i]) != 0)
            labels[count++] = labels[i];
    return count;
}

static alexnet_status name_rows(an_data_source *source, an_list_rows *rows)
{
    alexnet_status rc = ALEXNET_OK;
    const char **labels = an_calloc((size_t)rows->count, sizeof *labels);
    if (!labels)
        return AN_FAIL_MEMORY((size_t)rows->count * sizeof *labels, "the labels of a list");
    const int64_t count = unique_labels(labels, rows);
    if (count > AN_NAMES_MAX)
        AN_TRY(AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s has %lld different labels; at most %d are read", source->root,
                       (long long)count, AN_NAMES_MAX));
    for (int64_t c = 0; c < count; c++)
        AN_TRY(an_strings_add(&source->classes, an_strdup(labels[c])));
    for (int64_t i = 0; i < rows->count; i++) {
        const char **found =
            bsearch(&rows->at[i].label, labels, (size_t)count, sizeof *labels, an_strings_compare);
        rows->at[i].class = (int)(found - labels);
    }
cleanup:
    an_free(labels);
    return rc;
}

static alexnet_status classify(an_data_source *source, an_list_rows *rows)
{
    bool numbers;
    int largest;
    AN_CHECK(number_rows(rows, &numbers, &largest, source->root));
    return numbers ? an_data_source_number(source, largest) : name_rows(source, rows);
}

/* ---- Items ---- */

static int compare_paths(const void *a, const void *b)
{
    const an_list_row *x = a, *y = b;
    const int order = strcmp(x->path, y->path);
    return order ? order : x->line < y->line ? -1 : x->line > y->line;
}

static int compare_rows(const void *a, const void *b)
{
    const an_list_row *x = a, *y = b;
    return x->class != y->class ? (x->class < y->class ? -1 : 1) : compare_paths(a, b);
}

/* Order the rows, and keep each path once. */
static alexnet_status sort_rows(an_data_source *source, an_list_rows *rows)
{
    int64_t kept = 0;
    qsort(rows->at, (size_t)rows->count, sizeof *rows->at, compare_paths);
    for (int64_t i = 0; i < rows->count; i++) {
        const an_list_row *before = kept ? &rows->at[kept - 1] : NULL, *row = &rows->at[i];
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
    qsort(rows->at, (size_t)kept, sizeof *rows->at, compare_rows);
    if (again == 0)
        return ALEXNET_OK;
    return an_data_source_doubt(
        source,
        an_format(
            "%lld %s of %s name a picture that an earlier one names; each picture is used once",
            (long long)again, an_text_plural(again, "line", "lines"), source->root));
}

/* The length of the folder that all paths are in, including its slash. */
static size_t shared_folder(const an_list_rows *rows)
{
    const char *first = rows->at[0].path, *slash = strrchr(first, '/');
    size_t shared = slash ? (size_t)(slash - first) + 1 : 0;
    for (int64_t i = 1; i < rows->count; i++) {
        const char *path = rows->at[i].path;
        size_t same = 0;
        while (same < shared && path[same] == first[same])
            same++;
        while (same > 0 && first[same - 1] != '/')
            same--;
        shared = same;
    }
    return shared;
}

/* The length of the path of a list's folder, including its slash. */
static size_t folder_of(const char *root)
{
    return (size_t)(strrchr(root, '/') + 1 - root);
}

/* A new string: a row's path, absolute. */
static char *absolute(const char *root, const char *path)
{
    return *path == '/' ? an_strdup(path) : an_format("%.*s%s", (int)folder_of(root), root, path);
}

/* The path below the list's folder; the whole path of a picture elsewhere. */
static const char *split_key(const an_data_source *source, int64_t item)
{
    const char *name = source->items[item].name;
    const size_t folder = folder_of(source->root);
    return strncmp(name, source->root, folder) == 0 ? name + folder : name;
}

static alexnet_status add_rows(an_data_source *source, const an_list_rows *rows)
{
    const size_t shared = shared_folder(rows);
    for (int64_t i = 0; i < rows->count; i++) {
        const an_list_row *row = &rows->at[i];
        char *name = absolute(source->root, row->path);
        const char *key = name ? name + strlen(name) - strlen(row->path) + shared : NULL;
        AN_CHECK(an_data_source_add(source, name, key, row->class));
    }
    return ALEXNET_OK;
}

/* If the first picture is missing, the list's paths are probably relative to another folder, or
 * written as on Windows. */
static alexnet_status note_missing(an_data_source *source)
{
    const char *name = source->items[0].name;
    if (an_is_file(name))
        return ALEXNET_OK;
    return an_data_source_doubt(
        source,
        an_format("%s of %s is not there: paths in a list are relative to the list's "
                  "folder%s",
                  name, source->root, strchr(name, '\\') ? ", with / between folders" : ""));
}

/* Whether a row may be from a line that names no picture: a comment, or titles that are not known,
 * which would make a class of their own. Rows are sorted. */
static bool may_be_stray(const an_list_rows *rows, int64_t i, bool numbered)
{
    const an_list_row *row = &rows->at[i];
    const bool alone = (i == 0 || row[-1].class != row->class) &&
                       (i + 1 == rows->count || row[1].class != row->class);
    return row->path[0] == '#' || (row->line == 1 && alone && rows->count > 1 && !numbered &&
                                   !an_has_picture_ending(row->path));
}

static alexnet_status refuse_strays(const an_data_source *source, const an_list_rows *rows)
{
    for (int64_t i = 0; i < rows->count; i++) {
        const an_list_row *row = &rows->at[i];
        if (!may_be_stray(rows, i, source->numbered) || an_is_file(source->items[i].name))
            continue;
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s:%lld: there is no picture \"%.200s\" with the label \"%.60s\"; a list "
                       "has no comments, and columns have the titles " AN_LIST_PATH_TITLES
                       ", and " AN_LIST_LABEL_TITLES,
                       source->root, (long long)row->line, row->path, row->label);
    }
    return ALEXNET_OK;
}

/* Say how the first line was understood. */
static void say_titles(const an_data_source *source, const an_list_rows *rows)
{
    if (rows->label_title)
        an_log(source->ctx, ALEXNET_LOG_INFO,
               "the first line of %s has titles: paths are under \"%.60s\", labels under \"%.60s\"",
               source->root, rows->path_title, rows->label_title);
    else if (rows->path_title)
        an_log(source->ctx, ALEXNET_LOG_INFO, "the first line of %s has titles: \"%.60s\"",
               source->root, rows->path_title);
}

static alexnet_status open_rows(an_data_source *source, an_list_rows *rows, bool labels)
{
    if (rows->count == 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s lists no pictures", source->root);
    if (labels) {
        AN_CHECK(classify(source, rows));
        AN_CHECK(sort_rows(source, rows));
    }
    say_titles(source, rows);
    AN_CHECK(add_rows(source, rows));
    if (labels) {
        AN_CHECK(refuse_strays(source, rows));
        AN_CHECK(an_data_source_note_holes(source));
    }
    return note_missing(source);
}

static alexnet_status open_list(an_data_source *source, bool labels)
{
    unsigned char *text;
    size_t length;
    an_list_rows rows;
    AN_CHECK(an_file_read(source->root, LIST_MAX, &text, &length));
    alexnet_status rc = an_list_parse(&rows, (char *)text, length, source->root, labels);
    if (rc == ALEXNET_OK)
        rc = open_rows(source, &rows, labels);
    an_list_free(&rows);
    an_free(text);
    return rc;
}

static alexnet_status open_with_labels(an_data_source *source)
{
    return open_list(source, true);
}

static alexnet_status open_pictures(an_data_source *source)
{
    return open_list(source, false);
}

static const an_data_kind pictures_kind = {.name = "pictures in a list",
                                           .open = open_pictures,
                                           .read = an_file_item_read,
                                           .stamp = an_file_item_stamp};

const an_data_kind an_list_kind = {.name = "list",
                                   .accepts = accept_list,
                                   .open = open_with_labels,
                                   .pictures = &pictures_kind,
                                   .read = an_file_item_read,
                                   .stamp = an_file_item_stamp,
                                   .split_key = split_key};
