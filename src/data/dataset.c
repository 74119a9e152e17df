#include "data/dataset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "data/dataset_make.h"
#include "data/names.h"
#include "data/tree.h"

alexnet_status an_dataset_new(alexnet_dataset **out, const char *root, int classes)
{
    alexnet_dataset *d = an_calloc(1, sizeof *d);
    *out = d;
    if (!d)
        return AN_FAIL_MEMORY(sizeof *d, "a data set");
    atomic_init(&d->references, 1);
    d->classes = classes;
    d->root = an_strdup(root);
    d->class_ids = an_calloc((size_t)classes, sizeof *d->class_ids);
    d->class_names = an_calloc((size_t)classes, sizeof *d->class_names);
    if (!d->root || !d->class_ids || !d->class_names) {
        an_dataset_release(d);
        *out = NULL;
        return AN_FAIL_MEMORY((size_t)classes * 2 * sizeof(char *), "a data set");
    }
    return ALEXNET_OK;
}

alexnet_status an_dataset_set_class(alexnet_dataset *dataset, int index, const char *id,
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
    for (int64_t i = 0; i < dataset->count; i++)
        an_free(dataset->samples[i].path);
    an_free(dataset->samples);
    an_free(dataset->class_ids);
    an_free(dataset->class_names);
    an_free(dataset->root);
    an_free(dataset);
}

const char *an_dataset_relative(const alexnet_dataset *dataset, int64_t index)
{
    const char *path = dataset->samples[index].path;
    size_t length = strlen(dataset->root);
    if (length == 0 || strncmp(path, dataset->root, length) != 0)
        return path;
    return path + length + strspn(path + length, "/");
}

alexnet_status an_dataset_layout(const char *path, alexnet_dataset_kind *kind)
{
    an_folder folder;
    AN_CHECK(an_folder_read(&folder, path));
    bool both = an_folder_has(&folder, "train") && an_folder_has(&folder, "val");
    *kind = both ? ALEXNET_DATASET_TRAIN_VAL : ALEXNET_DATASET_CLASSES;
    an_folder_free(&folder);
    return ALEXNET_OK;
}

/* Whether all folders are called as parts of a split are, so that classes they are not. */
static bool is_split_by_other_names(const an_folder *root)
{
    static const char *const parts[] = {"train",      "training", "val",     "valid",
                                        "validation", "test",     "testing", "dev"};
    int64_t found = 0;
    for (int64_t i = 0; i < root->folders.count; i++)
        for (size_t j = 0; j < sizeof parts / sizeof *parts; j++)
            found += strcasecmp(root->folders.name[i], parts[j]) == 0;
    return found > 1 && found == root->folders.count;
}

