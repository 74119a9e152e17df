/*
 * CIFAR-10 and CIFAR-100 in their binary version: the unpacked folder, or one of its files. A
 * record is a label (CIFAR-100: the coarse one, then the fine one, which is used), then 32 x 32
 * pixels: all of red, then green, then blue.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "data/source/divided.h"
#include "data/source/records.h"

enum { SIDE = 32, PIXELS = SIDE * SIDE * 3, FILES_MAX = 5 };
/* Largest file that is read; the largest published has 153,700,000 bytes. */
#define CIFAR_FILE_MAX ((size_t)1 << 30)

typedef struct version {
    const char *names; /* file of the classes' names */
    bool needs_names;  /* to recognise the version, because its other files have generic names */
    int classes, labels;
    const char *train[FILES_MAX + 1], *val;
} version;

static const version versions[] = {
    {"batches.meta.txt",
     false,
     10,
     1,
     {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
      "data_batch_5.bin", NULL},
     "test_batch.bin"},
    {"fine_label_names.txt", true, 100, 2, {"train.bin", NULL}, "test.bin"},
};
enum { VERSIONS = sizeof versions / sizeof *versions };

/* Files by which the versions for Python and MATLAB are known, which are not read. */
enum { OTHERS = 4, MARKS = 3 };
static const char *const others[OTHERS][MARKS] = {
    {"batches.meta", "data_batch_1", "test_batch"},
    {"batches.meta.mat", "data_batch_1.mat", "test_batch.mat"},
    {"meta", "train", "test"},
    {"meta.mat", "train.mat", "test.mat"}};

/* ---- Where the files are ---- */

/* The files that a path leads to. */
typedef struct found {
    const version *version; /* NULL: none */
    char *folder;           /* owned */
    an_part_name part;      /* AN_PART_WHOLE: one file */
    bool both;              /* the folder has both parts and none is named */
    bool other;             /* it has a version that is not read */
} found;

static alexnet_status has(bool *yes, const char *folder, const char *name)
{
    char *path = an_path_join(folder, name);
    *yes = path && an_is_file(path);
    an_free(path);
    return path ? ALEXNET_OK : AN_FAIL_MEMORY(strlen(folder), "a path");
}

/* The version whose parts are in a folder. */
static alexnet_status find_version(const version **out, bool *train, bool *val, const char *folder)
{
    *out = NULL;
    *train = *val = false;
    for (int i = 0; i < VERSIONS && !*out; i++) {
        const version *v = &versions[i];
        bool named = true;
        if (v->needs_names)
            AN_CHECK(has(&named, folder, v->names));
        AN_CHECK(has(train, folder, v->train[0]));
        AN_CHECK(has(val, folder, v->val));
        if (named && (*train || *val))
            *out = v;
    }
    return ALEXNET_OK;
}

static alexnet_status find_other(bool *out, const char *folder)
{
    *out = false;
    for (int i = 0; i < OTHERS && !*out; i++) {
        *out = true;
        for (int k = 0; k < MARKS && *out; k++)
            AN_CHECK(has(out, folder, others[i][k]));
    }
    return ALEXNET_OK;
}

static bool is_file_of(const version *v, const char *name)
{
    bool yes = strcmp(v->val, name) == 0;
    for (int i = 0; v->train[i]; i++)
        yes = yes || strcmp(v->train[i], name) == 0;
    return yes;
}

static alexnet_status find_one_file(found *out, const char *path)
{
    const size_t folder = an_path_folder(path);
    if (!an_is_file(path))
        return ALEXNET_OK;
    out->folder = folder ? an_strndup(path, folder) : an_strdup(".");
    if (!out->folder)
        return AN_FAIL_MEMORY(strlen(path), "a path");
    for (int i = 0; i < VERSIONS && !out->version; i++) {
        bool named = true;
        if (versions[i].needs_names)
            AN_CHECK(has(&named, out->folder, versions[i].names));
        if (named && is_file_of(&versions[i], path + folder))
            out->version = &versions[i];
    }
    return ALEXNET_OK;
}

static alexnet_status find(found *out, const char *path)
{
    bool train, val;
    *out = (found){0};
    AN_CHECK(an_divided_path(&out->folder, &out->part, path));
    if (!out->folder)
        return find_one_file(out, path);
    AN_CHECK(find_version(&out->version, &train, &val, out->folder));
    if ((out->part == AN_PART_TRAIN && !train) || (out->part == AN_PART_VAL && !val))
        out->version = NULL;
    if (!out->version && out->part == AN_PART_WHOLE)
        AN_CHECK(find_other(&out->other, out->folder));
    if (out->part == AN_PART_WHOLE) {
        out->both = train && val;
        out->part = val ? AN_PART_VAL : AN_PART_TRAIN;
    }
    return ALEXNET_OK;
}

static alexnet_status accept_cifar(alexnet_ctx *ctx, const char *path, bool *yes)
{
    (void)ctx;
    found f;
    alexnet_status rc = find(&f, path);
    *yes = rc == ALEXNET_OK && (f.version || f.other); /* opening says why it is not read */
    an_free(f.folder);
    return rc;
}

static alexnet_status divided(alexnet_ctx *ctx, const char *path, bool *yes)
{
    (void)ctx;
    found f;
    alexnet_status rc = find(&f, path);
    *yes = rc == ALEXNET_OK && f.version && f.both;
    an_free(f.folder);
    return rc;
}

/* ---- Classes ---- */

