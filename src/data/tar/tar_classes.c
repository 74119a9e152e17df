#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/text.h"
#include "data/picture/endings.h"
#include "data/source/class_root.h"
#include "data/source/divided.h"
#include "data/source/names.h"
#include "data/source/source.h"
#include "data/tar/tar_set.h"

int an_tar_set_class(const an_tar_set *set, int64_t archive, const an_tar_picture *picture)
{
    if (!set->class_of)
        return -1;
    if (!set->by_label)
        return set->class_of[archive][picture->folder];
    return picture->label < 0 ? AN_TAR_LOOSE : set->class_of[archive][picture->label];
}

/* The texts from which an archive's classes are made: its labels or its folders. */
static const an_strings *texts_of(const an_tar_set *set, int64_t archive)
{
    const an_tar_index *index = &set->indexes[archive];
    return set->by_label ? &index->labels : &index->folders;
}

static alexnet_status make_room(an_tar_set *set)
{
    set->class_of = an_calloc((size_t)set->count, sizeof *set->class_of);
    for (int64_t a = 0; set->class_of && a < set->count; a++) {
        const size_t count = (size_t)texts_of(set, a)->count + 1;
        set->class_of[a] = an_calloc(count, sizeof **set->class_of);
        if (!set->class_of[a])
            return AN_FAIL_MEMORY(count * sizeof **set->class_of, "the classes of an archive");
    }
    return set->class_of ? ALEXNET_OK : AN_FAIL_MEMORY(1, "the classes of archives");
}

/* The number of a class, which the set must have. */
static int32_t find_class(const an_tar_set *set, const char *name)
{
    char **found = bsearch(&name, set->classes.at, (size_t)set->classes.count,
                           sizeof *set->classes.at, an_strings_compare);
    return (int32_t)(found - set->classes.at);
}

/* ---- Labels ---- */

/* The label of picture i of an archive; NULL: it has none. Labels without a picture, as in the JSON
 * of a whole data set, do not count. */
static const char *label_of(const an_tar_index *index, int64_t i)
{
    const int64_t label = index->pictures[i].label;
    return label < 0 ? NULL : index->labels.at[label];
}

/* What the labels of the pictures are. */
typedef struct label_kinds {
    int64_t numbers, largest, names;
    const char *negative; /* one that is a number below 0; NULL: there is none */
} label_kinds;

static bool is_negative(const char *label)
{
    int64_t value;
    return label[0] == '-' && an_text_to_count(label + 1, &value);
}

static label_kinds kinds_of(const an_tar_set *set)
{
    label_kinds kinds = {.largest = -1};
    int64_t value;
    for (int64_t a = 0; a < set->count; a++)
        for (int64_t i = 0; i < set->indexes[a].count; i++) {
            const char *label = label_of(&set->indexes[a], i);
            if (!label)
                continue;
            if (!an_text_to_count(label, &value)) {
                kinds.names += !is_negative(label);
                kinds.negative = is_negative(label) ? label : kinds.negative;
                continue;
            }
            kinds.numbers++;
            kinds.largest = value > kinds.largest ? value : kinds.largest;
        }
    return kinds;
}

/* Classes 0 to the largest number: one that has no pictures keeps its place. */
static alexnet_status number_classes(an_tar_set *set, int64_t largest, const char *root)
{
    int64_t value;
    if (largest >= AN_NAMES_MAX)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "a label of %s is %lld; %d is the largest that is read", root,
                       (long long)largest, AN_NAMES_MAX - 1);
    set->numbered = true;
    for (int64_t c = 0; c <= largest; c++)
        AN_CHECK(an_strings_add(&set->classes, an_format("%lld", (long long)c)));
    for (int64_t a = 0; a < set->count; a++)
        for (int64_t i = 0; i < set->indexes[a].labels.count; i++)
            if (an_text_to_count(set->indexes[a].labels.at[i], &value))
                set->class_of[a][i] = (int32_t)value;
    return ALEXNET_OK;
}

/* Make classes from names, in byte order. */
static alexnet_status name_classes(an_tar_set *set)
{
    an_interned names = {0};
    alexnet_status rc = ALEXNET_OK;
    int64_t index;
    for (int64_t a = 0; a < set->count; a++)
        for (int64_t i = 0; i < set->indexes[a].count; i++)
            if (label_of(&set->indexes[a], i))
                AN_TRY(an_interned_add(&names, label_of(&set->indexes[a], i), &index));
    set->classes = names.list;
    names.list = (an_strings){0};
    an_strings_sort(&set->classes);
    for (int64_t a = 0; a < set->count; a++)
        for (int64_t i = 0; i < set->indexes[a].count; i++)
            if (label_of(&set->indexes[a], i))
                set->class_of[a][set->indexes[a].pictures[i].label] =
                    find_class(set, label_of(&set->indexes[a], i));
cleanup:
    an_interned_free(&names);
    return rc;
}

/* ---- Folders ---- */

/* The length of the folders that two paths begin with in common, each with its slash. */
static size_t common(const char *a, const char *b)
{
    size_t length = 0;
    for (size_t i = 0; *a && *b; i++) {
        const char left = a[i] ? a[i] : '/', right = b[i] ? b[i] : '/';
        if (left != right)
            break;
        if (left == '/')
            length = i + 1;
        if (!a[i] || !b[i])
            break;
    }
    return length;
}

