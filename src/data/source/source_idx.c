/*
 * MNIST's files, and those of data sets with the same format and names: a folder with the pictures
 * and labels of training (train-) and of validation (t10k-), or one file of pictures with its
 * labels beside it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/text.h"
#include "data/source/divided.h"
#include "data/source/idx.h"
#include "data/source/records.h"

/* ---- Where the files are ---- */

/* The file of a folder: "train-images-idx3-ubyte", "train-images.idx3-ubyte", either with .gz.
 * *path: NULL if there is none; owned. */
static alexnet_status find_file(char **path, const char *folder, an_part_name part,
                                const char *what)
{
    for (int i = 0; i < 4; i++) {
        char *name =
            an_format("%s/%s-%s%c%s-ubyte%s", folder, part == AN_PART_VAL ? "t10k" : "train", what,
                      i & 1 ? '.' : '-', *what == 'i' ? "idx3" : "idx1", i & 2 ? ".gz" : "");
        *path = name;
        if (!name)
            return AN_FAIL_MEMORY(strlen(folder), "a path");
        if (an_is_file(name))
            return ALEXNET_OK;
        an_free(name);
    }
    *path = NULL;
    return ALEXNET_OK;
}

static alexnet_status has_part(bool *yes, const char *folder, an_part_name part)
{
    char *pictures;
    AN_CHECK(find_file(&pictures, folder, part, "images"));
    *yes = pictures != NULL;
    an_free(pictures);
    return ALEXNET_OK;
}

/* Which parts are in a folder. */
static alexnet_status find_parts(bool *train, bool *val, const char *folder)
{
    AN_CHECK(has_part(train, folder, AN_PART_TRAIN));
    return has_part(val, folder, AN_PART_VAL);
}

static alexnet_status divided(alexnet_ctx *ctx, const char *path, bool *yes)
{
    (void)ctx;
    bool train, val;
    AN_CHECK(find_parts(&train, &val, path));
    *yes = train && val;
    return ALEXNET_OK;
}

static alexnet_status accept_idx(alexnet_ctx *ctx, const char *path, bool *yes)
{
    (void)ctx;
    char *folder;
    an_part_name part;
    bool train = false, val = false;
    AN_CHECK(an_divided_path(&folder, &part, path));
    alexnet_status rc = folder ? find_parts(&train, &val, folder) : ALEXNET_OK;
    an_free(folder);
    const char *name = an_path_last(path);
    *yes =
        part == AN_PART_TRAIN ? train
        : part == AN_PART_VAL
            ? val
            : train || val || ((strstr(name, "idx3") || strstr(name, "idx1")) && an_is_file(path));
    return rc;
}

/* Replace a word in a file's name, in place; both have the same length. */
static bool replace(char *path, const char *word, const char *by)
{
    char *at = strstr(path + (an_path_last(path) - path), word);
    if (at)
        memcpy(at, by, strlen(by));
    return at != NULL;
}

/* The labels beside a file of pictures, compressed or not; NULL: none. */
static alexnet_status find_beside(char **labels, const char *pictures)
{
    char *path = an_format("%s.gz", pictures);
    *labels = NULL;
    if (!path)
        return AN_FAIL_MEMORY(strlen(pictures), "a path");
    const size_t length = strlen(path);
    replace(path, "images", "labels");
    replace(path, "idx3", "idx1");
    if (length > 6 && strcmp(path + length - 6, ".gz.gz") == 0)
        path[length - 3] = '\0';
    if (!an_is_file(path))
        path[strlen(path) - 3] = '\0';
    if (an_is_file(path))
        *labels = path;
    else
        an_free(path);
    return ALEXNET_OK;
}

/* The files of a part of a folder: the named part, or the only one. */
static alexnet_status locate_part(char **pictures, char **labels, const char *folder,
                                  an_part_name part, const char *root)
{
    if (part == AN_PART_WHOLE) {
        bool train, val;
        AN_CHECK(find_parts(&train, &val, folder));
        if (train && val)
            return an_divided_fail(root);
        part = val ? AN_PART_VAL : AN_PART_TRAIN;
    }
    AN_CHECK(find_file(pictures, folder, part, "images"));
    if (!*pictures)
        return AN_FAIL(ALEXNET_ERROR_IO, "%s has no file of pictures called %s-images-idx3-ubyte",
                       folder, part == AN_PART_VAL ? "t10k" : "train");
    return find_file(labels, folder, part, "labels");
}