static alexnet_status add_names(an_data_source *source, char *text, int classes, const char *path)
{
    char *state, *name = strtok_r(text, "\r\n", &state);
    for (; name; name = strtok_r(NULL, "\r\n", &state))
        AN_CHECK(an_strings_add(&source->classes, an_strdup(name)));
    if (source->classes.count != classes)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has %lld names; %d are expected", path,
                       (long long)source->classes.count, classes);
    return ALEXNET_OK;
}

/* Classes have the names in the file beside the pictures or, without it, numbers. */
static alexnet_status make_classes(an_data_source *source, const found *f)
{
    const int classes = f->version->classes;
    char *path = an_path_join(f->folder, f->version->names), *text = NULL;
    alexnet_status rc = path ? ALEXNET_OK : AN_FAIL_MEMORY(strlen(f->folder), "a path");
    if (rc == ALEXNET_OK && !an_is_file(path)) {
        rc = an_data_source_number(source, classes - 1);
    } else if (rc == ALEXNET_OK) {
        rc = an_file_read_text(path, "a list of class names", &text);
        if (rc == ALEXNET_OK)
            rc = add_names(source, text, classes, path);
    }
    an_free(text);
    an_free(path);
    return rc;
}

/* ---- Records ---- */

/* Check that all labels of a file's records are classes. Of a record's labels the last is used. */
static alexnet_status check_labels(const unsigned char *bytes, size_t records, const version *v,
                                   const char *path)
{
    for (size_t i = 0; i < records; i++) {
        const int label = bytes[i * ((size_t)v->labels + PIXELS) + (size_t)v->labels - 1];
        if (label >= v->classes)
            return AN_FAIL(ALEXNET_ERROR_FORMAT,
                           "record %zu of %s has the label %d; 0 to %d are expected", i, path,
                           label, v->classes - 1);
    }
    return ALEXNET_OK;
}

/* Append a file's records to a block. */
static alexnet_status append(an_records *all, const version *v, const char *path)
{
    unsigned char *bytes;
    size_t length;
    const size_t record = (size_t)v->labels + PIXELS;
    AN_CHECK(an_file_read(path, CIFAR_FILE_MAX, &bytes, &length));
    if (length == 0 || length % record != 0) {
        an_free(bytes);
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s has %zu bytes; records of %zu, %d of label and %d of pixels, are "
                       "expected",
                       path, length, record, v->labels, PIXELS);
    }
    const alexnet_status rc = check_labels(bytes, length / record, v, path);
    if (rc != ALEXNET_OK) {
        an_free(bytes);
        return rc;
    }
    const size_t before = (size_t)all->count * record;
    unsigned char *grown = an_realloc(all->bytes, before + length, 1);
    if (grown) {
        memcpy(grown + before, bytes, length);
        all->bytes = grown;
        all->count += (int64_t)(length / record);
    }
    an_free(bytes);
    return grown ? ALEXNET_OK : AN_FAIL_MEMORY(before + length, path);
}

static alexnet_status read_files(an_records *all, const found *f, const char *root)
{
    const char *const val[] = {f->version->val, NULL};
    if (f->part == AN_PART_WHOLE)
        return append(all, f->version, root);
    for (const char *const *name = f->part == AN_PART_VAL ? val : f->version->train; *name;
         name++) {
        char *path = an_path_join(f->folder, *name);
        alexnet_status rc =
            path ? append(all, f->version, path) : AN_FAIL_MEMORY(strlen(f->folder), "a path");
        an_free(path);
        AN_CHECK(rc);
    }
    return ALEXNET_OK;
}

/* The last of a record's labels is the fine one. */
static alexnet_status read_labels(int **out, const an_records *all)
{
    *out = an_calloc((size_t)all->count, sizeof **out);
    if (!*out)
        return AN_FAIL_MEMORY((size_t)all->count * sizeof **out, "labels");
    for (int64_t i = 0; i < all->count; i++)
        (*out)[i] = all->bytes[(size_t)i * all->stride + all->first - 1];
    return ALEXNET_OK;
}

static alexnet_status open_found(an_data_source *source, const found *f)
{
    const version *v = f->version;
    an_records all = {.first = (size_t)v->labels,
                      .stride = (size_t)v->labels + PIXELS,
                      .width = SIDE,
                      .height = SIDE,
                      .planes = 3};
    int *labels = NULL;
    alexnet_status rc;
    AN_TRY(make_classes(source, f));
    AN_TRY(read_files(&all, f, source->root));
    AN_TRY(read_labels(&labels, &all));
    rc = an_records_add(source, &all, labels);
cleanup:
    an_free(all.bytes);
    an_free(labels);
    return rc;
}

static alexnet_status open_cifar(an_data_source *source)
{
    found f;
    alexnet_status rc = find(&f, source->root);
    if (rc == ALEXNET_OK && f.other)
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT,
                     "%s is CIFAR for Python or MATLAB; its binary version is read "
                     "(cifar-10-binary.tar.gz, cifar-100-binary.tar.gz, unpacked)",
                     source->root);
    else if (rc == ALEXNET_OK && !f.version)
        rc = AN_FAIL(ALEXNET_ERROR_IO, "%s has no files of CIFAR", source->root);
    else if (rc == ALEXNET_OK && f.both)
        rc = an_divided_fail(source->root);
    else if (rc == ALEXNET_OK)
        rc = open_found(source, &f);
    an_free(f.folder);
    return rc;
}

const an_data_kind an_cifar_kind = {.name = "cifar",
                                    .accepts = accept_cifar,
                                    .open = open_cifar,
                                    .divided = divided,
                                    .read = an_records_read,
                                    .stamp = an_records_stamp,
                                    .close = an_records_close};
