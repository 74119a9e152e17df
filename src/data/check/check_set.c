#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/sort.h"
#include "base/status.h"
#include "base/text.h"
#include "base/utf8.h"
#include "data/check/check.h"
#include "data/picture/endings.h"

static const an_found of_no_picture = {.picture = AN_NO_PICTURE,
                                       .other = AN_NO_PICTURE,
                                       .group = AN_NO_PICTURE,
                                       .class = -1,
                                       .count = 1,
                                       .part = AN_CHECK_PARTS};

/* ---- Classes ---- */

alexnet_status an_check_number_classes(alexnet_check *check)
{
    an_interned ids = {0};
    alexnet_status rc = ALEXNET_OK;
    for (int p = 0; p < check->part_count; p++) {
        an_check_part *part = &check->parts[p];
        part->classes = an_calloc((size_t)part->data->classes + 1, sizeof *part->classes);
        if (!part->classes) {
            rc = AN_FAIL_MEMORY((size_t)part->data->classes * sizeof *part->classes, "classes");
            goto cleanup;
        }
        for (int c = 0; c < part->data->classes; c++) {
            int64_t number;
            AN_TRY(an_interned_add(&ids, part->data->class_ids[c], &number));
            part->classes[c] = (int)number;
        }
    }
cleanup:
    an_interned_free(&ids);
    return rc;
}

enum { NOTED = -1 }; /* the count of a class that the source has already noted as empty */

/* Count the pictures of each class of a part, or of both if they come from one source. Owned. */
static alexnet_status count_classes(int64_t **out, const alexnet_check *check, int part)
{
    const int classes = check->parts[part].data->classes;
    const an_data_source *source = check->parts[part].data->source;
    *out = an_calloc((size_t)classes + 1, sizeof **out);
    if (!*out)
        return AN_FAIL_MEMORY((size_t)classes * sizeof **out, "classes");
    for (int p = 0; p < check->part_count; p++)
        for (int64_t i = 0; (p == part || check->split) && i < check->parts[p].data->count; i++) {
            const int label = check->parts[p].data->samples[i].label;
            if (label >= 0)
                (*out)[label]++;
        }
    for (int64_t i = 0; i < source->oddity_count; i++) {
        const an_oddity *odd = &source->oddities[i];
        const bool empty = odd->problem == ALEXNET_PROBLEM_EMPTY_CLASS;
        if (empty && odd->class >= 0 && odd->class < classes && (*out)[odd->class] == 0)
            (*out)[odd->class] = NOTED;
    }
    return ALEXNET_OK;
}

/* Add a finding about a class of a part. */
static alexnet_status add_class(alexnet_check *check, alexnet_problem problem, int part, int class,
                                const char *detail)
{
    an_found found = of_no_picture;
    found.problem = problem;
    found.part = (uint8_t)(check->split ? AN_CHECK_PARTS : part);
    found.class = class;
    return an_check_add(check, found, check->parts[part].data->root, detail);
}

static alexnet_status find_sizes(alexnet_check *check, int part)
{
    enum { RATIO = 10 };
    const alexnet_dataset *data = check->parts[part].data;
    int64_t *counts;
    int largest = 0;
    alexnet_status rc;
    AN_CHECK(count_classes(&counts, check, part));
    for (int c = 1; c < data->classes; c++)
        largest = counts[c] > counts[largest] ? c : largest;
    for (int c = 0; c < data->classes; c++) {
        char detail[256];
        if (counts[c] == 0)
            AN_TRY(add_class(check, ALEXNET_PROBLEM_EMPTY_CLASS, part, c, NULL));
        if (counts[c] <= 0 || counts[c] * RATIO >= counts[largest])
            continue;
        snprintf(detail, sizeof detail, "%lld %s; the largest class, %.120s, has %lld",
                 (long long)counts[c], an_text_plural(counts[c], "picture", "pictures"),
                 data->class_names[largest], (long long)counts[largest]);
        AN_TRY(add_class(check, ALEXNET_PROBLEM_SMALL_CLASS, part, c, detail));
    }
    rc = ALEXNET_OK;
cleanup:
    an_free(counts);
    return rc;
}

static int compare_folded(const void *a, const void *b)
{
    return an_utf8_compare_folded(*(char *const *)a, *(char *const *)b);
}

/* The classes of a part, in an order in which those that differ only in case are neighbours.
 * @param out  owned; its names are not */
