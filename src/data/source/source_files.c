/*
 * Pictures without classes, at paths that the caller gives: files, all pictures below folders, and
 * those of archives and other data sets.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "data/picture/endings.h"
#include "data/source/divided.h"
#include "data/source/source.h"

/* Consecutive items that belong to another source. */
typedef struct part {
    an_data_source *source;
    int64_t first; /* its first item among all */
} part;

typedef struct parts {
    part *list; /* in the order of their items */
    int64_t count;
} parts;

/* The part that an item belongs to; NULL: it is a file. */
static const part *part_of(const an_data_source *source, int64_t item)
{
    const parts *all = source->state;
    int64_t low = 0, high = all ? all->count : 0; /* the last that begins at the item or before */
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (all->list[middle].first <= item)
            low = middle + 1;
        else
            high = middle;
    }
    const part *p = low > 0 ? &all->list[low - 1] : NULL;
    return p && item - p->first < p->source->count ? p : NULL;
}

typedef alexnet_status (*part_call)(an_data_source *source, const char *path);

/* Call for the parts train and val of a folder, until one fails. */
static alexnet_status each_part(an_data_source *source, const char *folder, part_call call)
{
    for (an_part_name p = AN_PART_TRAIN; p <= AN_PART_VAL; p++) {
        char *path = an_path_join(folder, an_part_word(p));
        const alexnet_status rc =
            path ? call(source, path) : AN_FAIL_MEMORY(strlen(folder), "a path");
        an_free(path);
        AN_CHECK(rc);
    }
    return ALEXNET_OK;
}

/* Open an archive, or a folder of archives, only for its error. */
static alexnet_status try_archives(an_data_source *unused, const char *path)
{
    an_data_source *archives;
    bool divided;
    AN_CHECK(an_data_source_open_pictures(&archives, NULL, path, &divided));
    an_data_source_release(archives);
    return divided ? each_part(unused, path, try_archives) : ALEXNET_OK;
}

/* The error of a folder from which nothing could be taken. */
static alexnet_status fail_folder(const char *path)
{
    an_walk walk = {.takes = an_has_picture_ending};
    AN_CHECK(try_archives(NULL, path));
    alexnet_status rc = an_walk_below(&walk, path);
    if (rc == ALEXNET_OK)
        rc = an_fail_no_pictures("", path, &walk.left_out);
    an_walk_free(&walk);
    return rc;
}

static alexnet_status read_file(const an_data_source *source, int64_t item, an_item_data *out)
{
    *out = (an_item_data){0};
    const char *path = source->items[item].name;
    return an_is_folder(path) ? fail_folder(path) : an_file_item_read(source, item, out);
}

static alexnet_status read_item(const an_data_source *source, int64_t item, an_item_data *out)
{
    const part *p = part_of(source, item);
    return p ? p->source->kind->read(p->source, item - p->first, out)
             : read_file(source, item, out);
}

static int64_t stamp_of(const an_data_source *source, int64_t item, bool timed)
{
    const part *p = part_of(source, item);
    return p ? p->source->kind->stamp(p->source, item - p->first, timed)
             : an_file_item_stamp(source, item, timed);
}

static void close_parts(an_data_source *source)
{
    parts *all = source->state;
    for (int64_t i = 0; all && i < all->count; i++)
        an_data_source_release(all->list[i].source);
    if (all)
        an_free(all->list);
    an_free(all);
}

static const an_data_kind files_kind = {
    .name = "files", .read = read_item, .stamp = stamp_of, .close = close_parts};

static alexnet_status add_file(an_data_source *source, char *path)
{
    return an_data_source_add(source, path, path, -1);
}

static alexnet_status add_files(an_data_source *source, const an_strings *paths)
{
    for (int64_t i = 0; i < paths->count; i++)
        AN_CHECK(add_file(source, an_strdup(paths->at[i])));
    return ALEXNET_OK;
}

/* A folder below this one that cannot be read is an item, which fails when it is read. */
static alexnet_status add_folder(an_data_source *source, const char *path)
{
    alexnet_status rc;
    an_work work = an_walk_work(source->ctx);
    an_walk walk = {.takes = an_has_picture_ending, .tolerant = true, .work = &work};
    AN_TRY(an_walk_below(&walk, path));
    if (walk.files.count == 0) {
        rc = fail_folder(path);
        goto cleanup;
    }
    an_endings_join(&source->left_out, &walk.left_out);
    AN_TRY(an_data_source_note_links(source, &walk, path));
    AN_TRY(add_files(source, &walk.files));
    AN_TRY(add_files(source, &walk.unreadable));
cleanup:
    an_work_end(&work);
    an_walk_free(&walk);
    return rc;
}

/* Make room for one more part. */
static alexnet_status grow(an_data_source *source)
{
    parts *all = source->state;
    if (!all)
        source->state = all = an_calloc(1, sizeof *all);
    part *grown = all ? an_grow(all->list, all->count, sizeof *grown) : NULL;
    if (!grown)
        return AN_FAIL_MEMORY(sizeof *grown, "a list of data sets");
    all->list = grown;
    return ALEXNET_OK;
}

/* Take over a source as a part. */
static alexnet_status add_source(an_data_source *source, an_data_source *added)
{
    alexnet_status rc = grow(source);
    if (rc != ALEXNET_OK) {
        an_data_source_release(added);
        return rc;
    }
    parts *all = source->state;
    all->list[all->count++] = (part){added, source->count};
    if (added->count == 0)
        return an_fail_no_pictures("", added->root, &added->left_out);
    an_endings_join(&source->left_out, &added->left_out);
    for (int64_t i = 0; i < added->count; i++)
        AN_CHECK(add_file(source, an_strdup(added->items[i].name)));
    return ALEXNET_OK;
}

static alexnet_status add_path(an_data_source *source, const char *path)
{
    an_data_source *added;
    bool divided;
    AN_CHECK(an_data_source_open_pictures(&added, source->ctx, path, &divided));
    return divided              ? each_part(source, path, add_path)
           : added              ? add_source(source, added)
           : an_is_folder(path) ? add_folder(source, path)
                                : add_file(source, an_strdup(path));
}

/* Add one of several paths: a folder of which nothing can be taken does not hide the others. */
static alexnet_status add_one_of(an_data_source *source, const char *path)
{
    const alexnet_status rc = add_path(source, path);
    const bool useless = rc == ALEXNET_ERROR_IO || rc == ALEXNET_ERROR_FORMAT;
    return useless && an_is_folder(path) ? add_file(source, an_strdup(path)) : rc;
}

alexnet_status an_data_source_files(an_data_source **out, alexnet_ctx *ctx,
                                    const char *const *paths, int64_t count)
{
    AN_CHECK(an_data_source_new(out, &files_kind, count == 1 ? paths[0] : "the paths given"));
    alexnet_status rc = ALEXNET_OK;
    (*out)->ctx = ctx;
    for (int64_t i = 0; i < count && rc == ALEXNET_OK; i++)
        rc = (count > 1 ? add_one_of : add_path)(*out, paths[i]);
    (*out)->ctx = NULL;
    if (rc != ALEXNET_OK) {
        an_data_source_release(*out);
        *out = NULL;
    }
    return rc;
}