static alexnet_status check_root(const an_folder *root, const char *path)
{
    if (an_folder_has(root, "train") && an_folder_has(root, "val"))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s holds the folders train and val; open one of them", path);
    if (is_split_by_other_names(root))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s holds the folders %s and %s, which are no classes; call them train and "
                       "val, or open each by itself",
                       path, root->folders.name[0], root->folders.name[1]);
    if (root->folders.count == 0 && root->pictures > 0)
        return AN_FAIL(
            ALEXNET_ERROR_FORMAT,
            "%s holds %lld pictures but no class folders; put the pictures of each class "
            "into a folder of its own, named after the class",
            path, (long long)root->pictures);
    if (root->folders.count == 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is empty; a folder of pictures is expected in it for each class", path);
    if (root->folders.count > INT32_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has too many class folders", path);
    return ALEXNET_OK;
}

/* Classes out of a list, or one for each folder. */
static alexnet_status make_classes(alexnet_dataset **out, const char *path, const an_folder *root,
                                   const an_class_list *list)
{
    int count = list ? list->count : (int)root->folders.count;
    AN_CHECK(an_dataset_new(out, path, count));
    for (int c = 0; c < count; c++) {
        const char *id = list ? list->ids[c] : root->folders.name[c];
        if (!an_is_plain_text(id))
            return AN_FAIL(ALEXNET_ERROR_FORMAT,
                           "the name of the class folder %s/%s is not UTF-8 text; rename it", path,
                           id);
        AN_CHECK(an_dataset_set_class(*out, c, id, list ? list->names[c] : id));
    }
    return ALEXNET_OK;
}

/* @return -1 if the folder is not a class */
static int find_label(const alexnet_dataset *dataset, const char *folder)
{
    for (int c = 0; c < dataset->classes; c++)
        if (strcmp(dataset->class_ids[c], folder) == 0)
            return c;
    return -1;
}

alexnet_status an_dataset_add(alexnet_dataset *dataset, an_names *paths, int label)
{
    size_t count = (size_t)(dataset->count + paths->count);
    an_sample *grown = an_realloc(dataset->samples, count, sizeof *grown);
    if (!grown)
        return AN_FAIL_MEMORY(count * sizeof *grown, "a list of pictures");
    dataset->samples = grown;
    for (int64_t i = 0; i < paths->count; i++)
        grown[dataset->count++] = (an_sample){paths->name[i], label};
    paths->count = 0; /* the strings have moved */
    return ALEXNET_OK;
}

static alexnet_status add_class(alexnet_dataset *dataset, const char *folder)
{
    int label = find_label(dataset, folder);
    if (label < 0)
        return AN_FAIL(
            ALEXNET_ERROR_FORMAT,
            "the folder %s/%s is none of the model's %d classes, which begin with \"%s\"",
            dataset->root, folder, dataset->classes, dataset->classes ? dataset->class_ids[0] : "");
    alexnet_status rc;
    an_names pictures = {0};
    char *path = an_path_join(dataset->root, folder);
    if (!path)
        return AN_FAIL_MEMORY(strlen(folder), "a path");
    AN_TRY(an_tree_pictures(&pictures, dataset->root, path));
    if (pictures.count == 0)
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT,
                     "the class folder %s holds no JPEG or PNG pictures; add some or remove it",
                     path);
    else
        rc = an_dataset_add(dataset, &pictures, label);
cleanup:
    an_names_free(&pictures);
    an_free(path);
    return rc;
}

static alexnet_status fill(alexnet_dataset **out, const char *path, const char *names_file,
                           const an_class_list *classes)
{
    an_folder root;
    AN_CHECK(an_folder_read(&root, path));
    alexnet_status rc;
    AN_TRY(check_root(&root, path));
    AN_TRY(make_classes(out, path, &root, classes));
    if (names_file)
        AN_TRY(an_names_read((*out)->class_names, (*out)->class_ids, (*out)->classes, names_file,
                             &(*out)->names_matched));
    for (int64_t i = 0; i < root.folders.count; i++)
        AN_TRY(add_class(*out, root.folders.name[i]));
cleanup:
    an_folder_free(&root);
    return rc;
}

alexnet_status an_dataset_open(alexnet_dataset **out, const char *path, const char *names_file,
                               const an_class_list *classes)
{
    *out = NULL;
    if (an_is_file(path))
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is a file; a folder with one folder per class is expected", path);
    char *absolute = realpath(path, NULL);
    if (!absolute)
        return AN_FAIL(ALEXNET_ERROR_IO, "cannot open %s: %s", path, strerror(errno));
    alexnet_status rc = fill(out, absolute, names_file, classes);
    free(absolute); /* realpath's own */
    if (rc != ALEXNET_OK) {
        an_dataset_release(*out);
        *out = NULL;
    }
    return rc;
}

alexnet_status an_dataset_of_files(alexnet_dataset **out, const char *const *paths, int64_t count)
{
    AN_CHECK(an_dataset_new(out, "", 0));
    an_names copies = {0};
    alexnet_status rc = ALEXNET_OK;
    for (int64_t i = 0; i < count; i++)
        AN_TRY(an_names_add(&copies, an_strdup(paths[i])));
    AN_TRY(an_dataset_add(*out, &copies, -1));
cleanup:
    an_names_free(&copies);
    if (rc != ALEXNET_OK) {
        an_dataset_release(*out);
        *out = NULL;
    }
    return rc;
}