static alexnet_status sort_classes(char ***out, const alexnet_check *check,
                                   const alexnet_dataset *data)
{
    const size_t count = (size_t)data->classes;
    an_work work = {.ctx = check->ctx};
    *out = an_malloc((count + 1) * sizeof **out);
    if (!*out)
        return AN_FAIL_MEMORY(count * sizeof **out, "classes");
    for (size_t c = 0; c < count; c++)
        (*out)[c] = data->class_ids[c];
    return an_sort(*out, count, sizeof **out, compare_folded, &work);
}

/* A class that the other part lacks, perhaps because there it differs only in case.
 * @param sorted  the other part's classes, by sort_classes() */
static alexnet_status add_stranger(alexnet_check *check, int part, int class,
                                   const an_check_part *other, char *const *sorted)
{
    char name[160], detail[256] = "";
    char *const *like = bsearch(&check->parts[part].data->class_ids[class], sorted,
                                (size_t)other->data->classes, sizeof *sorted, compare_folded);
    if (like)
        snprintf(detail, sizeof detail, "%s has %s", other->name,
                 an_text_spell(name, sizeof name, *like));
    return add_class(check, ALEXNET_PROBLEM_CLASS_IN_ONE, part, class, like ? detail : NULL);
}

/* Classes of one part that the other lacks. */
static alexnet_status find_strangers(alexnet_check *check, int part)
{
    const an_check_part *mine = &check->parts[part], *other = &check->parts[1 - part];
    alexnet_status rc;
    const int most = mine->data->classes + other->data->classes;
    char **sorted = NULL;
    bool *theirs = an_calloc((size_t)most + 1, sizeof *theirs);
    if (!theirs)
        return AN_FAIL_MEMORY((size_t)most, "classes");
    AN_TRY(sort_classes(&sorted, check, other->data));
    for (int c = 0; c < other->data->classes; c++)
        theirs[other->classes[c]] = true;
    for (int c = 0; c < mine->data->classes; c++)
        if (!theirs[mine->classes[c]])
            AN_TRY(add_stranger(check, part, c, other, sorted));
cleanup:
    an_free(sorted);
    an_free(theirs);
    return rc;
}

/* ---- Names that differ only in capitals, or in how accents are encoded ---- */

typedef struct named {
    const char *name;
    uint64_t hash; /* of the name folded, of the folder as it is */
    uint32_t number;
} named;

static uint64_t hash_name(const char *path)
{
    const size_t folder = an_path_folder(path);
    uint64_t hash = folder ? an_hash_bytes(path, folder) : AN_HASH_START;
    uint32_t c;
    for (const char *at = path + folder; (c = an_utf8_fold(&at));)
        hash = an_hash_number(hash, (int64_t)c);
    return hash;
}

static bool same_but_case(const char *a, const char *b)
{
    const size_t folder = an_path_folder(a);
    return folder == an_path_folder(b) && strncmp(a, b, folder) == 0 && strcmp(a, b) != 0 &&
           an_utf8_compare_folded(a + folder, b + folder) == 0;
}