static alexnet_status locate(char **pictures, char **labels, const char *root)
{
    char *folder;
    an_part_name part;
    *pictures = *labels = NULL;
    AN_CHECK(an_divided_path(&folder, &part, root));
    if (folder) {
        alexnet_status rc = locate_part(pictures, labels, folder, part, root);
        an_free(folder);
        return rc;
    }
    *pictures = an_strdup(root);
    return *pictures ? find_beside(labels, root) : AN_FAIL_MEMORY(strlen(root), "a path");
}

/* ---- The kind ---- */

static alexnet_status read_labels(an_data_source *source, int **out, const char *path,
                                  const char *pictures, int64_t count)
{
    an_idx idx;
    int largest = 0;
    AN_CHECK(an_idx_read(&idx, path, AN_IDX_LABELS));
    alexnet_status rc;
    int *labels = an_calloc((size_t)idx.count, sizeof *labels);
    *out = labels;
    if (!labels)
        AN_TRY(AN_FAIL_MEMORY((size_t)idx.count * sizeof *labels, "labels"));
    if (idx.count != count)
        AN_TRY(AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has %lld %s, but %s has %lld %s", path,
                       (long long)idx.count, an_text_plural(idx.count, "label", "labels"), pictures,
                       (long long)count, an_text_plural(count, "picture", "pictures")));
    for (int64_t i = 0; i < count; i++) {
        labels[i] = idx.bytes[i];
        largest = labels[i] > largest ? labels[i] : largest;
    }
    rc = an_data_source_number(source, largest);
cleanup:
    an_free(idx.bytes);
    return rc;
}

static alexnet_status open_files(an_data_source *source, const char *pictures, const char *labels)
{
    an_idx idx;
    int *numbers = NULL;
    AN_CHECK(an_idx_read(&idx, pictures, AN_IDX_PICTURES));
    an_records records = {.bytes = idx.bytes,
                          .count = idx.count,
                          .stride = (size_t)idx.rows * (size_t)idx.columns,
                          .width = idx.columns,
                          .height = idx.rows,
                          .planes = 1};
    alexnet_status rc =
        labels ? read_labels(source, &numbers, labels, pictures, idx.count) : ALEXNET_OK;
    if (rc == ALEXNET_OK)
        rc = an_records_add(source, &records, numbers);
    else
        an_free(idx.bytes);
    an_free(numbers);
    return rc;
}

static alexnet_status open_idx(an_data_source *source, bool needs_labels)
{
    char *pictures, *labels;
    alexnet_status rc = locate(&pictures, &labels, source->root);
    if (rc == ALEXNET_OK && needs_labels && !labels)
        rc = AN_FAIL(ALEXNET_ERROR_IO,
                     "the labels of %s are missing: a file beside it is expected, with the same "
                     "name but labels and idx1 in place of images and idx3",
                     pictures);
    if (rc == ALEXNET_OK)
        rc = open_files(source, pictures, needs_labels ? labels : NULL);
    an_free(pictures);
    an_free(labels);
    return rc;
}

static alexnet_status open_with_labels(an_data_source *source)
{
    return open_idx(source, true);
}

static alexnet_status open_pictures(an_data_source *source)
{
    return open_idx(source, false);
}

static const an_data_kind pictures_kind = {.name = "pictures in idx",
                                           .accepts = accept_idx,
                                           .open = open_pictures,
                                           .read = an_records_read,
                                           .stamp = an_records_stamp,
                                           .close = an_records_close};

const an_data_kind an_idx_kind = {.name = "idx",
                                  .accepts = accept_idx,
                                  .open = open_with_labels,
                                  .divided = divided,
                                  .pictures = &pictures_kind,
                                  .read = an_records_read,
                                  .stamp = an_records_stamp,
                                  .close = an_records_close};
