/*
 * A list of pictures with their labels: lines "path label", or a table. Paths are absolute, or
 * relative to the list's folder.
 *
 * Labels are the numbers of classes, or names, which make classes in byte order. Items are sorted
 * by class, then by path, as in a tree of class folders, so that the two give the same batches.
 * Their keys are the paths below the folder that holds them all. They are split by their paths
 * below the list's folder, which do not change when rows are added.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/reader.h"
#include "base/status.h"
#include "base/text.h"
#include "data/picture/endings.h"
#include "data/source/list_rows.h"

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
        *yes = *yes || an_text_same(dot, endings[i]);
    *yes = *yes && an_is_file(path);
    if (!*yes)
        return ALEXNET_OK;
    const alexnet_status rc = is_picture(path, &picture);
    *yes = !picture; /* opening it as a list says why it cannot be read */
    return rc == ALEXNET_ERROR_NO_MEMORY ? rc : ALEXNET_OK;
}

/* ---- Items ---- */

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
        AN_CHECK(an_list_ask(rows, i));
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
        AN_CHECK(an_list_ask(rows, i));
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
        AN_CHECK(an_list_classify(source, rows));
        AN_CHECK(an_list_sort(source, rows));
    }
    say_titles(source, rows);
    AN_CHECK(add_rows(source, rows));
    if (labels) {
        AN_CHECK(refuse_strays(source, rows));
        AN_CHECK(an_data_source_note_holes(source));
    }
    return note_missing(source);
}

/* Read the bytes of a list, ended by a zero. @param text  `length` bytes and one more */
static alexnet_status read_bytes(an_reader *reader, char *text, size_t length, an_work *work)
{
    enum { MEGABYTE = 1000000 };
    AN_CHECK(an_work_add(work, 0));
    for (size_t at = 0; at < length;) {
        const size_t some = length - at < MEGABYTE ? length - at : MEGABYTE;
        AN_CHECK(an_reader_read(reader, at, text + at, some));
        AN_CHECK(an_work_add(work, some / MEGABYTE));
        at += some;
    }
    text[length] = '\0';
    return ALEXNET_OK;
}

/* @param text  out, owned */
static alexnet_status read_text(char **text, size_t *length, const an_data_source *source)
{
    an_reader *reader;
    AN_CHECK(an_reader_open(&reader, source->root));
    alexnet_status rc;
    const uint64_t size = an_reader_size(reader);
    *length = (size_t)size;
    *text = size <= LIST_MAX ? an_malloc(*length + 1) : NULL;
    if (size > LIST_MAX) {
        rc = AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has %llu bytes; at most %zu are read",
                     source->root, (unsigned long long)size, LIST_MAX);
    } else if (!*text) {
        rc = AN_FAIL_MEMORY(*length, source->root);
    } else {
        an_work work = an_work_begin(source->ctx, "read", "MB", (int64_t)(*length / 1000000));
        rc = read_bytes(reader, *text, *length, &work);
        an_work_end(&work);
    }
    an_reader_close(reader);
    if (rc != ALEXNET_OK) {
        an_free(*text);
        *text = NULL;
    }
    return rc;
}

static alexnet_status open_list(an_data_source *source, bool labels)
{
    char *text;
    size_t length;
    AN_CHECK(read_text(&text, &length, source));
    an_work work = an_work_begin(source->ctx, "listed", "pictures", 0);
    an_list_rows rows = {.work = &work};
    alexnet_status rc = an_list_parse(&rows, text, length, source->root, labels);
    if (rc == ALEXNET_OK)
        rc = open_rows(source, &rows, labels);
    an_work_end(&work);
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