static int compare_named(const void *a, const void *b)
{
    const named *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Called for each name that differs from another only so, with one such other. */
typedef alexnet_status (*add_fn)(alexnet_check *check, const named *it, const named *other);

static alexnet_status find_cases(alexnet_check *check, named *list, int64_t count, add_fn add)
{
    an_work work = {.ctx = check->ctx};
    AN_CHECK(an_sort(list, (size_t)count, sizeof *list, compare_named, &work));
    for (int64_t i = 0; i < count; i++) {
        const bool before = i > 0 && list[i - 1].hash == list[i].hash &&
                            same_but_case(list[i - 1].name, list[i].name);
        const bool after = i + 1 < count && list[i + 1].hash == list[i].hash &&
                           same_but_case(list[i].name, list[i + 1].name);
        if (before || after)
            AN_CHECK(add(check, &list[i], &list[before ? i - 1 : i + 1]));
    }
    return ALEXNET_OK;
}

static alexnet_status add_file(alexnet_check *check, const named *it, const named *other)
{
    an_found found = of_no_picture;
    found.problem = ALEXNET_PROBLEM_CASE;
    found.picture = it->number;
    found.other = other->number;
    found.group = it->number < other->number ? it->number : other->number;
    return an_check_add(check, found, NULL, NULL);
}

static alexnet_status add_class_name(alexnet_check *check, const named *it, const named *other)
{
    char detail[256], name[160];
    snprintf(detail, sizeof detail, "beside the class %s",
             an_text_spell(name, sizeof name, other->name));
    return add_class(check, ALEXNET_PROBLEM_CASE, 0, (int)it->number, detail);
}

static alexnet_status find_all_cases(alexnet_check *check)
{
    const alexnet_dataset *data = check->parts[0].data;
    const int64_t pictures = check->total;
    const int64_t room = pictures > data->classes ? pictures : data->classes;
    named *list = an_calloc((size_t)room + 1, sizeof *list);
    if (!list)
        return AN_FAIL_MEMORY((size_t)room * sizeof *list, "names");
    for (int c = 0; c < data->classes; c++)
        list[c] = (named){data->class_ids[c], hash_name(data->class_ids[c]), (uint32_t)c};
    alexnet_status rc = find_cases(check, list, data->classes, add_class_name);
    for (uint32_t i = 0; i < check->total; i++) {
        const char *name = an_check_sample(check, i)->name;
        list[i] = (named){name, hash_name(name), i};
    }
    if (rc == ALEXNET_OK)
        rc = find_cases(check, list, check->total, add_file);
    an_free(list);
    return rc;
}

/* ---- The source ---- */

/* Add a finding about a source, or what was searched for its pictures. @param path  which */
static alexnet_status add_count(alexnet_check *check, alexnet_problem problem, int part,
                                const char *path, int64_t count, const char *detail)
{
    an_found found = of_no_picture;
    const bool both = check->split || strcmp(path, check->parts[part].data->root) != 0;
    found.problem = problem;
    found.part = (uint8_t)(both ? AN_CHECK_PARTS : part);
    found.count = count;
    return an_check_add(check, found, path, detail);
}

/* Whether what was searched for a part was searched for the one before it, too. */
static bool is_searched_again(const alexnet_check *check, int part)
{
    return part > 0 && strcmp(an_data_source_searched(check->parts[0].data->source),
                              an_data_source_searched(check->parts[part].data->source)) == 0;
}

/* Add a finding for each ending of files that were left out. */
static alexnet_status find_left_out(alexnet_check *check, int part)
{
    const an_data_source *source = check->parts[part].data->source;
    const an_endings all = an_endings_sorted(&source->left_out);
    for (int i = 0; i < all.rows; i++) {
        char count[64], remedy[256], detail[384];
        an_endings one = {.rows = 1, .row = {all.row[i]}, .total = all.row[i].count};
        const char *help = an_endings_remedy(remedy, sizeof remedy, &one);
        an_endings_text(count, sizeof count, &one);
        snprintf(detail, sizeof detail, "%s%s%s", count, help ? "; " : "", help ? help : "");
        AN_CHECK(add_count(check, ALEXNET_PROBLEM_LEFT_OUT, part, an_data_source_searched(source),
                           one.total, detail));
    }
    return ALEXNET_OK;
}

static alexnet_status find_in_source(alexnet_check *check, int part)
{
    const an_data_source *source = check->parts[part].data->source;
    char detail[64];
    for (int64_t i = 0; i < source->oddity_count; i++) {
        const an_oddity *odd = &source->oddities[i];
        an_found found = of_no_picture;
        found.problem = odd->problem;
        found.part = (uint8_t)(check->split ? AN_CHECK_PARTS : part);
        found.class = odd->class;
        found.count = odd->count;
        AN_CHECK(an_check_add(check, found, odd->path, odd->text));
    }
    snprintf(detail, sizeof detail, "%lld %s", (long long)source->loose,
             an_text_plural(source->loose, "picture", "pictures"));
    if (source->loose > 0)
        AN_CHECK(
            add_count(check, ALEXNET_PROBLEM_LOOSE, part, source->root, source->loose, detail));
    if (is_searched_again(check, part))
        return ALEXNET_OK;
    AN_CHECK(find_left_out(check, part));
    return source->doubt ? add_count(check, ALEXNET_PROBLEM_DOUBT, part,
                                     an_data_source_searched(source), 1, source->doubt)
                         : ALEXNET_OK;
}

alexnet_status an_check_set(alexnet_check *check)
{
    const int sources = check->split ? 1 : check->part_count;
    if (check->parts[0].data->classes < 2) {
        char detail[64];
        snprintf(detail, sizeof detail, "there is %s",
                 check->parts[0].data->classes ? "one" : "none");
        AN_CHECK(add_count(check, ALEXNET_PROBLEM_FEW_CLASSES, 0, check->parts[0].data->root, 1,
                           detail));
    }
    for (int p = 0; p < sources; p++) {
        AN_CHECK(find_sizes(check, p));
        AN_CHECK(find_in_source(check, p));
        if (sources == 2)
            AN_CHECK(find_strangers(check, p));
    }
    return find_all_cases(check);
}