/* Whether a folder is the one that all pictures are in, not one below it. */
static bool is_shared(const char *folder, size_t shared)
{
    return strlen(folder) + (*folder != '\0') == shared;
}

/* The length, with its slash, of the folder that all pictures are in; *deeper: whether there are
 * pictures in folders below it. */
static size_t shared_folder(const an_tar_set *set, const char **first, bool *deeper)
{
    size_t shared = 0;
    *first = NULL;
    *deeper = false;
    for (int64_t a = 0; a < set->count; a++)
        for (int64_t i = 0; i < set->indexes[a].folders.count; i++) {
            const char *folder = set->indexes[a].folders.at[i];
            const size_t same = *first ? common(*first, folder) : SIZE_MAX;
            if (!*first)
                shared = strlen(folder) + (*folder != '\0');
            *first = *first ? *first : folder;
            shared = same < shared ? same : shared;
        }
    for (int64_t a = 0; a < set->count; a++)
        for (int64_t i = 0; i < set->indexes[a].folders.count; i++)
            *deeper = *deeper || !is_shared(set->indexes[a].folders.at[i], shared);
    return shared;
}

/* The class of a folder below the shared one, into a new string. */
static char *class_name(const char *folder, size_t shared)
{
    return an_strndup(folder + shared, strcspn(folder + shared, "/"));
}

/* Give folders their classes, in two calls: the first collects the names of all classes, the
 * second, with `lookup`, sets the class of each folder. */
static alexnet_status number_folders(an_tar_set *set, an_interned *names, bool lookup)
{
    for (int64_t a = 0; a < set->count; a++)
        for (int64_t i = 0; i < set->indexes[a].folders.count; i++) {
            const char *folder = set->indexes[a].folders.at[i];
            int64_t index;
            set->class_of[a][i] = AN_TAR_LOOSE;
            if (is_shared(folder, set->shared))
                continue;
            char *name = class_name(folder, set->shared);
            if (!name)
                return AN_FAIL_MEMORY(1, "a class");
            alexnet_status rc = ALEXNET_OK;
            if (lookup)
                set->class_of[a][i] = find_class(set, name);
            else
                rc = an_interned_add(names, name, &index);
            an_free(name);
            AN_CHECK(rc);
        }
    return ALEXNET_OK;
}

size_t an_tar_set_shared(const an_tar_set *set)
{
    const char *first;
    bool deeper;
    return shared_folder(set, &first, &deeper);
}

static alexnet_status fail_no_classes(const char *root)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "the pictures of %s have no labels: beside KEY.jpg no KEY.cls, and no KEY.json "
                   "with cls, label or class in it; no folders in the archive; and beside the "
                   "archive, as for ImageNet's validation pictures, no " AN_IMAGENET_FILES,
                   root);
}

static alexnet_status folder_classes(an_tar_set *set, const char *root)
{
    const char *first;
    bool deeper;
    an_interned names = {0};
    set->shared = shared_folder(set, &first, &deeper);
    if (!deeper && set->shared == 0)
        return fail_no_classes(root);
    if (!deeper) { /* all in one folder, which is the only class */
        do
            set->shared--;
        while (set->shared > 0 && first[set->shared - 1] != '/');
    }
    alexnet_status rc;
    AN_TRY(number_folders(set, &names, false));
    set->classes = names.list;
    names.list = (an_strings){0};
    an_strings_sort(&set->classes);
    if (an_strings_have(&set->classes, "train") && an_strings_have(&set->classes, "val"))
        AN_TRY(an_divided_fail(root));
    if (an_are_parts(&set->classes))
        AN_TRY(AN_FAIL(
            ALEXNET_ERROR_INVALID_ARGUMENT,
            "%s holds the folders %s and %s, which are not classes; make an archive of each", root,
            set->classes.at[0], set->classes.at[1]));
    rc = number_folders(set, NULL, true);
cleanup:
    an_interned_free(&names);
    return rc;
}

/* ---- Both ---- */

static int64_t count_pictures(const an_tar_set *set)
{
    int64_t count = 0;
    for (int64_t a = 0; a < set->count; a++)
        count += set->indexes[a].count;
    return count;
}

static alexnet_status check_pictures(const an_tar_set *set, const char *root)
{
    an_endings left_out = {0};
    if (count_pictures(set) > 0)
        return ALEXNET_OK;
    for (int64_t a = 0; a < set->count; a++)
        an_endings_join(&left_out, &set->indexes[a].left_out);
    return an_fail_no_pictures("", root, &left_out);
}

static alexnet_status label_classes(an_tar_set *set, const label_kinds *kinds, const char *root)
{
    if (kinds->numbers && kinds->negative && !kinds->names)
        return AN_FAIL(
            ALEXNET_ERROR_FORMAT,
            "the labels of %s are numbers, but one is %s: classes are numbered from 0, and "
            "a picture without a class has no label",
            root, kinds->negative);
    return kinds->names || kinds->negative ? name_classes(set)
                                           : number_classes(set, kinds->largest, root);
}

alexnet_status an_tar_set_classify(an_tar_set *set, const char *root)
{
    AN_CHECK(check_pictures(set, root));
    const label_kinds kinds = kinds_of(set);
    set->by_label = kinds.numbers || kinds.names || kinds.negative;
    AN_CHECK(make_room(set));
    return set->by_label ? label_classes(set, &kinds, root) : folder_classes(set, root);
}
